"""Notes and paths as WAV files, saved or dragged out of the window. Qt-free."""

import io
from pathlib import Path

import numpy as np
import soundfile

from aae.live.offline_renderer import NotePreview
from aae.rendering.file_names import note_file_names
from aae.synthesis.finishing import limit_peak, release
from aae.synthesis.synthesizer import Synthesizer
from mcnn.atomic import atomic_path
from mcnn.compiled import Floats
from mcnn.errors import InputError

from .latent_path import NOTE_INTERVAL_S, LatentPath
from .performer import Performer


def suggested_name(preview: NotePreview) -> str:
    """A file name of the note's pitch and labels, such as `C4_violin.wav`."""
    if preview.request is None:
        return "recording.wav"
    mix = {name: dict(weights) for name, weights in preview.request.mix.items()}
    (name,) = note_file_names(list(mix), [mix], [mix], [preview.request.midi_pitch], 1)
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
    times = path.notes(NOTE_INTERVAL_S)
    notes = [(time_s, synthesizer.render([performer.path_request(path, time_s)])[0]) for time_s, _ in times]
    total = max(round(time_s * sample_rate) + len(waveform) for time_s, waveform in notes)
    mixed: Floats = np.zeros(total, np.float32)
    for i, (time_s, waveform) in enumerate(notes):
        start = round(time_s * sample_rate)
        # A note is let go when the next one begins, as under a finger.
        if i + 1 < len(notes):
            waveform = release(waveform, sample_rate, notes[i + 1][0] - time_s)
        mixed[start : start + len(waveform)] += waveform
    return limit_peak(mixed)
