"""Dialogs: render, train, help."""
