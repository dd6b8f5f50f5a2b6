"""The picture of the last note."""

import numpy as np
import pytest

pytest.importorskip("PyQt6.QtWidgets", reason="Qt's libraries are not installed", exc_type=ImportError)

from aae.synthesis.request import NoteRequest
from gui import theme
from gui.widgets.note_preview_view import note_caption, outline, spectrogram_image


def test_a_caption_names_pitch_and_strongest_labels() -> None:
    mix = {"instrument": {"violin": 0.4, "cello": 0.6}, "technique": {"arco": 1.0}, "room": {}}
    assert note_caption(NoteRequest(61, mix, (0.0,))) == "C#4  cello, arco"
    assert note_caption(NoteRequest(None, mix, (0.0,))) == "unpitched  cello, arco"
    assert note_caption(None) == "recording"


def test_an_outline_has_the_extremes_of_each_column() -> None:
    waveform = np.array([0.0, 0.5, -0.5, 0.25, 1.0, 0.75], np.float32)
    assert outline(waveform, 3).tolist() == [[0.0, 0.5], [-0.5, 0.25], [0.75, 1.0]]


def test_low_bands_are_below_and_the_loudest_place_is_brightest() -> None:
    log_mel = np.full((4, 3), -5.0, np.float32)
    log_mel[0, 1] = -1.0
    image = spectrogram_image(log_mel, theme.DARK)
    assert (image.width(), image.height()) == (3, 4)
    assert image.pixelColor(1, 3) == theme.DARK.color("text")
    assert image.pixelColor(1, 0) == theme.DARK.color("space")
