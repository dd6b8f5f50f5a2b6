"""Notes whose answer is known, and small libraries made of them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from aae.notes.pitch_names import parse_pitch, pitch_frequency_hz

SAMPLE_RATE = 44_100


def tone(
    f0_hz: float,
    duration_s: float = 1.0,
    *,
    cents: npt.NDArray[np.float64] | float = 0.0,
    amplitudes: Sequence[float] = (1.0, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05),
    attack_s: float = 0.02,
    release_s: float = 0.05,
    peak: float = 0.3,
    noise: float = 1e-4,
    seed: int = 0,
    sample_rate: int = SAMPLE_RATE,
) -> npt.NDArray[np.float32]:
    """A harmonic tone.

    Args:
        f0_hz: Its nominal frequency.
        duration_s: Its length.
        cents: Deviation from the nominal frequency, constant or `(samples,)`.
        amplitudes: Of the harmonics, from the fundamental; those above half the sample rate are left out.
        attack_s: Raised-cosine rise.
        release_s: Raised-cosine fall.
        peak: Largest absolute sample without the noise.
        noise: Standard deviation of added white noise.
        seed: Of the noise and the phases.
        sample_rate: Samples per second.
    """
    random = np.random.default_rng(seed)
    n_samples = round(duration_s * sample_rate)
    f0 = f0_hz * 2.0 ** (np.broadcast_to(cents, n_samples) / 1200.0)
    phase = 2.0 * np.pi * np.cumsum(f0) / sample_rate
    waveform = np.zeros(n_samples)
    for index, amplitude in enumerate(amplitudes):
        if (index + 1) * f0_hz < 0.45 * sample_rate:
            waveform += amplitude * np.sin((index + 1) * phase + random.uniform(0.0, 2.0 * np.pi))
    waveform *= peak / np.abs(waveform).max()
    waveform *= _ramp(n_samples, attack_s, sample_rate) * _ramp(n_samples, release_s, sample_rate)[::-1]
    return (waveform + noise * random.standard_normal(n_samples)).astype(np.float32)


def vibrato(duration_s: float, rate_hz: float = 6.0, depth_cents: float = 50.0) -> npt.NDArray[np.float64]:
    """Deviation `(samples,)` of a vibrato that swings by `depth_cents` to both sides."""
    return depth_cents * np.sin(2.0 * np.pi * rate_hz * _times_s(duration_s))


def trill(duration_s: float, rate_hz: float = 8.0, step_cents: float = 200.0) -> npt.NDArray[np.float64]:
    """Deviation `(samples,)` of a trill between the note and the one `step_cents` above."""
    return np.where((_times_s(duration_s) * rate_hz) % 1.0 < 0.5, 0.0, step_cents)


def glissando(duration_s: float, from_cents: float, to_cents: float) -> npt.NDArray[np.float64]:
    """Deviation `(samples,)` that slides evenly."""
    return np.linspace(from_cents, to_cents, len(_times_s(duration_s)))


def silence(duration_s: float, sample_rate: int = SAMPLE_RATE) -> npt.NDArray[np.float32]:
    """Digital silence."""
    return np.zeros(round(duration_s * sample_rate), np.float32)


def recording(
    note: npt.NDArray[np.float32], before_s: float = 0.05, after_s: float = 0.1
) -> npt.NDArray[np.float32]:
    """A note with silence around it, as libraries have it."""
    return np.concatenate([silence(before_s), note, silence(after_s)])


TIMBRES: dict[str, tuple[float, ...]] = {
    "flute": (1.0, 0.3, 0.1),
    "clarinet": (1.0, 0.02, 0.6, 0.02, 0.4, 0.02, 0.25),
    "violin": (1.0, 0.8, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.1),
}
"""Instruments of the fake library: amplitudes of their harmonics."""


def write_philharmonia(
    folder: Path,
    instruments: Sequence[str] = ("clarinet", "flute", "violin"),
    notes: Sequence[str] = ("C4", "Ds4", "Fs4", "A4", "C5", "Ds5"),
    dynamics: Sequence[str] = ("piano", "forte"),
    techniques: Sequence[str] = ("normal", "tremolo"),
    duration_s: float = 0.4,
) -> list[str]:
    """Writes a folder that is named like the Philharmonia's, of synthesised notes.

    Args:
        folder: Where; made if it is not there.
        instruments: Keys of `TIMBRES`.
        notes: Note names, `s` for sharps.
        dynamics: Forte is four times as loud as all else.
        techniques: `tremolo` trembles at 12 Hz, all else is steady.
        duration_s: Length of each note.

    Returns:
        The files, relative to the folder, sorted.
    """
    files: list[str] = []
    for instrument in instruments:
        for note in notes:
            for dynamic in dynamics:
                for technique in techniques:
                    file = f"{instrument}/{instrument}_{note}_05_{dynamic}_{technique}.wav"
                    waveform = tone(
                        pitch_frequency_hz(parse_pitch(note)),
                        duration_s,
                        amplitudes=TIMBRES[instrument],
                        peak=0.4 if dynamic == "forte" else 0.1,
                        seed=len(files),
                    )
                    if technique == "tremolo":
                        times = np.arange(len(waveform)) / SAMPLE_RATE
                        waveform *= (0.6 + 0.4 * np.cos(2.0 * np.pi * 12.0 * times)).astype(np.float32)
                    write_wav(folder / file, recording(waveform))
                    files.append(file)
    return sorted(files)


def write_wav(path: Path, waveform: npt.NDArray[np.float32], sample_rate: int = SAMPLE_RATE) -> None:
    """Writes a 16-bit WAV; makes the folders it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, waveform, sample_rate, subtype="PCM_16")


def write_table(folder: Path, rows: Sequence[dict[str, str]]) -> None:
    """Writes `tags.jsonl`."""
    (folder / "tags.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _ramp(n_samples: int, rise_s: float, sample_rate: int) -> npt.NDArray[np.float64]:
    """Rises along a raised cosine from 0, then stays 1."""
    n_rise = max(1, round(rise_s * sample_rate))
    return 0.5 - 0.5 * np.cos(np.pi * np.minimum(np.arange(n_samples) / n_rise, 1.0))


def _times_s(duration_s: float) -> npt.NDArray[np.float64]:
    return np.arange(round(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
