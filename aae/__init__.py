"""The conditioned adversarial auto-encoder: notes, model, training, and the one door to sound."""
