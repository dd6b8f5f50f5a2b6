"""The latent space in three dimensions, and the pad."""
