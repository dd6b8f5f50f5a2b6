"""A recording heard in stretches: its notes found and measured, in memory that does not grow with its length.

Of each stretch the notes that surely end within it are measured; the others wait for more. The same
recording always falls into the same stretches.

Conventions: blocks are float32 at the model's sample rate: `(samples, 1)`, the middle, or `(samples, 2)`,
middle and side.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from aae.analysis.segmentation import DetectedNote, find_notes
from aae.transform.note_analysis import AnalysedNote, Floats, NoteAnalyser

TakenAs = Literal["auto", "note", "phrase"]

STRETCH_S = 20.0
"""How much is listened to at a time."""
MARGIN_S = 3.0
"""A note that ends this near the end of a stretch may go on."""
MAX_NOTE_S = 60.0
"""A recording that is said to be one note may not be longer."""
_SHORT_S = 4.0
_MAIN_SHARE = 0.8
"""A short recording of which one note has such a share is that note."""
_NEAR_S = 0.06


@dataclass(frozen=True)
class Segment:
    """A part of a recording with the notes found in it.

    Attributes:
        block: `(samples, 1 or 2)`.
        start: Its first sample in the recording.
        notes: Their places count from the beginning of the recording.
        settled: All before this sample of the recording has its final notes.
    """

    block: Floats
    start: int
    notes: tuple[AnalysedNote, ...]
    settled: int

    def of_note(self, note: AnalysedNote) -> Floats:
        """The recording of a note, `(samples, 1 or 2)`."""
        return self.block[note.start - self.start : note.end - self.start]


def listen(
    blocks: Iterable[Floats], meter: NoteAnalyser, loudest_db: float, taken_as: TakenAs = "auto"
) -> Iterator[Segment]:
    """Cuts a recording into stretches and measures the notes of each.

    Args:
        blocks: The recording, in blocks of any size.
        meter: Measures for the model.
        loudest_db: Level of the loudest sample of the recording.
        taken_as: Whether it is one note, several, or to be found out.
    """
    sample_rate = meter.config.sample_rate
    stretch, source = round(STRETCH_S * sample_rate), iter(blocks)
    wanted = round(MAX_NOTE_S * sample_rate) + 1 if taken_as == "note" else stretch
    kept: list[Floats] = []
    start, is_slurred, is_last = 0, False, False
    while not is_last:
        block, is_last = _filled(kept, source, wanted)
        if not len(block):
            return
        mono = np.ascontiguousarray(block[:, 0])
        found = [] if taken_as == "note" else find_notes(mono, sample_rate, loudest_db)
        whole = is_last and start == 0
        if taken_as == "note" or (whole and taken_as == "auto" and _is_one(found, len(mono), sample_rate)):
            alone = meter.measure_alone(mono)
            yield Segment(block, 0, (alone,) if alone else (), len(block))
            return
        if found and is_slurred and found[0].start < _NEAR_S * sample_rate:
            found[0] = replace(found[0], is_slurred=True)
        keep_from = len(block)
        if not is_last:
            found, keep_from, is_slurred = _settled(found, len(block), sample_rate)
        measured = (meter.measure(mono, heard) for heard in found)
        notes = tuple(replace(note, start=note.start + start) for note in measured if note is not None)
        yield Segment(block, start, notes, start + keep_from)
        kept, start = [block[keep_from:]], start + keep_from
        wanted = max(stretch, len(kept[0]) + stretch // 2)


def _filled(kept: list[Floats], source: Iterator[Floats], wanted: int) -> tuple[Floats, bool]:
    """What was kept and as many more blocks as make `wanted` samples; whether these were the last."""
    parts, n_samples = list(kept), sum(len(part) for part in kept)
    while n_samples < wanted:
        block = next(source, None)
        if block is None:
            return (np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)), True
        parts.append(block)
        n_samples += len(block)
    return np.concatenate(parts), False


def _is_one(found: list[DetectedNote], n_samples: int, sample_rate: int) -> bool:
    """Whether a whole recording is a single note."""
    if len(found) <= 1:
        return len(found) == 1 and n_samples < MAX_NOTE_S * sample_rate
    lengths = [note.end - note.start for note in found]
    return n_samples < _SHORT_S * sample_rate and max(lengths) >= _MAIN_SHARE * sum(lengths)


def _settled(
    found: list[DetectedNote], n_samples: int, sample_rate: int
) -> tuple[list[DetectedNote], int, bool]:
    """The notes that surely end in a stretch, where the rest begins, and whether that is slurred to them."""
    margin = n_samples - round(MARGIN_S * sample_rate)
    final = [note for note in found if note.end <= margin]
    waiting = found[len(final)] if len(final) < len(found) else None
    if waiting is None:
        return final, max(margin, final[-1].end if final else 0), False
    if not final and n_samples > 2 * STRETCH_S * sample_rate:
        return found, n_samples, True
    return final, waiting.start, waiting.is_slurred
