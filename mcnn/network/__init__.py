"""The trained inverters, as pure torch modules."""
