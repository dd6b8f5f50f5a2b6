"""The labels of a played sound, found by decoding every trained combination where nobody names them."""

import math
from collections.abc import Sequence

import torch

from aae.model.conditioning import Mix
from aae.model.coverage import Combination, strongest
from aae.synthesis.synthesizer import Synthesizer
from aae.transform.note_analysis import AnalysedNote
from aae.transform.performance import performance_from_note

_MAX_NOTES = 3
_FIRST_FRAME, _MAX_FRAMES = 3, 24
_LENGTH_WEIGHT = 0.05
"""Cost, in log10 units of log-mel, of a length e times the predicted one of a combination."""
_PITCH_MARGIN = 2
"""Semitones beyond its trained range in which a combination may still be meant."""


def infer_source(synthesizer: Synthesizer, notes: Sequence[AnalysedNote], named: Mix) -> dict[str, str]:
    """The labels of a played sound: those that are named, and the trained ones beside them that fit best.

    Every trained combination that reaches the notes is decoded from their latents; the one whose log-mels are
    nearest to the recorded ones in the mean is taken.

    Args:
        synthesizer: The model.
        notes: Of one sound; the loudest with a pitch are judged.
        named: What is known already.

    Returns:
        Attribute to label. Without any pitched note, what the model would complete.

    Raises:
        InputError: For words that the model does not know.
    """
    usual = {name: strongest(mix) for name, mix in synthesizer.info.complete(named).items() if mix}
    pitched = sorted((n for n in notes if n.midi_pitch is not None), key=lambda n: -n.level_db)[:_MAX_NOTES]
    rows = [row for row in synthesizer.info.coverage.matching(named) if row.low >= 0]
    rows = [row for row in rows if all(_reaches(row, note) for note in pitched)] or rows
    if not pitched or not rows:
        return usual
    distances = torch.stack([_distances(synthesizer, rows, note) for note in pitched])
    best = rows[int(distances.sum(0).argmin())]
    found = zip(synthesizer.info.coverage.attributes, best.labels, strict=True)
    return usual | {name: label for name, label in found if label is not None}


def _reaches(row: Combination, note: AnalysedNote) -> bool:
    pitch = note.midi_pitch
    return pitch is not None and row.low - _PITCH_MARGIN <= pitch <= row.high + _PITCH_MARGIN


@torch.inference_mode()
def _distances(synthesizer: Synthesizer, rows: Sequence[Combination], note: AnalysedNote) -> torch.Tensor:
    """Mean distance `(rows,)` of a note's log-mel to its decodings, over a stretch after the onset."""
    names = synthesizer.info.coverage.attributes
    mixes = [
        {name: {label: 1.0} for name, label in zip(names, row.labels, strict=True) if label is not None}
        for row in rows
    ]
    condition = synthesizer.vocabulary.encode([note.midi_pitch] * len(rows), mixes)
    n_frames = note.log_mel.shape[1]
    start = min(_FIRST_FRAME, n_frames - 1)
    stop = min(n_frames, start + _MAX_FRAMES)
    decoder = synthesizer.decoder
    latents = torch.tensor([note.latent]).expand(len(rows), -1)
    style = decoder.style_of(latents, condition, note.takes(len(rows)))
    performance = performance_from_note(note).repeated(len(rows))
    decoded = decoder.decode_frames(style, condition, performance, start, stop)
    apart = (decoded.log_mel - note.log_mel[None, :, start:stop]).abs().mean((1, 2))
    log_frames = decoder.traits_of(style).log_frames
    distances: torch.Tensor = apart + _LENGTH_WEIGHT * (log_frames - math.log(n_frames)).abs()
    return distances
