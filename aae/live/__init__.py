"""The real-time engine: voices, decoding thread, ring buffer, device, a process of its own; knows no Qt."""
