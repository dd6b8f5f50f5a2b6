"""The report: its page, tables and pictures."""
