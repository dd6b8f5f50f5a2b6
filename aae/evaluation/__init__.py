"""Evaluation of a model on notes it was not trained on, as one page and one JSON."""
