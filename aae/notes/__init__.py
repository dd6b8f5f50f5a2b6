"""The NoteBank, the file that training reads: schema, reader, writer, names of pitches."""
