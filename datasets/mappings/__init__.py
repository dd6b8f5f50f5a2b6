"""Mappings of samplers: which sample sounds which key, how loud, and in which turn."""
