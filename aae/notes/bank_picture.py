"""One picture of what is in a NoteBank: counts, pitch coverage, lengths and levels.

Left, from the top: how many notes each instrument has in each technique (or whichever two attributes the bank
has), and which pitches each instrument covers. Right: the lengths and the recorded levels.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from aae.notes.bank import NOT_GIVEN, UNPITCHED, NoteBank
from aae.notes.picture_text import labels_as_text
from aae.notes.pitch_names import pitch_name
from mcnn.atomic import atomic_path

MAX_ROWS, MAX_COLUMNS = 40, 24
"""Labels that are shown; the rarer ones are counted together in the last row or column."""
_PAPER, _INK, _FAINT, _BARS = "#fbfaf7", "#1c1b22", "#77757f", "#6a51a3"
_OTHERS = "others"
_NOT_GIVEN_WORD = "not given"


@labels_as_text()
def draw_bank(bank: NoteBank, path: Path) -> None:
    """Draws the picture.

    Args:
        bank: An open bank.
        path: The PNG to make; it appears whole or not at all.
    """
    names = _shown_attributes(bank)
    rows = _words(bank, names[0], MAX_ROWS) if names else [_NOT_GIVEN_WORD] * len(bank)
    columns = _words(bank, names[1], MAX_COLUMNS) if len(names) > 1 else ["all notes"] * len(bank)
    row_words, column_words = _in_order(rows), _in_order(columns)
    height = 2.6 + 0.2 * max(len(row_words), 6)
    figure = Figure(figsize=(13.0, 2 * height), facecolor=_PAPER, layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(2.4, 1.0))
    _draw_counts(figure.add_subplot(grid[0, 0]), rows, columns, row_words, column_words)
    _draw_coverage(figure.add_subplot(grid[1, 0]), bank, rows, row_words)
    seconds = bank.n_samples / bank.config.sample_rate
    _draw_histogram(figure.add_subplot(grid[0, 1]), seconds, "length", "seconds")
    _draw_histogram(figure.add_subplot(grid[1, 1]), bank.level_db, "level as recorded", "dB of full scale")
    figure.suptitle(
        f"{bank.path.stem}: {len(bank):,} notes", x=0.01, ha="left", color=_INK, fontweight="bold"
    )
    FigureCanvasAgg(figure)
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png", dpi=110, facecolor=_PAPER)


def _shown_attributes(bank: NoteBank) -> list[str]:
    """Instrument and technique if the bank has them, else whatever it has."""
    preferred = [name for name in ("instrument", "technique", "mute", "family") if name in bank.attributes]
    return [*preferred, *(name for name in bank.attributes if name not in preferred)][:2]


def _words(bank: NoteBank, name: str, most: int) -> list[str]:
    """Each note's label of an attribute; the rarest are one."""
    labels = bank.attributes[name]
    words = [_NOT_GIVEN_WORD if i == NOT_GIVEN else labels[i] for i in bank.labels[name].tolist()]
    kept = {word for word, _count in Counter(words).most_common(most)}
    return [word if word in kept else _OTHERS for word in words]


def _in_order(words: list[str]) -> list[str]:
    """Distinct words by the alphabet, the collective ones last."""
    return sorted(set(words), key=lambda word: (word in (_OTHERS, _NOT_GIVEN_WORD), word))


def _draw_counts(
    axis: Axes, rows: list[str], columns: list[str], row_words: list[str], column_words: list[str]
) -> None:
    counts = np.zeros((len(row_words), len(column_words)), np.int64)
    for (row, column), count in Counter(zip(rows, columns, strict=True)).items():
        counts[row_words.index(row), column_words.index(column)] = count
    shown = np.ma.masked_equal(counts, 0)
    axis.imshow(shown, cmap="Purples", norm=LogNorm(0.5, max(2, counts.max())), aspect="auto")
    size = 7.5 if len(column_words) <= 16 else 6.0
    for row, column in zip(*np.nonzero(counts), strict=True):
        ink = "white" if counts[row, column] > 0.3 * counts.max() ** 0.9 else _INK
        axis.text(column, row, f"{counts[row, column]}", ha="center", va="center", fontsize=size, color=ink)
    axis.set_xticks(range(len(column_words)), column_words, rotation=45, ha="right", rotation_mode="anchor")
    _name_rows(axis, row_words)
    _style(axis, "notes")


def _draw_coverage(axis: Axes, bank: NoteBank, rows: list[str], row_words: list[str]) -> None:
    """Which pitches each row covers, darker where there are more takes."""
    pitched = bank.midi_pitch != UNPITCHED
    if not pitched.any():
        axis.set_axis_off()
        axis.set_title("no note has a pitch", loc="left", color=_FAINT, fontsize=10)
        return
    low, high = int(bank.midi_pitch[pitched].min()), int(bank.midi_pitch[pitched].max())
    counts = np.zeros((len(row_words), high - low + 1), np.int64)
    place = {word: number for number, word in enumerate(row_words)}
    for word, midi_pitch in zip(rows, bank.midi_pitch.tolist(), strict=True):
        if midi_pitch != UNPITCHED:
            counts[place[word], midi_pitch - low] += 1
    extent = (low - 0.5, high + 0.5, len(row_words) - 0.5, -0.5)
    shown = np.ma.masked_equal(counts, 0)
    norm = LogNorm(0.4, max(2, counts.max()))
    axis.imshow(shown, cmap="Purples", norm=norm, aspect="auto", extent=extent, interpolation="nearest")
    octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0] or [low]
    axis.set_xticks(octaves, [pitch_name(pitch) for pitch in octaves])
    axis.grid(axis="x", color=_FAINT, alpha=0.25, linewidth=0.6)
    _name_rows(axis, row_words)
    _style(axis, "pitches")


def _draw_histogram(axis: Axes, values: npt.NDArray[Any], title: str, unit: str) -> None:
    axis.hist(values, bins=40, color=_BARS)
    axis.set_xlabel(unit, color=_INK, fontsize=9)
    axis.set_ylabel("notes", color=_INK, fontsize=9)
    axis.axvline(float(np.median(values)), color=_INK, linewidth=1.0)
    _style(axis, f"{title}: median {np.median(values):.3g}")


def _name_rows(axis: Axes, words: list[str]) -> None:
    axis.set_yticks(range(len(words)), words)
    axis.tick_params(axis="both", length=0)
    axis.grid(axis="y", color=_FAINT, alpha=0.15, linewidth=0.6)
    axis.set_axisbelow(True)


def _style(axis: Axes, title: str) -> None:
    axis.set_facecolor(_PAPER)
    axis.set_title(title, loc="left", fontsize=10.5, fontweight="bold", color=_INK)
    axis.tick_params(colors=_INK, labelsize=8)
    axis.spines[:].set_visible(False)
