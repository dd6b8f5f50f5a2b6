"""Training curves of run folders in one picture: `python -m aae.training.curves RUN... --out curves.png`.

Every metric is a panel, every run a line: the losses of training smoothed over their neighbours, those of
validation as points. It reads the `metrics.csv` that each training keeps, also while that is going on.
"""

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mcnn.atomic import atomic_path
from mcnn.errors import InputError

SMOOTHED = 0.05
"""Part of a curve that each of its points is averaged over."""

Curves = dict[str, tuple[list[int], list[float]]]
"""Metric to its steps and values."""


def read_curves(run: Path) -> Curves:
    """What a training has measured so far.

    Args:
        run: The run folder of `clariolin train`, or the `.training` folder beside an inverter's file.

    Raises:
        InputError: If there is no `metrics.csv`.
    """
    path = run / "metrics.csv"
    if not path.is_file():
        raise InputError(f"there is no {path}: give a run folder, or the .training folder beside a file")
    curves: Curves = defaultdict(lambda: ([], []))
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            steps, values = curves[row["metric"]]
            steps.append(int(row["step"]))
            values.append(float(row["value"]))
    return dict(curves)


def draw_curves(runs: Sequence[Path], out: Path) -> None:
    """Draws the curves of trainings that belong side by side.

    Args:
        runs: Run folders.
        out: The PNG to write.
    """
    curves = {
        run.name.removesuffix(".training").removesuffix(".safetensors"): read_curves(run) for run in runs
    }
    metrics = list(dict.fromkeys(metric for one in curves.values() for metric in one))
    columns = min(3, len(metrics))
    lines = -(-len(metrics) // columns)
    figure = Figure(figsize=(4.2 * columns, 2.6 * lines))
    FigureCanvasAgg(figure)
    axes = figure.subplots(lines, columns, squeeze=False)
    for axis, metric in zip(axes.flat, metrics, strict=False):
        for number, (name, one) in enumerate(curves.items()):
            if metric in one:
                steps, values = one[metric]
                is_validation = metric.startswith("validation")
                shown = values if is_validation else _smooth(values)
                marker = "o" if is_validation else None
                axis.plot(steps, shown, f"C{number}", marker=marker, label=name, markersize=3)
        axis.set_title(metric, loc="left", fontsize=9)
        axis.set_xlabel("step", fontsize=8)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes.flat[len(metrics) :]:
        axis.set_axis_off()
    axes[0, 0].legend(fontsize=8, frameon=False)
    figure.tight_layout()
    with atomic_path(out) as partial:
        figure.savefig(partial, format="png", dpi=110, metadata={"Software": "Clariolin"})


def _smooth(values: Sequence[float]) -> list[float]:
    """Means over windows that are shorter at the ends."""
    half = max(1, round(SMOOTHED * len(values) / 2))
    return [float(np.mean(values[max(0, i - half) : i + half + 1])) for i in range(len(values))]


def _main(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    out: Annotated[Path, typer.Option(help="The PNG to write.")],
) -> None:
    draw_curves(runs, out)


if __name__ == "__main__":
    typer.run(_main)
