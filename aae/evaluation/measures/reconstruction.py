"""Reconstruction of notes that a model was never trained on, measured between log-mels.

Each note goes through the encoder and back through the decoder, which is told the note's labels and its
measured performance (length, pitch curve, phase of its vibrato) as in training; timbre, attack and
evolution must come out of the latent.

Conventions: `(mels, frames)` log-mels; distances in dB.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from aae.analysis.note_features import ACTIVE_RANGE_DB, FloatArray, frame_energy_db
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.model.conditioning import N_SEMITONES, Condition, Mix, Vocabulary
from aae.model.traits import Traits
from aae.notes.bank import NOT_GIVEN, UNPITCHED, NoteBank, Split
from aae.synthesis.synthesizer import Synthesizer
from aae.training.data import Batch, TrainingNotes
from aae.training.validation import batches_by_length
from mcnn.inversion.inverter import InverterConditioning
from mcnn.losses.metrics import log_spectral_distance_db, spectral_convergence_db
from mcnn.spectral.spectrogram import Spectrogram


@dataclass(frozen=True)
class Reconstruction:
    """One note and what the model made of it.

    Attributes:
        position: Of the note in the bank.
        log_spectral_distance_db: Root mean square over mels of the difference in dB, mean over active frames.
        spectral_convergence_db: Energy of the difference of mel magnitudes relative to the note's.
        log_mel: What the model made, `(mels, frames)`; where noise has no grain in it, `conditioning` says
            so.
        conditioning: What else an inverter may know of it, batch 1.
        attack_ms: How long its attack is to take; None if the model does not say.
    """

    position: int
    log_spectral_distance_db: float
    spectral_convergence_db: float
    log_mel: FloatArray
    conditioning: InverterConditioning
    attack_ms: float | None = None


def compare_log_mels(input: FloatArray, target: FloatArray, spectrogram: Spectrogram) -> tuple[float, float]:
    """Log-spectral distance and spectral convergence of mel magnitudes, both in dB, over the target's frames.

    Args:
        input: Log-mel `(mels, frames)` to be judged.
        target: Log-mel `(mels, frames)` of the original; its frames outside the note do not count.
        spectrogram: The front end.
    """
    energy_db = frame_energy_db(target, spectrogram.config.log_floor)
    active = energy_db > energy_db.max() - ACTIVE_RANGE_DB
    made, wanted = (spectrogram.expand(torch.from_numpy(x[:, active])[None]) for x in (input, target))
    distance = log_spectral_distance_db(made, wanted, spectrogram.config.log_floor)
    return float(distance), float(spectral_convergence_db(made, wanted))


def reconstruct(
    synthesizer: Synthesizer, bank: NoteBank, most: int, stage: str = "reconstructing held-out notes"
) -> Measurement[list[Reconstruction]]:
    """Reconstructs an even spread of the test split.

    Args:
        synthesizer: The model.
        bank: The notes.
        most: How many notes at most.
        stage: What this is called while it works.
    """
    notes = TrainingNotes(bank, Split.TEST, synthesizer.decoder.whole_length)
    total = min(most, len(notes))
    found: list[Reconstruction] = []
    for batch, rows in batches_by_length(notes, most):
        condition = _condition(synthesizer, notes, rows)
        found.extend(_reconstruct_batch(synthesizer, replace(batch, condition=condition), notes, rows))
        yield StageProgress(stage, len(found), total)
    return sorted(found, key=lambda note: note.position)


def _reconstruct_batch(
    synthesizer: Synthesizer, batch: Batch, notes: TrainingNotes, rows: npt.NDArray[np.int64]
) -> list[Reconstruction]:
    with torch.inference_mode():
        _, decoded, traits = synthesizer.model(batch.log_mel, batch.condition, batch.performance)
    spectrogram = Spectrogram(notes.config)
    found = []
    attacks_ms = Traits.of(traits).attacks_ms()
    known = decoded.conditioning(tuple(rows.tolist()))
    for i, row in enumerate(rows):
        target = notes.log_mels[row].astype(np.float32)
        made = decoded.log_mel[i, :, : target.shape[1]].numpy()
        distance_db, convergence_db = compare_log_mels(made, target, spectrogram)
        position = int(notes.bank_indices[row])
        conditioning = known.one(i, target.shape[1])
        found.append(Reconstruction(position, distance_db, convergence_db, made, conditioning, attacks_ms[i]))
    return found


def _condition(synthesizer: Synthesizer, notes: TrainingNotes, rows: npt.NDArray[np.int64]) -> Condition:
    """The notes' conditions in the model's own vocabulary; labels that it does not know are left out."""
    known = synthesizer.info.vocabularies
    mixes: list[Mix] = []
    for row in rows:
        mix: dict[str, dict[str, float]] = {}
        for name, labels in notes.labels.items():
            label = notes.attributes[name][labels[row]] if labels[row] != NOT_GIVEN else None
            if label is not None and label in known.get(name, ()):
                mix[name] = {label: 1.0}
        mixes.append(mix)
    pitches = [None if pitch < 0 else int(pitch) for pitch in notes.midi_pitch[rows]]
    return Vocabulary(known).encode(pitches, mixes)


def summarize_reconstructions(found: Sequence[Reconstruction]) -> dict[str, float]:
    """Means and spread over notes, under the names that reports use."""
    distance = np.array([note.log_spectral_distance_db for note in found])
    convergence = np.array([note.spectral_convergence_db for note in found])
    return {
        "notes": len(found),
        "log_spectral_distance_db": float(distance.mean()),
        "log_spectral_distance_db_90th": float(np.quantile(distance, 0.9)),
        "spectral_convergence_db": float(convergence.mean()),
    }


def by_group(positions: Sequence[int], bank: NoteBank) -> dict[str, dict[str, list[int]]]:
    """Which of some notes belong together: by attribute and octave, and there by label, their places.

    Args:
        positions: Of the notes in the bank.
        bank: Knows labels and pitches.
    """
    groups: dict[str, dict[str, list[int]]] = {name: {} for name in (*bank.attributes, "octave")}
    for place, position in enumerate(positions):
        for name, labels in bank.attributes.items():
            label = int(bank.labels[name][position])
            if label != NOT_GIVEN:
                groups[name].setdefault(labels[label], []).append(place)
        pitch = int(bank.midi_pitch[position])
        octave = "unpitched" if pitch == UNPITCHED else str(pitch // N_SEMITONES - 1)
        groups["octave"].setdefault(octave, []).append(place)
    return {name: {label: rows[label] for label in sorted(rows)} for name, rows in groups.items()}
