"""Latent space: labels that can be read from it, match with the prior, smoothness.

Conventions: `(notes, latent)` points; label indices `(notes,)`, -1 where not given; shares from 0 to 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial.distance import cdist
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.measures.settings import EvaluationSettings
from aae.model.conditioning import MIN_MIDI_PITCH, N_SEMITONES
from aae.notes.bank import UNPITCHED, NoteBank, Split
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from aae.training.data import TrainingNotes
from aae.training.validation import training_latents
from mcnn.losses.metrics import log_spectral_distance_db
from mcnn.spectral.spectrogram import Spectrogram

N_STEPS = 32
"""Steps of a path from one point of the prior to another."""
_PATH_FRAMES = 64
_MAX_FOR_PRIOR = 1200
_HIDDEN = (64, 64)

Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Latents:
    """Where real notes lie.

    Attributes:
        points: `(notes, latent)` of training notes, then of held-out ones.
        takes: `(notes, take)` of the same; no columns where the model has none.
        n_training: How many are training notes.
        labels: Attribute to `(notes,)`; with `octave` and `semitone`.
        names: Attribute to its labels.
    """

    points: Points
    takes: Points
    n_training: int
    labels: Mapping[str, npt.NDArray[np.int64]]
    names: Mapping[str, tuple[str, ...]]


def encode_notes(
    synthesizer: Synthesizer, bank: NoteBank, settings: EvaluationSettings
) -> Measurement[Latents]:
    """Latents of training notes, which a fresh classifier may learn from, and of held-out ones to test it.

    Those of the training notes are in the model file; the bank's are encoded where it has none.
    """
    kept = _kept_latents(synthesizer, bank)
    parts, takes, columns = [], [], []
    for done, split in enumerate((Split.TRAIN, Split.TEST)):
        if split == Split.TRAIN and kept is not None:
            found = kept
        else:
            notes = TrainingNotes(bank, split, synthesizer.decoder.whole_length)
            found = training_latents(synthesizer.model, notes, torch.device("cpu"))
        points = np.asarray(found["latent"], np.float64)
        chosen = np.arange(len(points))
        if len(chosen) > settings.most_training:
            random = np.random.default_rng([settings.seed, 5])
            chosen = np.sort(random.choice(chosen, settings.most_training, replace=False))
        parts.append(points[chosen])
        takes.append(np.asarray(found.get("take", np.zeros((len(points), 0))), np.float64)[chosen])
        names = ("midi_pitch", *bank.attributes)
        columns.append({name: np.asarray(found[name], np.int64)[chosen] for name in names})
        yield StageProgress("encoding real notes", done + 1, 2)
    merged = {name: np.concatenate([column[name] for column in columns]) for name in columns[0]}
    midi_pitch = merged.pop("midi_pitch")
    step = np.where(midi_pitch == UNPITCHED, -1, midi_pitch - MIN_MIDI_PITCH)
    merged["octave"] = np.where(step < 0, -1, step // N_SEMITONES)
    merged["semitone"] = np.where(step < 0, -1, step % N_SEMITONES)
    labels = {
        **bank.attributes,
        "octave": tuple(str(octave) for octave in range(10)),
        "semitone": ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"),
    }
    return Latents(np.concatenate(parts), np.concatenate(takes), len(parts[0]), merged, labels)


def _kept_latents(synthesizer: Synthesizer, bank: NoteBank) -> dict[str, npt.NDArray[np.generic]] | None:
    """The training notes' latents of the model file, with the bank's label indices; None if it has none."""
    kept, known = synthesizer.latents, synthesizer.info.vocabularies
    if "latent" not in kept or any(name not in kept for name in ("midi_pitch", *bank.attributes)):
        return None
    points = ("latent", "take", "midi_pitch")
    found: dict[str, npt.NDArray[np.generic]] = {name: kept[name] for name in points if name in kept}
    for name, labels in bank.attributes.items():
        places = [labels.index(label) if label in labels else -1 for label in known[name]]
        found[name] = np.array([*places, -1])[np.asarray(kept[name], np.int64)]  # the last stands for -1
    return found


def latent_figures(
    synthesizer: Synthesizer, latents: Latents, settings: EvaluationSettings
) -> Measurement[dict[str, Any]]:
    """Readability of every attribute, match with the prior, smoothness."""
    readable = {}
    for done, name in enumerate(latents.labels):
        readable[name] = read_labels(latents.points, latents.labels[name], latents.n_training, settings.seed)
        yield StageProgress("reading labels from the latents", done + 1, len(latents.labels))
    with_takes = {}
    if latents.takes.shape[1]:
        both = np.concatenate([latents.points, latents.takes], axis=1)
        for name in latents.names:
            with_takes[name] = read_labels(both, latents.labels[name], latents.n_training, settings.seed)
    held_out = latents.points[latents.n_training :]
    prior = match_prior(held_out, settings.seed)
    paths = yield from walk_paths(synthesizer, settings)
    return {"readable": readable, "with_takes": with_takes, "prior": prior, "paths": paths}


def read_labels(
    points: Points, labels: npt.NDArray[np.int64], n_training: int, seed: int
) -> dict[str, float]:
    """How often a fresh classifier names the label of a held-out point.

    Args:
        points: `(notes, latent)`.
        labels: `(notes,)`, -1 where not given.
        n_training: The first so many are for learning, the others test.
        seed: Of the classifier.

    Returns:
        `share` right; `chance_share`, what always naming the label most frequent in training would score;
        `balanced_share` and `balanced_chance`, every label weighing alike; `points_above_chance`, in
        percentage points.
    """
    known = labels >= 0
    training = known & (np.arange(len(labels)) < n_training)
    test = known & ~training
    if not training.any() or not test.any() or len(np.unique(labels[training])) < 2:
        nan = float("nan")
        return dict.fromkeys(
            ("share", "chance_share", "balanced_share", "balanced_chance", "points_above_chance"), nan
        )
    scaler = StandardScaler().fit(points[training])
    reader = MLPClassifier(_HIDDEN, max_iter=25, tol=0.0, n_iter_no_change=25, random_state=seed)
    reader = _fit_quietly(reader, scaler.transform(points[training]), labels[training])
    heard = reader.predict(scaler.transform(points[test]))
    guess, asked = np.bincount(labels[training]).argmax(), np.unique(labels[test])
    share = float((heard == labels[test]).mean())
    chance = float((guess == labels[test]).mean())
    return {
        "share": share,
        "chance_share": chance,
        "balanced_share": float(np.mean([(heard[labels[test] == k] == k).mean() for k in asked])),
        "balanced_chance": 1.0 / len(asked),
        "points_above_chance": 100.0 * (share - chance),
    }


def _fit_quietly(reader: MLPClassifier, points: Points, labels: npt.NDArray[np.int64]) -> MLPClassifier:
    """Fits it; that it has not converged after its fixed number of passes is no news."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return reader.fit(points, labels)


def match_prior(points: Points, seed: int) -> dict[str, Any]:
    """How far points are from the standard normal distribution.

    Returns:
        Mean and standard deviation of each axis; `mmd` with a Gaussian kernel, `energy_distance`, and both
        for as many points drawn from the prior itself, which is what chance makes of them.

    Source:
        A. Gretton et al., "A kernel two-sample test", JMLR 13, 2012; G. Székely, M. Rizzo, "Energy
        statistics", Journal of Statistical Planning and Inference 143(8), 2013.
    """
    random = np.random.default_rng([seed, 6])
    chosen = random.permutation(len(points))[:_MAX_FOR_PRIOR]
    sample = points[chosen]
    prior, other = random.standard_normal((2, *sample.shape))
    return {
        "mean": points.mean(axis=0).tolist(),
        "standard_deviation": points.std(axis=0).tolist(),
        "mmd": _mmd(sample, prior),
        "mmd_of_prior": _mmd(other, prior),
        "energy_distance": _energy_distance(sample, prior),
        "energy_distance_of_prior": _energy_distance(other, prior),
    }


def _distances(a: Points, b: Points) -> Points:
    distances: Points = cdist(a, b)
    return distances


def _mmd(a: Points, b: Points) -> float:
    """Unbiased squared maximum mean discrepancy, kernel width the dimension's root (the prior's median)."""
    scale = 2.0 * a.shape[1]
    kernels = [np.exp(-(_distances(x, y) ** 2) / scale) for x, y in ((a, a), (b, b), (a, b))]
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in kernels[:2]]
    return float(within[0] + within[1] - 2.0 * kernels[2].mean())


def _energy_distance(a: Points, b: Points) -> float:
    within = [_distances(x, x).sum() / (len(x) * (len(x) - 1)) for x in (a, b)]
    return float(2.0 * _distances(a, b).mean() - within[0] - within[1])


def walk_paths(synthesizer: Synthesizer, settings: EvaluationSettings) -> Measurement[dict[str, float]]:
    """Walks straight from one point of the prior to another, and measures every step in sound.

    Returns:
        `step_db`, mean log-spectral distance of neighbours; `largest_step_db`, the median over paths of the
        largest step; `largest_over_mean`, the same as a multiple of the path's mean step; `ends_db`, distance
        of both ends.
    """
    spectrogram = Spectrogram(synthesizer.info.spectrogram)
    floor = synthesizer.info.spectrogram.log_floor
    combinations = [row for row in synthesizer.info.coverage.combinations if row.low >= 0]
    random = np.random.default_rng([settings.seed, 7])
    steps, largest, ends = [], [], []
    for path in range(settings.n_paths if combinations else 0):
        row = combinations[int(random.integers(len(combinations)))]
        names = synthesizer.info.coverage.attributes
        mix = {name: {label: 1.0} for name, label in zip(names, row.labels, strict=True) if label is not None}
        pitch = (row.low + row.high) // 2
        start, end = random.standard_normal((2, synthesizer.info.latent_size))
        points = start + (end - start) * np.linspace(0.0, 1.0, N_STEPS + 1)[:, None]
        requests = [NoteRequest(pitch, mix, tuple(point.tolist())) for point in points]
        decoded = synthesizer.decoder.decode(requests, noise_fluctuation=False, n_frames=_PATH_FRAMES)
        frames = min(note.log_mel.shape[1] for note in decoded)
        mels = spectrogram.expand(torch.stack([note.log_mel[:, :frames] for note in decoded]))
        distances = log_spectral_distance_db(mels[1:], mels[:-1], floor).numpy()
        steps.append(float(distances.mean()))
        largest.append(float(distances.max()))
        ends.append(float(log_spectral_distance_db(mels[-1:], mels[:1], floor)))
        yield StageProgress("walking through the latent space", path + 1, settings.n_paths)
    return {
        "paths": len(steps),
        "step_db": float(np.mean(steps)) if steps else float("nan"),
        "largest_step_db": float(np.median(largest)) if steps else float("nan"),
        "largest_over_mean": float(np.median(np.divide(largest, steps))) if steps else float("nan"),
        "ends_db": float(np.mean(ends)) if steps else float("nan"),
    }
