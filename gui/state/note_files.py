"""A note as a WAV file: saved where a person wants it, or for a moment, to be dragged elsewhere. Qt-free."""

import io
from pathlib import Path

import numpy as np
import soundfile

from aae.live.offline_renderer import NotePreview
from aae.rendering.file_names import note_file_names
from aae.synthesis.synthesizer import Synthesizer
from mcnn.atomic import atomic_path
from mcnn.compiled import Floats
from mcnn.errors import InputError

from .latent_path import LatentPath
from .performer import Performer

PATH_NOTE_S = 0.22
"""Between two notes of a path."""


def suggested_name(portrait: NotePreview) -> str:
    """A file name that says what is in it."""
    if portrait.request is None:
        return "recording.wav"
    mix = {name: dict(weights) for name, weights in portrait.request.mix.items()}
    (name,) = note_file_names(list(mix), [mix], [mix], [portrait.request.midi_pitch], 1)
    return name


def write_wav(path: Path, waveform: Floats, sample_rate: int) -> None:
    """Writes 24-bit WAV, whole or not at all.

    Raises:
        InputError: If it cannot be written there.
    """
    encoded = io.BytesIO()
    soundfile.write(encoded, waveform, sample_rate, subtype="PCM_24", format="WAV")
    try:
        with atomic_path(path) as partial:
            partial.write_bytes(encoded.getbuffer())
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror})") from None


def path_waveform(synthesizer: Synthesizer, performer: Performer, path: LatentPath) -> Floats:
    """All notes along a path in one waveform, each at its time, as playing it sounds."""
    sample_rate = synthesizer.info.spectrogram.sample_rate
    times = path.notes(PATH_NOTE_S)
    made = [(time_s, synthesizer.render([performer.path_request(path, time_s)])[0]) for time_s, _ in times]
    total = max(round(time_s * sample_rate) + len(waveform) for time_s, waveform in made)
    mixed: Floats = np.zeros(total, np.float32)
    for i, (time_s, waveform) in enumerate(made):
        start = round(time_s * sample_rate)
        # A note is let go when the next one begins, as under a finger.
        if i + 1 < len(made):
            hold, fade = round((made[i + 1][0] - time_s) * sample_rate), round(0.25 * sample_rate)
            ramp = (1.0 - (np.arange(len(waveform)) - hold) / fade).clip(0.0, 1.0)
            waveform = waveform * ramp.astype(np.float32)
        mixed[start : start + len(waveform)] += waveform
    return mixed * np.float32(min(1.0, 0.97 / max(1e-6, float(np.abs(mixed).max()))))
