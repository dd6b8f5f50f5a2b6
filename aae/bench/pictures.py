"""One picture of notes of different kinds, as recorded and as each inverter makes them sound.

Each row is a held-out note. After the recording come what is made of the recording's log-mel, and what is
made of the decoder's. Time in seconds runs to the right, frequency in Hz (on the mel scale) upwards; colour
is the level in dB below the loudest point of the row's recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from aae.bench.held_out import HeldOutDecoder, invert_decoded
from aae.notes.bank import NOT_GIVEN, UNPITCHED, NoteBank, Split
from aae.notes.picture_text import labels_as_text
from aae.notes.pitch_names import pitch_name
from aae.rendering.contact_sheet import label_mel_axis
from aae.synthesis.synthesizer import Synthesizer
from mcnn.atomic import atomic_path
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.inversion.inverter import Inverter
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

PICTURE = "inversion.png"
ITERATIONS = 100
KINDS = {
    "plucked": ("pizz-normal", "pizz", "pluck"),
    "tremolo": ("tremolo", "flutter", "roll"),
    "breathy": ("flute", "subtone", "aeolian", "breath"),
    "percussive": ("battuto", "col-legno", "struck", "staccat", "slap"),
}
"""Words in a note's labels, most telling first, that say what kind it is."""
RANGE_DB = 80.0
_PANEL_WIDTH, _PANEL_HEIGHT = 2.5, 1.7
"""Inches."""
_PAPER, _INK, _FAINT = "#fbfaf7", "#1c1b22", "#77757f"


@dataclass(frozen=True)
class ShownNote:
    """One row of the picture."""

    title: str
    sounds: dict[str, npt.NDArray[np.float32]]
    """`(samples,)` each, by the heading of its column; the recording comes first."""


@labels_as_text()
def draw_inversions(synthesizer: Synthesizer, bank: NoteBank, inverter: Inverter, directory: Path) -> Path:
    """Draws `inversion.png`: recordings, Griffin-Lim's notes and those of a live inverter.

    Args:
        synthesizer: The model.
        bank: Its held-out notes are shown.
        inverter: What the model plays with.
        directory: Where the picture goes; made if it is missing.

    Returns:
        The picture's path.
    """
    decoder = HeldOutDecoder(synthesizer, bank)
    inverters = {f"Griffin-Lim {ITERATIONS}": GriffinLim(bank.config, ITERATIONS), inverter.name: inverter}
    kinds = notes_of_kinds(bank).items()
    notes = [_show(kind, position, decoder, inverters) for kind, position in kinds]
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / PICTURE
    with atomic_path(path) as partial:
        _draw(notes, bank.config).savefig(
            partial, format="png", dpi=110, facecolor=_PAPER, metadata={"Software": "Clariolin"}
        )
    return path


def notes_of_kinds(bank: NoteBank) -> dict[str, int]:
    """Positions of held-out notes: the lowest, the highest, and one of each of `KINDS` that there is."""
    held_out = np.flatnonzero(bank.split == Split.TEST)
    pitched = held_out[bank.midi_pitch[held_out] != UNPITCHED]
    by_pitch = pitched[np.argsort(bank.midi_pitch[pitched], kind="stable")]
    found = {"low": int(by_pitch[0]), "high": int(by_pitch[-1])} if len(by_pitch) else {}
    words = {int(position): _words(bank, int(position)) for position in held_out}
    for kind, telling in KINDS.items():
        for word in telling:
            fitting = [position for position in words if word in words[position]]
            fresh = [position for position in fitting if position not in found.values()]
            if fresh:
                found[kind] = fresh[len(fresh) // 2]
                break
    return found


def _words(bank: NoteBank, position: int) -> str:
    """All labels of a note."""
    columns = ((bank.attributes[name], labels[position]) for name, labels in bank.labels.items())
    return " ".join(names[label] for names, label in columns if label != NOT_GIVEN)


@torch.inference_mode()
def _show(kind: str, position: int, decoder: HeldOutDecoder, inverters: dict[str, Inverter]) -> ShownNote:
    bank = decoder.bank
    recorded_mel = torch.from_numpy(bank.log_mel(position))[None]
    decoded = decoder.decode(position, seed=0)
    sounds = {"recording": bank.waveform(position)}
    for name, inverter in inverters.items():
        sounds[f"{name} of its log-mel"] = inverter(recorded_mel)[0].numpy()
    for name, inverter in inverters.items():
        made, _ = invert_decoded(decoder.synthesizer, inverter, decoded)
        sounds[f"decoded, {name}"] = made[0].numpy()
    midi_pitch = int(bank.midi_pitch[position])
    note = "unpitched" if midi_pitch == UNPITCHED else pitch_name(midi_pitch)
    return ShownNote(f"{kind}: {_words(bank, position)}, {note}", sounds)


def _draw(notes: Sequence[ShownNote], front_end: SpectrogramConfig) -> Figure:
    """All notes, a row each, analysed at a finer time grid than the front end's: smeared attacks show."""
    finer = {name: getattr(front_end, name) // 2 for name in ("n_fft", "hop_length", "n_mels")}
    config = front_end.model_copy(update=finer)
    spectrogram = Spectrogram(config)
    headings = list(notes[0].sounds)
    n_rows, n_columns = len(notes), len(headings)
    figure = Figure(figsize=(n_columns * _PANEL_WIDTH + 0.9, n_rows * _PANEL_HEIGHT + 0.9))
    FigureCanvasAgg(figure)
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharey=True)
    for row, note in zip(grid, notes, strict=True):
        pictures = {name: _levels_db(sound, spectrogram) for name, sound in note.sounds.items()}
        top_db = max(float(pictures[headings[0]].max()), -RANGE_DB)
        for axis, (name, levels) in zip(row, pictures.items(), strict=True):
            axis.imshow(
                levels - top_db,
                origin="lower",
                aspect="auto",
                cmap="magma",
                vmin=-RANGE_DB,
                vmax=0.0,
                extent=(0.0, levels.shape[1] / config.frame_rate_hz, -0.5, config.n_mels - 0.5),
            )
            axis.set_title(note.title if name == headings[0] else "", loc="left", fontsize=8, color=_FAINT)
            axis.set_xlim(0.0, len(note.sounds[headings[0]]) / config.sample_rate)
            axis.tick_params(labelsize=7, colors=_FAINT, length=2)
            axis.spines[:].set_visible(False)
        label_mel_axis(row[0], config)
        row[0].set_ylabel("frequency (Hz)", fontsize=7, color=_INK)
    for axis, name in zip(grid[0], headings, strict=True):
        axis.annotate(name, (0, 1.16), xycoords="axes fraction", fontsize=10, color=_INK, fontweight="bold")
    for axis in grid[-1]:
        axis.set_xlabel("time (s)", fontsize=7, color=_INK)
    figure.tight_layout(pad=0.6)
    return figure


def _levels_db(sound: npt.NDArray[np.float32], spectrogram: Spectrogram) -> npt.NDArray[np.float32]:
    log_mel: Tensor = spectrogram(torch.from_numpy(sound)[None])[0]
    levels: npt.NDArray[np.float32] = (20.0 * log_mel).numpy()
    return levels
