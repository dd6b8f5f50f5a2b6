"""Reconstructed notes as sound, beside the recordings: spectra, envelopes, attacks.

Conventions: `(samples,)` waveforms, both at the level at which the NoteBank keeps notes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from aae.analysis.attack import attack_envelope_db, attack_time_ms
from aae.analysis.note_features import FloatArray, to_reference_level
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.measures.reconstruction import Reconstruction
from aae.notes.bank import NoteBank
from aae.notes.technique_words import is_sharp_attack
from aae.synthesis.attack_shaping import shape_attack
from aae.synthesis.finishing import FADE_IN_S, fade
from aae.synthesis.synthesizer import Synthesizer
from mcnn.inversion.inverter import Inverter
from mcnn.losses.metrics import multi_resolution_stft


@dataclass(frozen=True)
class ReconstructedSound:
    """One reconstructed note as sound, beside the recording.

    Attributes:
        position: Of the note in the bank.
        waveform: What was made of it, `(samples,)`.
        multi_resolution: Sum of the terms of `mcnn.losses.metrics.multi_resolution_stft`.
        envelope_db: Mean absolute difference of the envelopes.
        attack_ms: How long the attack takes, in what was made.
        attack_error_ms: That minus the recording's own.
    """

    position: int
    waveform: FloatArray
    multi_resolution: float
    envelope_db: float
    attack_ms: float
    attack_error_ms: float


def sound_reconstructions(
    synthesizer: Synthesizer, inverter: Inverter, found: Sequence[Reconstruction], bank: NoteBank, stage: str
) -> Measurement[list[ReconstructedSound]]:
    """Turns reconstructions into sound and measures them.

    Args:
        synthesizer: The model.
        inverter: The way from log-mel to waveform.
        found: The reconstructions.
        bank: The recordings.
        stage: What this is called while it works.
    """
    sounds = []
    for done, note in enumerate(found):
        made = invert_note(synthesizer, inverter, note)
        sounds.append(_compare(note.position, made, bank.waveform(note.position), bank.config.sample_rate))
        yield StageProgress(stage, done + 1, len(found))
    return sounds


def sound_recordings(
    inverter: Inverter, positions: Sequence[int], bank: NoteBank, stage: str
) -> Measurement[list[ReconstructedSound]]:
    """The same of recordings whose own log-mels are inverted: what the way through the log-mel costs alone.

    Args:
        inverter: The way from log-mel to waveform.
        positions: Of the notes in the bank.
        bank: The recordings.
        stage: What this is called while it works.
    """
    sounds = []
    for done, position in enumerate(positions):
        with torch.inference_mode():
            made = inverter(torch.from_numpy(bank.log_mel(position))[None])[0].numpy()
        sounds.append(_compare(position, made, bank.waveform(position), bank.config.sample_rate))
        yield StageProgress(stage, done + 1, len(positions))
    return sounds


def invert_note(synthesizer: Synthesizer, inverter: Inverter, note: Reconstruction) -> FloatArray:
    """Waveform `(samples,)` of a reconstruction, with its attack and faded in, as by the `Synthesizer`."""
    log_mel, sample_rate = torch.from_numpy(note.log_mel).float(), synthesizer.sample_rate
    waveform = synthesizer.invert(log_mel, note.conditioning, inverter)
    waveform = shape_attack(waveform, sample_rate, note.attack_ms)
    return fade(waveform, round(FADE_IN_S * sample_rate), 0)


def _compare(position: int, made: FloatArray, real: FloatArray, sample_rate: int) -> ReconstructedSound:
    length = min(len(made), len(real))
    level = to_reference_level(made, sample_rate)
    input, target = (torch.from_numpy(np.ascontiguousarray(one[:length]))[None] for one in (level, real))
    convergence, log_magnitude = multi_resolution_stft(input, target)
    attack_ms = attack_time_ms(made, sample_rate)
    return ReconstructedSound(
        position=position,
        waveform=level,
        multi_resolution=float(convergence + log_magnitude),
        envelope_db=envelope_distance_db(level, real, sample_rate),
        attack_ms=attack_ms,
        attack_error_ms=attack_ms - attack_time_ms(real, sample_rate),
    )


def envelope_distance_db(input: FloatArray, target: FloatArray, sample_rate: int) -> float:
    """Mean absolute difference of two notes' envelopes in dB, over the shorter of both.

    Args:
        input: `(samples,)` to be judged.
        target: `(samples,)` of the original.
        sample_rate: In Hz.
    """
    made, wanted = attack_envelope_db(input, sample_rate), attack_envelope_db(target, sample_rate)
    length = min(len(made), len(wanted))
    return float(np.abs(made[:length] - wanted[:length]).mean())


def summarize_sounds(found: Sequence[ReconstructedSound], bank: NoteBank) -> dict[str, float]:
    """Means and medians over some notes, under the names that reports use; NaN where there are none."""
    error = np.abs([note.attack_error_ms for note in found])
    sharp = np.array([_is_sharp_note(bank, note.position) for note in found], dtype=np.bool_)
    return {
        "notes": len(found),
        "multi_resolution": _mean([note.multi_resolution for note in found]),
        "envelope_db": _mean([note.envelope_db for note in found]),
        "attack_error_ms": _median(error),
        "sharp_notes": int(sharp.sum()),
        "sharp_attack_error_ms": _median(error[sharp]) if len(found) else float("nan"),
    }


def _is_sharp_note(bank: NoteBank, position: int) -> bool:
    if "technique" not in bank.labels:
        return False
    label = int(bank.labels["technique"][position])
    return label >= 0 and is_sharp_attack(bank.attributes["technique"][label])


def spread(found: Sequence[Reconstruction], most: int, bank: NoteBank) -> list[Reconstruction]:
    """An even spread of the notes over their labels and pitches, with every sharp one of them.

    Args:
        found: All reconstructions.
        most: How many at most; sharp notes beyond that are left out too.
        bank: Knows the labels.
    """
    sharp = [note for note in found if _is_sharp_note(bank, note.position)][: most // 2]
    kept = {note.position for note in sharp}
    others = [note for note in found if note.position not in kept]
    picks = np.linspace(0, len(others) - 1, max(0, min(most - len(sharp), len(others)))).round().astype(int)
    return sorted([*sharp, *(others[i] for i in np.unique(picks))], key=lambda note: note.position)


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values)) if len(values) else float("nan")


def _median(values: npt.NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
