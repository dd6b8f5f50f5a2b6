"""Models that judge notes: the recogniser, public embeddings, and what they conclude."""
