"""What samplers load: a neutral description of an instrument, and a writer for each format."""
