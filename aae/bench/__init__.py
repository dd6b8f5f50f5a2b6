"""Speed, latency and quality of the inversion, measured and compared."""
