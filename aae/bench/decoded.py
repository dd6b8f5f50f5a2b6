"""Inversion of the decoder's log-mels by every inverter, against the recordings.

Held-out notes go through encoder and decoder with their measured performance, so that what is decoded lies
frame by frame beside the recording.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.analysis.defects import NoteDefects, measure_defects
from aae.bench.held_out import DecodedBeside, HeldOutDecoder, invert_decoded
from aae.bench.inversion import (
    InversionRow,
    NoteFigures,
    compare,
    pitch_error_cents,
    summarize,
    torch_threads,
)
from aae.bench.methods import GRIFFIN_LIM_ITERATIONS
from aae.notes.bank import NoteBank
from aae.synthesis.finishing import FADE_IN_S, fade
from aae.synthesis.synthesizer import Synthesizer
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.inversion.inverter import Inverter
from mcnn.inversion.phase_inverters import RtpghiInverter
from mcnn.plain import Settings
from mcnn.spectral.spectrogram import Spectrogram

REAL = "recordings"
"""The row of the real notes themselves, which are not perfect either."""


class DecodedRow(InversionRow):
    """One inverter on the decoder's log-mels, over all notes; speeds are those of decoder and inverter."""

    click_share: float
    """Notes with a click before their last 60 ms, 0 to 1; see `aae.analysis.defects`."""
    broken_share: float
    """Notes that fall into pieces, 0 to 1."""


class DecodedBench(Settings):
    """What the inverters made of the same decoded notes."""

    n_notes: int
    duration_s: float
    """Their summed length."""
    n_threads: int
    rows: tuple[DecodedRow, ...]
    """One for each inverter, and one of the recordings."""

    def row(self, method: str) -> DecodedRow:
        """The row of a method."""
        return next(row for row in self.rows if row.method == method)


def inverters_of(synthesizer: Synthesizer, trained: dict[str, Inverter]) -> dict[str, Inverter]:
    """What is compared on decoded notes.

    Args:
        synthesizer: The model.
        trained: Trained inverters by name.
    """
    config = synthesizer.info.spectrogram
    untrained = {f"griffin-lim {n}": GriffinLim(config, n) for n in GRIFFIN_LIM_ITERATIONS}
    return {**untrained, "rtpghi": RtpghiInverter(config), **trained}


def bench_decoded(
    synthesizer: Synthesizer,
    bank: NoteBank,
    positions: npt.NDArray[np.int64],
    inverters: dict[str, Inverter],
    n_threads: int = 1,
    progress: Callable[[int], object] = lambda done: None,
) -> DecodedBench:
    """Decodes held-out notes and inverts each with every inverter, in turn.

    Args:
        synthesizer: The model.
        bank: Where the notes are.
        positions: Of notes in the bank's test split.
        inverters: By name.
        n_threads: Threads of torch.
        progress: Called with the number of notes done.
    """
    spectrogram = Spectrogram(bank.config)
    figures: dict[str, list[NoteFigures]] = {name: [] for name in (*inverters, REAL)}
    sounds: dict[str, list[NoteDefects]] = {name: [] for name in figures}
    n_parameters = {name: sum(p.numel() for p in one.parameters()) for name, one in inverters.items()}
    source = HeldOutDecoder(synthesizer, bank)
    with torch_threads(n_threads), torch.inference_mode():
        for done, position in enumerate((positions[0], *positions)):  # the first one warms up
            note = source.decode(int(position), done)
            made = {name: invert_decoded(synthesizer, inverter, note) for name, inverter in inverters.items()}
            made[REAL] = note.real, 0.0
            if done == 0:
                continue
            for name, (waveform, seconds) in made.items():
                found = _judge(waveform, note, seconds, spectrogram)
                figures[name].append(found if name != REAL else _without_distances(found))
                sounds[name].append(_wholeness(waveform, bank.config.sample_rate))
            progress(done)
    return DecodedBench(
        n_notes=len(positions),
        duration_s=sum(note.duration_s for note in figures[REAL]),
        n_threads=n_threads,
        rows=tuple(
            DecodedRow(
                **summarize(name, n_parameters.get(name, 0), figures[name]),
                click_share=float(np.mean([sound.has_click for sound in sounds[name]])),
                broken_share=float(np.mean([sound.is_split for sound in sounds[name]])),
            )
            for name in figures
        ),
    )


def _judge(waveform: Tensor, note: DecodedBeside, seconds: float, spectrogram: Spectrogram) -> NoteFigures:
    """Distances over the note's active part, and its pitch against the one that was asked for."""
    figures = compare(waveform[:, note.active], note.real[:, note.active], seconds, spectrogram)
    cents = None
    if note.asked_hz is not None and note.asked_cents is not None:
        cents = pitch_error_cents(waveform, note.asked_hz, note.asked_cents, spectrogram)
    whole_s = waveform.shape[1] / spectrogram.config.sample_rate
    return figures.model_copy(update={"duration_s": whole_s, "pitch_cents": cents})


def _without_distances(found: NoteFigures) -> NoteFigures:
    """Of the real note, which has none from itself."""
    return found.model_copy(
        update=dict.fromkeys(("spectral_convergence", "log_magnitude_db", "front_end_db"))
    )


def _wholeness(waveform: Tensor, sample_rate: int) -> NoteDefects:
    """Of a note that is faded in as the `Synthesizer` does it."""
    return measure_defects(fade(waveform[0].numpy(), round(FADE_IN_S * sample_rate), 0), sample_rate)
