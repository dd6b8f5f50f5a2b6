"""The conditioned auto-encoder: encoder, decoders, conditioning, and the model file."""
