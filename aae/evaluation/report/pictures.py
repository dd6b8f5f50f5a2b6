"""The pictures of an evaluation: confusion matrices, originals and reconstructions, mixes on their way."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from aae.evaluation.measures.mixing import WEIGHTS, MixCurve
from aae.evaluation.measures.reconstruction import Reconstruction
from aae.notes.bank import NoteBank
from aae.notes.picture_text import labels_as_text
from aae.notes.pitch_names import pitch_name
from mcnn.atomic import atomic_path

PAPER, INK, FAINT = "#fbfaf7", "#1c1b22", "#77757f"
_MIN_DB, _MAX_DB = -80.0, 0.0
_FIRST, _SECOND, _OTHERS = "#6a3d9a", "#e08214", "#b8b5ad"
_SEMITONES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B", "none"]


@labels_as_text()
def draw_confusion(confusion: Mapping[str, Any], path: Path) -> None:
    """Draws the confusion matrices of new and of real notes side by side.

    Args:
        confusion: `labels` and the counts `(asked, heard)` of both.
        path: The PNG.
    """
    labels = confusion["labels"]
    matrices = {
        "new notes": np.array(confusion["generated"]),
        "real held-out notes": np.array(confusion["real"]),
    }
    shown = [i for i in range(len(labels)) if any(m[i].any() or m[:, i].any() for m in matrices.values())]
    size = 2.4 + 0.34 * max(4, len(shown))
    figure = new_figure(2 * size, size)
    figure.set_layout_engine("constrained")
    axes: npt.NDArray[Any] = figure.subplots(1, 2, sharey=True)
    for axis, (title, counts) in zip(axes, matrices.items(), strict=True):
        _draw_matrix(axis, counts[np.ix_(shown, shown)], [labels[i] for i in shown], None)
        axis.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
        axis.set_xlabel("heard", color=INK)
    axes[0].set_ylabel("asked", color=INK)
    save_figure(figure, path)


@labels_as_text()
def draw_notes(note: Mapping[str, Any], path: Path) -> None:
    """Draws which semitone and which octave was heard for which was asked.

    Args:
        note: `semitones` and `octaves`, counts `(asked, heard)`; see `aae.evaluation.judges.note_names`.
        path: The PNG.
    """
    figure = new_figure(11.5, 6.2)
    figure.set_layout_engine("constrained")
    axes: npt.NDArray[Any] = figure.subplots(1, 2)
    octaves = np.array(note["octaves"])
    used = [i for i in range(len(octaves)) if octaves[i].any()]
    columns = [*used, octaves.shape[1] - 1]
    _draw_matrix(axes[0], np.array(note["semitones"]), _SEMITONES[:12], _SEMITONES)
    names = [str(i) for i in used]
    _draw_matrix(axes[1], octaves[np.ix_(used, columns)], names, [*names, "other"])
    for axis, title in zip(axes, ("semitone", "octave"), strict=True):
        axis.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
        axis.set_xlabel("heard", color=INK)
        axis.set_ylabel("asked", color=INK)
    save_figure(figure, path)


def _draw_matrix(
    axis: Axes, counts: npt.NDArray[np.int64], labels: Sequence[str], columns: Sequence[str] | None
) -> None:
    """One matrix in percent of each asked label; rows that nothing was asked of stay empty."""
    percent = 100.0 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(percent, cmap="Purples", vmin=0, vmax=100)
    heard = labels if columns is None else columns
    axis.set_xticks(range(len(heard)), heard, rotation=90, fontsize=8)
    axis.set_yticks(range(len(labels)), labels, fontsize=8)
    axis.tick_params(length=0, colors=INK)
    axis.spines[:].set_visible(False)
    for row, column in zip(*np.nonzero(percent >= 0.5), strict=True):
        ink = "white" if percent[row, column] > 55 else INK
        axis.text(
            column, row, f"{percent[row, column]:.0f}", ha="center", va="center", fontsize=6.5, color=ink
        )


@labels_as_text()
def draw_reconstructions(
    best: Sequence[Reconstruction],
    worst: Sequence[Reconstruction],
    bank: NoteBank,
    attribute: str,
    path: Path,
) -> None:
    """Draws the best and the worst reconstructions, each under its original.

    Args:
        best: The best notes.
        worst: As many of the worst.
        bank: The originals.
        attribute: The main attribute.
        path: The PNG.
    """
    columns = max(1, len(best), len(worst))
    figure = new_figure(2.4 * columns, 8.4)
    figure.set_layout_engine("constrained")
    axes: npt.NDArray[Any] = figure.subplots(4, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for line, (word, notes) in enumerate((("best", best), ("worst", worst))):
        for column, note in enumerate(notes):
            title = f"{word}: {note_title(bank, attribute, note.position)}"
            _draw_log_mel(axes[2 * line, column], bank.log_mel(note.position), title, INK)
            caption = f"model: {note.log_spectral_distance_db:.1f} dB away"
            _draw_log_mel(axes[2 * line + 1, column], note.log_mel, caption, FAINT)
    save_figure(figure, path)


def _draw_log_mel(axis: Axes, log_mel: npt.NDArray[np.float32], title: str, ink: str) -> None:
    axis.imshow(20.0 * log_mel, origin="lower", aspect="auto", cmap="magma", vmin=_MIN_DB, vmax=_MAX_DB)
    axis.set_title(title, loc="left", fontsize=7.5, color=ink, pad=3)


def note_title(bank: NoteBank, attribute: str, position: int) -> str:
    """What a note is, in two lines: `violin A4`, `arco-normal forte`."""
    names = [attribute, *(name for name in bank.attributes if name != attribute)]
    words = [bank.attributes[name][label] for name in names if (label := bank.labels[name][position]) >= 0]
    midi_pitch = int(bank.midi_pitch[position])
    note = [pitch_name(midi_pitch)] if midi_pitch >= 0 else []
    return "\n".join([" ".join([*words[:1], *note]), " ".join(words[1:3])])


@labels_as_text()
def draw_mixes(curves: Sequence[MixCurve], path: Path) -> None:
    """Draws what is heard along each mix: the first label, the second, all others.

    Args:
        curves: The mixes.
        path: The PNG.
    """
    columns = min(4, max(1, len(curves)))
    lines = max(1, -(-len(curves) // columns))
    figure = new_figure(3.0 * columns, 0.4 + 2.2 * lines)
    figure.set_layout_engine("constrained")
    axes: npt.NDArray[Any] = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    percent = 100.0 * np.array(WEIGHTS)
    for axis in axes.flat[len(curves) :]:
        axis.set_axis_off()
    for axis, curve in zip(axes.flat, curves, strict=False):
        first, second = 100.0 * curve.shares.T
        axis.plot(percent, 100.0 - first - second, color=_OTHERS, linewidth=1.2)
        axis.plot(percent, first, color=_FIRST, linewidth=1.8)
        axis.plot(percent, second, color=_SECOND, linewidth=1.8)
        axis.set_title(curve.first, loc="left", fontsize=8.5, color=_FIRST)
        axis.set_title(curve.second, loc="right", fontsize=8.5, color=_SECOND)
        axis.set_ylim(-3, 103)
        axis.tick_params(labelsize=7, colors=FAINT, length=2)
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(_OTHERS)
    figure.supxlabel("weight of the second (%)", fontsize=9, color=INK)
    figure.supylabel("heard (%)", fontsize=9, color=INK)
    save_figure(figure, path)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure in the report's look.

    Args:
        width: In inches.
        height: In inches.
    """
    figure = Figure(figsize=(width, height), facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a figure as PNG, whole or not at all, the same bytes for the same figure."""
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png", dpi=110, facecolor=PAPER, metadata={"Software": "Clariolin"})
