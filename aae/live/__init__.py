"""The real-time engine: voices, decoding thread, ring buffer, device, a process of its own; knows no Qt.

Scripts hold a `live_engine.LiveEngine`; the desktop a `remote_engine.RemoteEngine`, which has an
`engine.Engine` in a process of its own. An engine has these threads, and each thing belongs to one of them:

- Callers press keys: `Engine.note_on` and the like only post what is to be done.
- The producer thread (`audio_producer`) does it. Voices, their sources and the inverter are its alone; it
  writes the ring buffer.
- The decoding thread (`decoding_thread`) decodes frames for the producer, and changes nothing itself.
- The device's thread (`audio_output`) reads the ring buffer; it never waits.
- The renderer's thread (`offline_renderer`) renders whole notes.
"""
