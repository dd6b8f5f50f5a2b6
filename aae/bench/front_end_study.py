"""What each front end keeps of real notes, and what it costs: the measurement behind the default settings.

Every note goes through a front end's log-mel and back through the best inversion there is, and the copy is
compared with the original: spectra, pitch, sharpness of attacks. `mcnn/README.md` has the table.

Run it on any folder of note recordings: `python -m aae.bench.front_end_study FOLDER [notes]`.
"""

import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch
from pydantic import ConfigDict

from aae.analysis.f0 import measure_pitch, track_f0
from mcnn.compiled import Floats
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.losses.metrics import log_spectral_distance_db, spectral_convergence_db
from mcnn.plain import Settings
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db
from mcnn.spectral.spectrogram import Spectrogram

CANDIDATES = (
    (2048, 256, 256),
    (2048, 512, 256),
    (4096, 256, 512),
    (4096, 512, 256),
    (4096, 512, 384),
    (4096, 512, 512),
    (4096, 512, 640),
    (4096, 1024, 512),
    (8192, 512, 512),
    (8192, 512, 768),
    (8192, 1024, 512),
    (8192, 1024, 640),
    (8192, 1024, 768),
)
"""Transform, hop and mel bands; more bands than these would leave some empty."""
JUDGE = SpectrogramConfig(n_fft=2048, hop_length=256, n_mels=128)
"""One analysis judges all."""
LOW_HZ = 90.0
"""Notes below are low: their partials are four bins apart or less at n_fft 2048."""
BEFORE_S, AFTER_S = 0.03, 0.02
"""Around an onset: where a pre-echo is looked for, and the attack it is compared with."""
ONSET = 0.03
"""A note starts where it reaches this part of its peak."""
MAX_DURATION_S = 2.2


class Note(Settings):
    """A real note and what is known of it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    waveform: np.ndarray
    """`(samples,)`, at the reference level, with `BEFORE_S` before its onset."""
    f0_hz: float
    """Measured; NaN if it has no pitch."""
    is_sharp: bool
    """Whether it is nearly at its loudest within `AFTER_S`: struck or plucked."""


class FrontEndRow(Settings):
    """What one front end keeps and costs, averaged over the notes."""

    n_fft: int
    hop_length: int
    n_mels: int
    spectral_convergence_db: float
    """Of the copies, at the judging analysis."""
    log_spectral_distance_db: float
    """Of the copies, at the judging analysis."""
    low_pitch_cents: float
    """Median absolute deviation of low notes' f0 from the original's, averaged over the notes."""
    other_pitch_cents: float
    """The same for the other pitched notes."""
    pre_echo_db: float
    """Energy before a sharp onset, over the energy after it; median over the sharp notes."""
    values_per_s: float
    """Log-mel values a second: what a model must learn to draw."""
    analysis_realtime_factor: float
    """Seconds of sound per second that one processor spends on analysing."""
    inversion_realtime_factor: float
    """The same of inverting."""


def read_notes(folder: Path, n_notes: int, seed: int = 0) -> list[Note]:
    """Draws notes evenly from all subfolders, then more low and sharp ones.

    It goes on until there are a fifth as many low notes, and as many with a sharp onset, as asked for in all.

    Args:
        folder: Holds recordings at the front end's sample rate, at any depth.
        n_notes: How many to draw evenly.
        seed: Of the draw.
    """
    by_subfolder: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in {".wav", ".flac", ".mp3", ".ogg", ".aif", ".aiff"}:
            by_subfolder[path.relative_to(folder).parts[0]].append(path)
    shuffle = random.Random(seed).shuffle
    for paths in by_subfolder.values():
        shuffle(paths)
    notes: list[Note] = []
    n_low, n_sharp, wanted = 0, 0, n_notes // 5
    while (len(notes) < n_notes or min(n_low, n_sharp) < wanted) and any(by_subfolder.values()):
        for paths in by_subfolder.values():
            note = _read(paths.pop()) if paths else None
            if note is None:
                continue
            is_rare = (note.f0_hz < LOW_HZ and n_low < wanted) or (note.is_sharp and n_sharp < wanted)
            if len(notes) < n_notes or is_rare:
                notes.append(note)
                n_low += note.f0_hz < LOW_HZ
                n_sharp += note.is_sharp
    return notes


def study(notes: Sequence[Note], candidates: Sequence[tuple[int, int, int]]) -> Iterator[FrontEndRow]:
    """Measures the front ends one after the other.

    Args:
        notes: Real notes.
        candidates: Transform, hop and mel bands of each.
    """
    for n_fft, hop_length, n_mels in candidates:
        yield _measure(notes, SpectrogramConfig(n_fft=n_fft, hop_length=hop_length, n_mels=n_mels))


def _measure(notes: Sequence[Note], config: SpectrogramConfig) -> FrontEndRow:
    spectrogram, inverter, judge = Spectrogram(config), GriffinLim(config), Spectrogram(JUDGE)
    inverter(spectrogram(torch.from_numpy(notes[0].waveform)[None]))
    convergence: list[float] = []
    distance: list[float] = []
    low: list[float] = []
    other: list[float] = []
    echo: list[float] = []
    analysing_s = inverting_s = duration_s = 0.0
    for note in notes:
        real = torch.from_numpy(note.waveform)[None]
        started = time.process_time()
        log_mel = spectrogram(real)
        analysed = time.process_time()
        copy = inverter(log_mel)[:, : real.shape[1]]
        inverting_s += time.process_time() - analysed
        analysing_s += analysed - started
        duration_s += real.shape[1] / config.sample_rate
        ours, theirs = judge.magnitude(copy), judge.magnitude(real)
        convergence.append(float(spectral_convergence_db(ours, theirs)))
        distance.append(float(log_spectral_distance_db(ours, theirs)))
        if note.f0_hz > 0:
            (low if note.f0_hz < LOW_HZ else other).append(_pitch_error_cents(copy[0].numpy(), note))
        if note.is_sharp:
            echo.append(_pre_echo_db(copy[0].numpy()))
    return FrontEndRow(
        n_fft=config.n_fft,
        hop_length=config.hop_length,
        n_mels=config.n_mels,
        spectral_convergence_db=float(np.mean(convergence)),
        log_spectral_distance_db=float(np.mean(distance)),
        low_pitch_cents=float(np.nanmean(low)),
        other_pitch_cents=float(np.nanmean(other)),
        pre_echo_db=float(np.median(echo)),
        values_per_s=config.n_mels * config.frame_rate_hz,
        analysis_realtime_factor=duration_s / analysing_s,
        inversion_realtime_factor=duration_s / inverting_s,
    )


def _read(path: Path) -> Note | None:
    """A note of a file, or None if the file has none that can be used."""
    try:
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return None
    waveform = samples.mean(axis=1)
    level_db = loudest_rms_db(waveform, sample_rate)
    if sample_rate != JUDGE.sample_rate or level_db < -60.0:
        return None
    onset = int(np.argmax(np.abs(waveform) > ONSET * np.abs(waveform).max()))
    before, after = round(BEFORE_S * sample_rate), round(AFTER_S * sample_rate)
    waveform = np.pad(waveform, (before, 0))[onset:][: round(MAX_DURATION_S * sample_rate)].copy()
    if len(waveform) < before + 4 * after:
        return None
    fade = np.linspace(1.0, 0.0, min(4410, len(waveform) // 2), dtype=np.float32)
    waveform[-len(fade) :] *= fade
    waveform *= np.float32(10.0 ** ((REFERENCE_LEVEL_DB - level_db) / 20.0))
    attack_db = 10.0 * np.log10(np.square(waveform[before : before + after], dtype=np.float64).mean() + 1e-12)
    return Note(
        waveform=waveform,
        f0_hz=_measured_f0_hz(waveform, sample_rate),
        is_sharp=attack_db > REFERENCE_LEVEL_DB - 4.0,
    )


def _measured_f0_hz(waveform: Floats, sample_rate: int) -> float:
    """Frequency of a note with a steady pitch, NaN of others; low ones are heard an octave higher."""
    pitch = measure_pitch(waveform, sample_rate)
    if not (pitch.is_steady and pitch.f0_hz > LOW_HZ):
        pitch = measure_pitch(waveform, sample_rate, octave_shift=1)
    return pitch.f0_hz if pitch.is_steady and pitch.confidence > 0.5 else float("nan")


def _pitch_error_cents(copy: Floats, note: Note) -> float:
    """Median absolute difference of two f0 curves; NaN where they share no voiced frame."""
    hop_length = 512
    curves = [track_f0(one, JUDGE.sample_rate, hop_length, note.f0_hz) for one in (copy, note.waveform)]
    difference = np.abs(curves[0] - curves[1])
    return float(np.median(difference[np.isfinite(difference)])) if np.isfinite(difference).any() else np.nan


def _pre_echo_db(waveform: Floats) -> float:
    before, after = round(BEFORE_S * JUDGE.sample_rate), round(AFTER_S * JUDGE.sample_rate)
    margin = round(0.002 * JUDGE.sample_rate)
    echo = np.square(waveform[: before - margin], dtype=np.float64).mean()
    attack = np.square(waveform[before : before + after], dtype=np.float64).mean()
    return float(10.0 * np.log10((echo + 1e-15) / (attack + 1e-15)))


def table_line(row: FrontEndRow) -> str:
    """One line of a Markdown table."""
    return (
        f"| {row.n_fft} / {row.hop_length} / {row.n_mels} | {row.spectral_convergence_db:.1f} | "
        f"{row.log_spectral_distance_db:.2f} | {row.low_pitch_cents:.2f} | {row.other_pitch_cents:.2f} | "
        f"{row.pre_echo_db:.1f} | {row.values_per_s / 1000:.1f} | {row.analysis_realtime_factor:.0f} | "
        f"{row.inversion_realtime_factor:.1f} |"
    )


def main(folder: Path, n_notes: int) -> None:
    """Writes the table to standard output, line by line as it is measured; on one thread."""
    torch.set_num_threads(1)
    notes = read_notes(folder, n_notes)
    n_low = sum(note.f0_hz < LOW_HZ for note in notes)
    n_pitched = sum(note.f0_hz > 0 for note in notes)
    n_sharp = sum(note.is_sharp for note in notes)
    echo_db = np.median([_pre_echo_db(note.waveform) for note in notes if note.is_sharp])
    sys.stdout.write(
        f"{len(notes)} notes, {n_low} low and {n_pitched - n_low} other pitched ones, "
        f"{n_sharp} with a sharp onset (before which the originals have {echo_db:.1f} dB)\n\n"
        "| n_fft / hop / mels | SC dB | LSD dB | low notes, cents | others, cents | pre-echo dB | "
        "1000 values/s | analysis x RT | inversion x RT |\n|---|---|---|---|---|---|---|---|---|\n"
    )
    for row in study(notes, CANDIDATES):
        sys.stdout.write(table_line(row) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 80)
