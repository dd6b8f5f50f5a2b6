"""The encoder as an effect: recorded sounds re-made by a model, note by note, as they were played."""
