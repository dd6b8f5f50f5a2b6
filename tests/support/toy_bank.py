"""A NoteBank small enough to train on in a second: decaying harmonic tones through a small front end."""

from pathlib import Path

import numpy as np
import torch

from aae.notes.bank import NoteData, Split
from aae.notes.bank_writer import NoteBankWriter
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

CONFIG = SpectrogramConfig(sample_rate=16_000, n_fft=1024, hop_length=256, n_mels=64, max_frames=48)
INSTRUMENTS = ("bright", "dark")
DYNAMICS = ("forte", "piano")


def write_toy_bank(path: Path, n_notes: int = 60) -> Path:
    """Notes from MIDI 57 to 76, two instruments, two dynamics; a tenth for validation, a tenth for test."""
    spectrogram = Spectrogram(CONFIG)
    rng = np.random.default_rng(0)
    attributes = {"instrument": INSTRUMENTS, "dynamics": DYNAMICS}
    with NoteBankWriter(path, CONFIG, attributes) as writer:
        for i in range(n_notes):
            n_samples = int(rng.uniform(0.3, 0.7) * CONFIG.sample_rate)
            midi_pitch = 57 + i % 20
            instrument = INSTRUMENTS[i % 2]
            t = np.arange(n_samples) / CONFIG.sample_rate
            f0_hz = 440 * 2 ** ((midi_pitch - 69) / 12)
            roll_off = 1 if instrument == "bright" else 3
            waveform = sum(np.sin(2 * np.pi * k * f0_hz * t) / k**roll_off for k in range(1, 9))
            waveform = (0.1 * waveform * np.exp(-3 * t) + 1e-4 * rng.standard_normal(n_samples)).astype(
                np.float32
            )
            log_mel = spectrogram(torch.from_numpy(waveform)[None])[0].numpy()
            split = Split.VALIDATION if i % 10 == 8 else Split.TEST if i % 10 == 9 else Split.TRAIN
            writer.add(
                NoteData(
                    id=f"{instrument}/{i}.wav",
                    midi_pitch=midi_pitch,
                    labels={"instrument": instrument, "dynamics": DYNAMICS[i // 2 % 2]},
                    split=split,
                    level_db=-20.0,
                    tuning_cents=0.0,
                    waveform=waveform,
                    log_mel=log_mel.astype(np.float16),
                    f0_cents=np.zeros(log_mel.shape[1], np.float16),
                )
            )
        writer.finish({"source": "toy"})
    return path
