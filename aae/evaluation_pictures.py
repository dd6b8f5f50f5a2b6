"""The pictures of an evaluation: who is taken for whom, and originals above what the model made of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from aae.notes import NoteBank
from aae.pitch_names import pitch_name
from aae.reconstruction import Reconstruction
from mcnn.atomic import atomic_path

_COLUMNS, _LINES = 6, 3
_LOWEST_DB, _HIGHEST_DB = -80.0, 0.0
_PAPER, _INK, _FAINT = "#fbfaf7", "#1c1b22", "#77757f"


def draw_confusion(report: Mapping[str, Any], path: Path) -> None:
    """Draws the confusion matrices of new and of real notes side by side.

    Args:
        report: Its `confusion` holds the labels and the counts `(asked, heard)`.
        path: The PNG.
    """
    labels = report["confusion"]["labels"]
    matrices = {
        "new notes": np.array(report["confusion"]["generated"]),
        "real held-out notes": np.array(report["confusion"]["real"]),
    }
    shown = [i for i in range(len(labels)) if any(m[i].any() or m[:, i].any() for m in matrices.values())]
    size = 2.2 + 0.34 * len(shown)
    figure = _figure(2 * size, size)
    figure.set_layout_engine("constrained")
    axes: npt.NDArray[Any] = figure.subplots(1, 2, sharey=True)
    for axis, (title, counts) in zip(axes, matrices.items(), strict=True):
        _draw_matrix(axis, counts[np.ix_(shown, shown)], [labels[i] for i in shown])
        axis.set_title(title, loc="left", fontsize=11, fontweight="bold", color=_INK)
        axis.set_xlabel("heard", color=_INK)
    axes[0].set_ylabel("asked", color=_INK)
    _save(figure, path)


def _draw_matrix(axis: Axes, counts: npt.NDArray[np.int64], labels: Sequence[str]) -> None:
    """One matrix in percent of each asked label."""
    percent = 100.0 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(percent, cmap="Purples", vmin=0, vmax=100)
    axis.set_xticks(range(len(labels)), labels, rotation=90, fontsize=8)
    axis.set_yticks(range(len(labels)), labels, fontsize=8)
    axis.tick_params(length=0, colors=_INK)
    axis.spines[:].set_visible(False)
    for row, column in zip(*np.nonzero(percent >= 0.5), strict=True):
        ink = "white" if percent[row, column] > 55 else _INK
        axis.text(
            column, row, f"{percent[row, column]:.0f}", ha="center", va="center", fontsize=6.5, color=ink
        )


def draw_reconstructions(found: Sequence[Reconstruction], bank: NoteBank, attribute: str, path: Path) -> None:
    """Draws an even spread of held-out notes, each above what the model made of it.

    Args:
        found: The reconstructions; they are spread over the labels of `attribute` and, within, over pitch.
        bank: The originals.
        attribute: The main attribute.
        path: The PNG.
    """
    order = sorted(found, key=lambda n: (bank.labels[attribute][n.position], bank.midi_pitch[n.position]))
    picks = np.linspace(0, len(order) - 1, min(_COLUMNS * _LINES, len(order))).round().astype(int)
    chosen = [order[i] for i in picks]
    lines = -(-len(chosen) // _COLUMNS)
    width, height = 2.4 * _COLUMNS, 0.5 + 3.6 * lines
    figure = _figure(width, height)
    axes: npt.NDArray[Any] = figure.subplots(
        2 * lines,
        _COLUMNS,
        squeeze=False,
        gridspec_kw={
            "left": 0.1 / width,
            "right": 1.0 - 0.1 / width,
            "bottom": 0.1 / height,
            "top": 1.0 - 0.9 / height,
            "hspace": 0.3,
            "wspace": 0.06,
        },
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for index, note in enumerate(chosen):
        line, column = divmod(index, _COLUMNS)
        title = _title(bank, attribute, note.position)
        _draw_log_mel(axes[2 * line, column], bank.log_mel(note.position), title, _INK)
        caption = f"model: {note.log_spectral_distance_db:.1f} dB away"
        _draw_log_mel(axes[2 * line + 1, column], note.log_mel, caption, _FAINT)
    duration_s = bank.config.max_frames / bank.config.frame_rate_hz
    figure.suptitle(
        "Held-out notes, and under each what the model made of it "
        f"(mel bands upwards, at most {duration_s:.1f} s; colour: level, 80 dB)",
        x=0.1 / width, y=1.0 - 0.1 / height, ha="left", va="top", fontsize=11, color=_INK,
    )  # fmt: skip
    _save(figure, path)


def _draw_log_mel(axis: Axes, log_mel: npt.NDArray[np.float32], title: str, ink: str) -> None:
    axis.imshow(
        20.0 * log_mel, origin="lower", aspect="auto", cmap="magma", vmin=_LOWEST_DB, vmax=_HIGHEST_DB
    )
    axis.set_title(title, loc="left", fontsize=7.5, color=ink, pad=3)


def _title(bank: NoteBank, attribute: str, position: int) -> str:
    """What a note is: `violin A4 arco-normal forte`."""
    names = [attribute, *(name for name in bank.attributes if name != attribute)]
    words = [bank.attributes[name][label] for name in names if (label := bank.labels[name][position]) >= 0]
    midi_pitch = int(bank.midi_pitch[position])
    note = [pitch_name(midi_pitch)] if midi_pitch >= 0 else []
    return "\n".join([" ".join([*words[:1], *note]), " ".join(words[1:3])])


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), facecolor=_PAPER)
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png", dpi=120, facecolor=_PAPER, metadata={"Software": "Clariolin"})
