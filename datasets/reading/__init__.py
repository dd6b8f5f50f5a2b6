"""Reading recordings: files, audio, clipping, and the words that libraries use."""
