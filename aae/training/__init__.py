"""Training of the auto-encoder: recipe, data, losses, loop, validation, run folder."""
