"""The latent space as pictures: its points in three dimensions and by t-SNE, coloured by each attribute."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from aae.evaluation.measures.latent_space import Latents, Points
from aae.evaluation.report.pictures import FAINT, INK, PAPER, new_figure, save_figure
from aae.notes.picture_text import labels_as_text

_MAX_NAMED = 12
"""So many labels are told apart by colour; rarer ones are grey."""
_GREY = "#c9c6be"
_VIEW = (22, -55)


@labels_as_text()
def draw_latents(
    latents: Latents, main: str, most: int, seed: int, in_space: Path, by_neighbours: Path
) -> None:
    """Draws both pictures, a panel an attribute.

    Args:
        latents: Of real notes.
        main: The main attribute, which comes first.
        most: How many points at most.
        seed: Of their choice and of t-SNE.
        in_space: The PNG of the space itself (of its three main axes, if it has more).
        by_neighbours: The PNG of the t-SNE.
    """
    random = np.random.default_rng([seed, 11])
    chosen = random.permutation(len(latents.points))[:most]
    points = latents.points[chosen]
    names = [main, *(name for name in latents.labels if name not in (main, "semitone"))]
    columns = {name: (latents.labels[name], latents.labels[name][chosen]) for name in names}
    space = _three_axes(points)
    _draw(space, columns, latents.names, in_space)
    perplexity = float(min(30, max(2, (len(points) - 1) // 3)))
    flat = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(points)
    _draw(np.asarray(flat, np.float64), columns, latents.names, by_neighbours)


def _three_axes(points: Points) -> Points:
    """Points on their three main axes; those of a smaller space as they are, with zeros."""
    if points.shape[1] > 3:
        points = PCA(3).fit_transform(points)
    return np.pad(points, ((0, 0), (0, 3 - points.shape[1])))


Labels = npt.NDArray[np.int64]


def _draw(
    points: Points,
    columns: Mapping[str, tuple[Labels, Labels]],
    names: Mapping[str, Sequence[str]],
    path: Path,
) -> None:
    """Draws points, a panel an attribute.

    Args:
        points: `(points, 2 or 3)`.
        columns: Attribute to the labels of all notes and those of these points.
        names: Attribute to its labels' names.
        path: The PNG.
    """
    in_space = points.shape[1] == 3
    n_columns = min(3, len(columns))
    lines = -(-len(columns) // n_columns)
    figure = new_figure(5.2 * n_columns, 4.2 * lines)
    for place, (name, (every, labels)) in enumerate(columns.items()):
        axis = _axis(figure, lines, n_columns, place + 1, in_space)
        _scatter(axis, points, labels, names[name], _frequent(every))
        axis.set_title(name, loc="left", fontsize=11, fontweight="bold", color=INK)
    figure.subplots_adjust(0.01, 0.05, 0.87, 0.94, wspace=0.5, hspace=0.16)
    save_figure(figure, path)


def _axis(figure: Figure, lines: int, columns: int, place: int, in_space: bool) -> Any:
    if not in_space:
        axis: Any = figure.add_subplot(lines, columns, place, facecolor=PAPER)
        axis.set_xticks([])
        axis.set_yticks([])
        axis.spines[:].set_visible(False)
        return axis
    axis = figure.add_subplot(lines, columns, place, projection="3d", facecolor=PAPER)
    axis.view_init(*_VIEW)
    axis.set_box_aspect((1.0, 1.0, 0.9), zoom=1.05)
    axis.tick_params(labelsize=6, colors=FAINT, pad=-2)
    for pane in (axis.xaxis, axis.yaxis, axis.zaxis):
        pane.set_pane_color((0.0, 0.0, 0.0, 0.02))
        pane._axinfo["grid"].update({"color": "#e6e3da", "linewidth": 0.5})
    return axis


def _frequent(labels: Labels) -> Labels:
    """The most frequent labels, in their own order."""
    counts = np.bincount(labels[labels >= 0])
    order = np.argsort(-counts, kind="stable")[:_MAX_NAMED]
    return np.sort(order[counts[order] > 0])


def _scatter(axis: Any, points: Points, labels: Labels, names: Sequence[str], frequent: Labels) -> None:
    """Points in the colours of their labels, the most frequent ones named beside them."""
    palette = matplotlib.colormaps["tab20"]
    colour = {int(label): to_hex(palette((2 * i + i // 10) % 20)) for i, label in enumerate(frequent)}
    others = ~np.isin(labels, frequent)
    if others.any():
        axis.scatter(*points[others].T, s=3, color=_GREY, alpha=0.5, linewidths=0, label="others")
    for label in frequent.tolist():
        rows = labels == label
        axis.scatter(*points[rows].T, s=4, color=colour[label], alpha=0.75, linewidths=0, label=names[label])
    legend = axis.legend(
        loc="center left", bbox_to_anchor=(1.05, 0.5), fontsize=7, frameon=False, markerscale=3,
        handletextpad=0.2, borderaxespad=0.0, labelcolor=INK,
    )  # fmt: skip
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)
