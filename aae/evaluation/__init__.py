"""The yardstick: what a model is worth, measured on notes it was not trained on, as one page and one JSON."""
