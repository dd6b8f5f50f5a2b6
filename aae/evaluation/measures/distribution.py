"""Distribution of new notes against that of real ones: Fréchet distance, diversity, nearest training notes.

Three figures of notes that were asked for with the labels, pitches and tunings of real held-out notes:

- **Fréchet distance** of the two clouds of embeddings, beside that of real notes to other real notes and of
  the same real notes resynthesised by Griffin-Lim. All sets are equally large, for it grows as they shrink.
- **Diversity**: how far notes of like labels and pitch lie apart, as a multiple of how far real ones do.
- **Nearest training note**: how near new notes come to a training note, beside how near real ones come.

Conventions: `(notes, features)` embeddings, reduced to the main axes of the reference.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.judges.public_embedding import NAME as PUBLIC_NAME
from aae.evaluation.judges.recognizer import Recognizer
from aae.evaluation.measures.control import NewNotes, RealNotes
from aae.evaluation.measures.settings import EvaluationSettings
from aae.notes.bank import NoteBank, Split

N_AXES = 32
"""Main axes of the reference that distances are measured on."""
NEAR_SEMITONES = 2
"""Real notes of like labels within this pitch are takes of one another."""
COPY_QUANTILE = 0.01
"""A new note that is nearer to a training note than this share of real ones are may be a copy."""
_MAX_TRAINING = 3000

Points = npt.NDArray[np.float64]


def frechet_distance(a: Points, b: Points) -> float:
    """Squared Fréchet distance of the normal distributions that fit two sets of points best.

    Args:
        a: `(notes, features)`.
        b: `(notes, features)`.

    Source:
        D. C. Dowson, B. V. Landau, "The Fréchet distance between multivariate normal distributions", Journal
        of Multivariate Analysis 12(3), 1982; of embeddings of audio: K. Kilgour et al., "Fréchet audio
        distance", Interspeech 2019.
    """
    difference = a.mean(axis=0) - b.mean(axis=0)
    first, second = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    # The trace of the root of the product, by the eigenvalues of a symmetric matrix that has the same.
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    product = np.linalg.eigvalsh(root @ second @ root)
    covariance = np.trace(first) + np.trace(second) - 2.0 * np.sqrt(np.maximum(product, 0.0)).sum()
    return float(max(0.0, difference @ difference + covariance))


def distribution_figures(
    real: RealNotes,
    new: dict[str, NewNotes],
    bank: NoteBank,
    recognizer: Recognizer,
    settings: EvaluationSettings,
) -> Measurement[dict[str, Any]]:
    """Everything this file measures.

    Args:
        real: Held-out notes.
        new: New notes by inverter; the first also for diversity and nearness.
        bank: The training notes.
        recognizer: Its last hidden layer is the first embedding.
        settings: How much.
    """
    first = next(iter(new.values()))
    hidden = {name: recognizer.embed_features(notes.matched.features) for name, notes in new.items()}
    real_hidden = recognizer.embed_features(real.real.features)
    again = recognizer.embed_features(real.resynthesized.features)
    public = {name: notes.matched.public for name, notes in new.items()}
    frechet = {
        "recogniser, last hidden layer": _frechet(real_hidden, real.second, again, hidden),
        PUBLIC_NAME: _frechet(real.real.public, real.second, real.resynthesized.public, public),
    }
    yield StageProgress("comparing distributions", 1, 1)
    training = yield from _training_features(bank, recognizer, settings)
    second = real.real.subset(np.flatnonzero(real.second))
    return {
        "frechet": frechet,
        "notes": int(real.second.sum()),
        "diversity": _diversity(
            bank, real.positions[real.second], recognizer.embed_features(second.features),
            recognizer.embed_features(first.matched.features),
        ),
        "nearest": _nearest(recognizer, training, second.features, first.matched.features),
    }  # fmt: skip


def _frechet(
    real: npt.NDArray[np.float32],
    second: npt.NDArray[np.bool_],
    again: npt.NDArray[np.float32],
    new: dict[str, npt.NDArray[np.float32]],
) -> dict[str, Any]:
    """Distances to the first half of the real notes: of the second half, resynthesised, and new ones."""
    reference = real[~second]
    centre, axes = _main_axes(reference)
    place = [(rows.astype(np.float64) - centre) @ axes for rows in (reference, real[second], again)]
    base = frechet_distance(place[1], place[0])
    resynthesized = frechet_distance(place[2], place[0])
    distances = {
        name: frechet_distance((rows.astype(np.float64) - centre) @ axes, place[0])
        for name, rows in new.items()
    }
    return {
        "real": base,
        "resynthesized": resynthesized,
        "generated": distances,
        "ratio": {name: distance / resynthesized for name, distance in distances.items()},
    }


def _main_axes(points: npt.NDArray[np.float32]) -> tuple[Points, Points]:
    """Centre `(features,)` and unit axes `(features, axes)` along which points spread most."""
    centre = points.mean(axis=0, dtype=np.float64)
    _, _, axes = np.linalg.svd(points.astype(np.float64) - centre, full_matrices=False)
    return centre, axes[: min(N_AXES, len(points) // 2)].T


def _diversity(
    bank: NoteBank,
    positions: npt.NDArray[np.int64],
    real: npt.NDArray[np.float32],
    new: npt.NDArray[np.float32],
) -> dict[str, float]:
    """Mean distance of pairs of like labels and pitch, in real notes and in the new ones asked like them.

    Dynamics and length differ between real takes, so they may differ between the compared.
    """
    names = [name for name in ("instrument", "technique") if name in bank.labels] or list(bank.labels)[:1]
    key = np.stack([bank.labels[name][positions] for name in names], axis=1)
    pitch = bank.midi_pitch[positions].astype(np.int64)
    alike = (key[:, None] == key[None]).all(axis=2) & (np.abs(pitch[:, None] - pitch) <= NEAR_SEMITONES)
    pairs = np.argwhere(np.triu(alike, 1))
    if not len(pairs):
        return {"pairs": 0, "real": float("nan"), "generated": float("nan"), "ratio": float("nan")}
    distances = [
        float(np.linalg.norm(rows[pairs[:, 0]] - rows[pairs[:, 1]], axis=1).mean()) for rows in (real, new)
    ]
    return {
        "pairs": len(pairs),
        "real": distances[0],
        "generated": distances[1],
        "ratio": distances[1] / distances[0],
    }


def _training_features(
    bank: NoteBank, recognizer: Recognizer, settings: EvaluationSettings
) -> Measurement[npt.NDArray[np.float32]]:
    """What the recogniser sees `(notes, features)` of training notes."""
    positions = np.flatnonzero(bank.split == Split.TRAIN)
    most = min(_MAX_TRAINING, settings.most_training)
    if len(positions) > most:
        positions = np.sort(np.random.default_rng([settings.seed, 10]).choice(positions, most, replace=False))
    rows = []
    for done, position in enumerate(positions.tolist()):
        rows.append(recognizer.features.of_log_mel(bank.log_mel(position)))
        yield StageProgress("looking for copies of training notes", done + 1, len(positions))
    return np.stack(rows)


def _nearest(
    recognizer: Recognizer,
    training: npt.NDArray[np.float32],
    real: npt.NDArray[np.float32],
    new: npt.NDArray[np.float32],
) -> dict[str, float]:
    """Distances to the nearest training note, in standard deviations of the features."""
    scale = recognizer.network.scale.numpy()
    place = [(rows / scale).astype(np.float64) for rows in (training, real, new)]
    of_real, of_new = (cdist(rows, place[0]).min(axis=1) for rows in place[1:])
    return {
        "training_notes": len(training),
        "real_median": float(np.median(of_real)),
        "generated_median": float(np.median(of_new)),
        "generated_nearest": float(of_new.min()),
        "copy_distance": float(np.quantile(of_real, COPY_QUANTILE)),
        "nearer_than_copies_share": float((of_new < np.quantile(of_real, COPY_QUANTILE)).mean()),
    }
