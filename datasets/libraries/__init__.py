"""One library of recordings, one file: the contract, the registry and the adapters."""
