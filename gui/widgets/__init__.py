"""Widgets: mix, piano, header, meters, sliders."""
