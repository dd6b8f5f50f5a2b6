"""A NoteBank of three synthesised instruments, two techniques and two dynamics, to be recognised again."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from aae.notes.bank import NoteData, Split
from aae.notes.bank_writer import NoteBankWriter
from aae.notes.pitch_names import pitch_frequency_hz
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.synth import TIMBRES, tone

CONFIG = SpectrogramConfig(sample_rate=16_000, n_fft=1024, hop_length=256, n_mels=64, max_frames=48)
TECHNIQUES = {
    "clarinet": ("normal", "tremolo"),
    "flute": ("normal", "tremolo"),
    "violin": ("arco-normal", "tremolo"),
}
PITCHES = range(55, 75)
Labels = dict[str, str]


def play(labels: Labels, midi_pitch: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """A note of 0.4 to 0.7 s; tremolo trembles at 10 Hz, forte has a brighter spectrum."""
    random = np.random.default_rng([seed, midi_pitch])
    timbre = np.array(TIMBRES[labels["instrument"]])
    if labels["dynamics"] == "piano":
        timbre = timbre * 0.5 ** np.arange(len(timbre))
    waveform = tone(
        pitch_frequency_hz(midi_pitch),
        random.uniform(0.4, 0.7),
        amplitudes=timbre.tolist(),
        seed=seed,
        sample_rate=CONFIG.sample_rate,
    )
    if labels["technique"] == "tremolo":
        times_s = np.arange(len(waveform)) / CONFIG.sample_rate
        waveform *= (0.6 + 0.4 * np.cos(2.0 * np.pi * 10.0 * times_s)).astype(np.float32)
    level_db = loudest_rms_db(waveform, CONFIG.sample_rate)
    return waveform * np.float32(10.0 ** ((REFERENCE_LEVEL_DB - level_db) / 20.0))


def write_orchestra_bank(path: Path, relabel: Callable[[int, Labels], Labels] | None = None) -> Path:
    """Writes 240 notes; a tenth of the pitches is for validation, a fifth for test.

    Args:
        path: The bank.
        relabel: Changes the labels of a note, given its number and its true labels.
    """
    spectrogram = Spectrogram(CONFIG)
    attributes = {
        "instrument": sorted(TECHNIQUES),
        "technique": sorted({name for names in TECHNIQUES.values() for name in names}),
        "dynamics": ["forte", "piano"],
    }
    notes = [
        ({"instrument": instrument, "technique": technique, "dynamics": dynamics}, midi_pitch)
        for instrument, techniques in TECHNIQUES.items()
        for technique in techniques
        for dynamics in attributes["dynamics"]
        for midi_pitch in PITCHES
    ]
    with NoteBankWriter(path, CONFIG, attributes) as writer:
        for number, (labels, midi_pitch) in enumerate(notes):
            waveform = play(labels, midi_pitch, seed=number)
            with torch.inference_mode():
                log_mel = spectrogram(torch.from_numpy(waveform)[None])[0].numpy()
            writer.add(
                NoteData(
                    id=f"{number}.wav",
                    midi_pitch=midi_pitch,
                    labels=labels if relabel is None else relabel(number, labels),
                    split=_split(midi_pitch),
                    level_db=REFERENCE_LEVEL_DB,
                    tuning_cents=0.0,
                    waveform=waveform,
                    log_mel=log_mel.astype(np.float16),
                    f0_cents=np.zeros(log_mel.shape[1], np.float16),
                )
            )
        writer.finish({"source": "synthesised"})
    return path


def _split(midi_pitch: int) -> Split:
    step = midi_pitch % 10
    return Split.VALIDATION if step == 8 else Split.TEST if step in (3, 6) else Split.TRAIN
