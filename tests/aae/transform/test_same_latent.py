"""One file is one point of the latent space to a build of a NoteBank, to a transform and to the desktop."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import torch

from aae.analysis.recording_file import read_blocks
from aae.analysis.trimming import prepare
from aae.notes.pitch_names import pitch_frequency_hz
from aae.transform.audio_file import examine
from aae.transform.note_analysis import NoteAnalyser
from aae.transform.segments import listen
from datasets.libraries.folder import Folder
from gui.state.recordings import read_recording
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.synth import SAMPLE_RATE, silence, tone
from tests.support.transform_sounds import effect_synthesizer

Floats = npt.NDArray[np.float32]
Encoded = tuple[tuple[float, ...], tuple[float, ...]]

NOTES = ((40, 2.6), (60, 0.9), (81, 0.4))
"""MIDI pitch and length in seconds; the first is longer than the model takes."""


def hiss(n_samples: int, level_db: float, seed: int) -> Floats:
    noise = np.random.default_rng(seed).standard_normal(n_samples)
    return np.asarray(10.0 ** (level_db / 20.0) * noise, np.float32)


def with_other_channel(note: Floats) -> Floats:
    other = 0.4 * np.roll(note, 30) + hiss(len(note), -70.0, 1)
    return np.stack([note, other], 1)


RECORDED: dict[str, Callable[[Floats], Floats]] = {
    "clean": lambda note: note,
    "noise at -55 dB": lambda note: note + hiss(len(note), -55.0, 0),
    "an offset of 0.01": lambda note: note + np.float32(0.01),
    "different channels": with_other_channel,
    "opposite channels": lambda note: np.stack([note, -note], 1),
    "opposite channels with an offset": lambda note: np.stack([note, -note], 1) + np.float32(0.01),
}


def by_build(path: Path) -> Encoded:
    """The point of the note that a build puts into its NoteBank."""
    synthesizer = effect_synthesizer()
    config = synthesizer.info.spectrogram
    sound, _digest = Folder().read(path.parent, path.name, config.sample_rate)
    prepared = prepare(sound.waveform, config.sample_rate, config.max_samples)
    assert prepared is not None
    with torch.inference_mode():
        log_mel = Spectrogram(config)(torch.from_numpy(prepared.waveform)[None])
        encoding = synthesizer.model.encoder.encode(log_mel, torch.ones(1, log_mel.shape[2]))
    take = () if encoding.take is None else tuple(encoding.take[0].tolist())
    return tuple(encoding.latent[0].tolist()), take


def by_transform(path: Path) -> Encoded:
    """The point that a transform starts from."""
    analyser, facts = NoteAnalyser(effect_synthesizer()), examine(path)
    blocks = read_blocks(path, facts, analyser.config.sample_rate, with_side=True)
    (note,) = (note for segment in listen(blocks, analyser, 0.0, "note") for note in segment.notes)
    return note.latent, note.take


def by_desktop(path: Path) -> Encoded:
    """The point of a recording that was dropped on the window."""
    recording = read_recording(path, NoteAnalyser(effect_synthesizer()))
    return recording.latent, recording.take


@pytest.mark.parametrize("recorded", RECORDED)
@pytest.mark.parametrize("rate", [SAMPLE_RATE, 48_000])
def test_one_file_has_one_latent_and_one_take(recorded: str, rate: int, tmp_path: Path) -> None:
    latents = []
    for midi_pitch, duration_s in NOTES:
        note = tone(pitch_frequency_hz(midi_pitch), duration_s, sample_rate=rate, seed=midi_pitch)
        note = np.concatenate([silence(0.3, rate), note, silence(0.3, rate)])
        path = tmp_path / f"{midi_pitch}.wav"
        soundfile.write(path, RECORDED[recorded](note), rate, subtype="PCM_24")
        latent, take = by_build(path)
        assert len(latent) == effect_synthesizer().info.latent_size
        for other_latent, other_take in (by_transform(path), by_desktop(path)):
            np.testing.assert_allclose(other_latent, latent, atol=1e-5)
            np.testing.assert_allclose(other_take, take, atol=1e-5)
        latents.append(latent)
    assert np.linalg.norm(np.ptp(latents, axis=0)) > 0.1
