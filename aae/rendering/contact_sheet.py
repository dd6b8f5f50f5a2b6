"""One picture of a rendered set: the log-mel spectrograms of its notes side by side, as heard from the files.

Time in seconds runs to the right, frequency in Hz (on the mel scale) upwards; colour is the level in dB of
full scale.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt
import soundfile
import soxr
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedLocator, FuncFormatter, MultipleLocator

from aae.notes.picture_text import labels_as_text
from aae.notes.pitch_names import pitch_name
from aae.rendering.manifest import read_manifest
from mcnn.atomic import atomic_path
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

CONTACT_SHEET = "contact-sheet.png"
_LABELLED_HZ = (100, 500, 1000, 2000, 5000, 10_000)
_MIN_DB, _MAX_DB = -80.0, 0.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.75, 1.1, 0.8, 0.55
_PANEL_WIDTH, _PANEL_HEIGHT = 2.2, 1.95
"""All in inches: margins, and a panel with its share of the gaps."""
_PAPER, _INK, _FAINT = "#fbfaf7", "#1c1b22", "#77757f"


@labels_as_text()
def draw_contact_sheet(
    directory: Path, config: SpectrogramConfig, *, columns: int = 6, most: int = 24
) -> Path:
    """Draws `contact-sheet.png` in a folder of rendered notes.

    Args:
        directory: Holds the WAV files and their manifest.
        config: The front end to draw with.
        columns: Notes beside each other.
        most: Notes on the sheet; of a larger set, as many spread evenly over it.

    Returns:
        The picture's path.

    Raises:
        InputError: If the folder has no manifest, no notes, or a file that cannot be read.
    """
    rows = read_manifest(directory)
    if not rows:
        raise InputError(f"{directory} holds no rendered notes to draw")
    shown = [rows[index] for index in np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int)]
    spectrogram = Spectrogram(config)
    log_mels = [_read_log_mel(directory / row["file"], spectrogram) for row in shown]
    figure = _draw(shown, log_mels, config, columns=min(columns, len(shown)), total=len(rows))
    path = directory / CONTACT_SHEET
    with atomic_path(path) as partial:
        figure.savefig(partial, format="png", dpi=150, facecolor=_PAPER, metadata={"Software": "Clariolin"})
    return path


def sound_title(row: Mapping[str, Any]) -> str:
    """The sound of a row of the manifest in a few words: `violin 0.5 + clarinet 0.5`."""
    mixes: Mapping[str, Mapping[str, float]] = row["mix"]
    name = "instrument" if "instrument" in mixes else next(iter(mixes), "")
    heard = {label: weight for label, weight in mixes.get(name, {}).items() if weight}
    if list(heard.values()) == [1.0]:
        return next(iter(heard))
    return " + ".join(f"{label} {weight:g}" for label, weight in heard.items())


def _read_log_mel(path: Path, spectrogram: Spectrogram) -> npt.NDArray[np.float32]:
    """Log-mel `(mels, frames)` of a file, at most the front end's longest note."""
    try:
        samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    mono = samples.mean(axis=1)
    if sample_rate != spectrogram.config.sample_rate:
        mono = soxr.resample(mono, sample_rate, spectrogram.config.sample_rate)
    waveform = torch.from_numpy(mono[: spectrogram.config.max_samples])
    with torch.inference_mode():
        log_mel: npt.NDArray[np.float32] = spectrogram(waveform[None])[0].numpy()
    return log_mel


def _draw(
    rows: Sequence[Mapping[str, Any]],
    log_mels: Sequence[npt.NDArray[np.float32]],
    config: SpectrogramConfig,
    *,
    columns: int,
    total: int,
) -> Figure:
    lines = -(-len(rows) // columns)
    width, height = _LEFT + columns * _PANEL_WIDTH + _RIGHT, _TOP + lines * _PANEL_HEIGHT + _BOTTOM
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    axes: npt.NDArray[Any] = figure.subplots(
        lines,
        columns,
        sharex=True,
        sharey=True,
        squeeze=False,
        gridspec_kw={
            "left": _LEFT / width,
            "right": 1 - _RIGHT / width,
            "top": 1 - _TOP / height,
            "bottom": _BOTTOM / height,
            "wspace": 0.1,
            "hspace": 0.25,
        },
    )
    longest_s = max(log_mel.shape[1] for log_mel in log_mels) / config.frame_rate_hz
    image = None
    for axis, row, log_mel in zip(axes.flat, rows, log_mels, strict=False):
        image = _draw_note(axis, row, log_mel, config)
    for axis in axes.flat[len(rows) :]:
        axis.set_axis_off()
    _label_axes(axes, len(rows), longest_s, config)
    _write_headings(figure, image, shown=len(rows), total=total)
    return figure


def _draw_note(
    axis: Axes, row: Mapping[str, Any], log_mel: npt.NDArray[np.float32], config: SpectrogramConfig
) -> AxesImage:
    duration_s = log_mel.shape[1] / config.frame_rate_hz
    image = axis.imshow(
        20.0 * log_mel,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=_MIN_DB,
        vmax=_MAX_DB,
        extent=(0.0, duration_s, -0.5, config.n_mels - 0.5),
        interpolation="antialiased",
    )
    axis.set_facecolor("black")
    axis.set_title(
        _note_title(row),
        loc="left", fontsize=11, fontweight="bold", color=_INK, pad=4,
    )  # fmt: skip
    title = sound_title(row)
    axis.set_title(title, loc="right", fontsize=8 if len(title) <= 22 else 6, color=_FAINT, pad=4)
    return image


def label_mel_axis(axis: Axes, config: SpectrogramConfig) -> None:
    """Frequencies in Hz at the rows of a log-mel's picture."""
    mel_hz = librosa.mel_frequencies(config.n_mels + 2, fmin=0.0, fmax=config.sample_rate / 2)[1:-1]
    labelled = [hz for hz in _LABELLED_HZ if hz < mel_hz[-1]]
    bands = np.interp(labelled, mel_hz, np.arange(config.n_mels))
    names = {round(float(band), 6): _hz_name(hz) for band, hz in zip(bands, labelled, strict=True)}
    axis.set_ylim(-0.5, config.n_mels - 0.5)
    axis.yaxis.set_major_locator(FixedLocator(list(names)))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda band, _: names.get(round(band, 6), "")))


def _label_axes(axes: npt.NDArray[Any], n_notes: int, longest_s: float, config: SpectrogramConfig) -> None:
    """Ticks for all, words only on the outer edges."""
    columns = axes.shape[1]
    first: Axes = axes[0, 0]
    first.set_xlim(0.0, longest_s)
    first.xaxis.set_major_locator(MultipleLocator(0.5 if longest_s > 0.75 else 0.1))
    label_mel_axis(first, config)
    for index, axis in enumerate(axes.flat[:n_notes]):
        axis.tick_params(labelsize=8, colors=_FAINT, length=3, width=0.6)
        axis.spines[:].set_visible(False)
        if index + columns >= n_notes:
            axis.tick_params(labelbottom=True)
            axis.set_xlabel("time (s)", fontsize=8, color=_INK)
        if index % columns == 0:
            axis.set_ylabel("frequency (Hz)", fontsize=8, color=_INK)


def _write_headings(figure: Figure, image: AxesImage | None, *, shown: int, total: int) -> None:
    width, height = figure.get_size_inches()
    number = f"{total} notes" if shown == total else f"{shown} of {total} notes"
    figure.suptitle(
        f"Clariolin: {number if total > 1 else 'one note'}",
        x=_LEFT / width, y=1 - 0.12 / height, ha="left", va="top", fontsize=14, color=_INK,
    )  # fmt: skip
    if image is not None:
        bar_height = min(3.0, height - _TOP - _BOTTOM - 0.3) / height
        place = (1 - (_RIGHT - 0.25) / width, 1 - _TOP / height - bar_height, 0.12 / width, bar_height)
        bar = figure.colorbar(image, cax=figure.add_axes(place))
        bar.set_label("level (dB of full scale)", fontsize=8, color=_INK)
        bar.ax.tick_params(labelsize=8, colors=_FAINT)
        bar.outline.set_visible(False)


def _note_title(row: Mapping[str, Any]) -> str:
    """The note, and which variation of it if there are more: `C4`, `C4 v2`."""
    note = "unpitched" if row["midi_pitch"] is None else pitch_name(row["midi_pitch"])
    variation = Path(row["file"]).stem.rpartition("_")[2]
    return note if variation == "v1" else f"{note} {variation}"


def _hz_name(hz: float) -> str:
    return f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}"
