"""How near a model's notes come to the real ones by every way of inversion, all from the same log-mels.

Held-out notes go through encoder and decoder with their measured performance, so that what is decoded lies
frame by frame beside the recording.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from aae.conditioning import Condition
from aae.data import TrainingNotes
from aae.notes import NOT_GIVEN, UNPITCHED, NoteBank, Split
from aae.pitch_names import pitch_frequency_hz
from aae.recognition_features import ACTIVE_RANGE_DB, FloatArray, frame_energy_db
from aae.synthesizer import FADE_IN_S, Synthesizer
from aae.wholeness import Wholeness, measure_wholeness
from mcnn.bench import InversionRow, NoteFigures, compare, pitch_error_cents, summarize, torch_threads
from mcnn.bench_methods import GRIFFIN_LIM_ITERATIONS
from mcnn.griffin_lim import GriffinLim
from mcnn.inverter import Hints, Inverter
from mcnn.phase_inverters import RtpghiInverter
from mcnn.spectrogram import Spectrogram

REAL = "recordings"
"""The row of the real notes themselves, which are not perfect either."""


class DecodedRow(InversionRow):
    """One inverter on the decoder's log-mels, over all notes; speeds are those of decoder and inverter."""

    click_share: float
    """Notes with a click before their last 60 ms, 0 to 1; see `aae.wholeness`."""
    broken_share: float
    """Notes that fall into pieces, 0 to 1."""


class DecodedBench(BaseModel):
    """What the inverters made of the same decoded notes."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    n_notes: int
    duration_s: float
    """Their summed length."""
    n_threads: int
    rows: tuple[DecodedRow, ...]
    """One for each inverter, and one of the recordings."""

    def row(self, method: str) -> DecodedRow:
        """The row of a method."""
        return next(row for row in self.rows if row.method == method)


@dataclass(frozen=True)
class _Decoded:
    """One decoded note beside the recording."""

    log_mel: Tensor
    """`(1, mels, frames)`, without the grain of noise."""
    hints: Hints
    asked_hz: float | None
    asked_cents: FloatArray | None
    """`(frames,)`, the pitch that was drawn, as deviation from the nominal one."""
    real: Tensor
    """`(1, frames * hop_length)`."""
    active: slice
    """The samples of `real` from its first active frame to its last."""
    seconds: float
    """Computing time of the decoder."""


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
        inverters: By name; those that give noise no grain get log-mels that have it.
        n_threads: Threads of torch.
        progress: Called with the number of notes done.
    """
    spectrogram = Spectrogram(bank.config)
    figures: dict[str, list[NoteFigures]] = {name: [] for name in (*inverters, REAL)}
    sounds: dict[str, list[Wholeness]] = {name: [] for name in figures}
    n_parameters = {name: sum(p.numel() for p in one.parameters()) for name, one in inverters.items()}
    source = _Source(synthesizer, bank)
    with torch_threads(n_threads), torch.inference_mode():
        for done, position in enumerate((positions[0], *positions)):  # the first one warms up
            note = source.decode(int(position), done)
            made = {name: _invert(synthesizer, inverter, note) for name, inverter in inverters.items()}
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
                click_share=float(np.mean([sound.click for sound in sounds[name]])),
                broken_share=float(np.mean([sound.broken for sound in sounds[name]])),
            )
            for name in figures
        ),
    )


class _Source:
    """Decodes notes of a bank's test split by their own latents.

    Args:
        synthesizer: The model.
        bank: The notes.
    """

    def __init__(self, synthesizer: Synthesizer, bank: NoteBank) -> None:
        self.synthesizer, self.bank, self.model = synthesizer, bank, synthesizer.model
        self.notes = TrainingNotes(bank, Split.TEST, self.model.decoder.whole_length)

    def decode(self, position: int, seed: int) -> _Decoded:
        """One note; the encoder's time does not count."""
        batch = self.notes.batch(np.searchsorted(self.notes.bank_indices, [position]))
        midi_pitch, condition = self._condition(position)
        latent = self.model.encoder(batch.log_mel, batch.performance.mask(batch.log_mel.shape[2])).float()
        started = time.perf_counter()
        decoded = self.model.decoder(latent, condition, batch.performance)
        seconds = time.perf_counter() - started
        frames, hop_length = int(batch.performance.n_frames[0]), self.bank.config.hop_length
        hints = Hints(decoded.f0_hz, decoded.inharmonicity, decoded.noise, (seed,)).one(0, frames)
        energy_db = frame_energy_db(batch.log_mel[0, :, :frames].numpy(), self.bank.config.log_floor)
        active = np.flatnonzero(energy_db > energy_db.max() - ACTIVE_RANGE_DB)
        asked_hz = None if midi_pitch is None else pitch_frequency_hz(midi_pitch)
        recorded = torch.from_numpy(self.bank.waveform(position))[: frames * hop_length]
        return _Decoded(
            log_mel=decoded.log_mel[:, :, :frames].float(),
            hints=hints,
            asked_hz=asked_hz,
            asked_cents=None if asked_hz is None else _cents(decoded.f0_hz[0, :frames].numpy(), asked_hz),
            real=torch.nn.functional.pad(recorded, (0, frames * hop_length - len(recorded)))[None],
            active=slice(int(active[0]) * hop_length, int(active[-1] + 1) * hop_length),
            seconds=seconds,
        )

    def _condition(self, position: int) -> tuple[int | None, Condition]:
        """A note's pitch and its condition in the model's vocabulary, without labels it does not know."""
        known, bank = self.synthesizer.info.vocabularies, self.bank
        mix = {}
        for name, column in bank.labels.items():
            label = bank.attributes[name][column[position]] if column[position] != NOT_GIVEN else None
            if label in known.get(name, ()):
                mix[name] = {label: 1.0}
        midi_pitch = None if bank.midi_pitch[position] == UNPITCHED else int(bank.midi_pitch[position])
        return midi_pitch, self.synthesizer.vocabulary.encode([midi_pitch], [mix])


def _cents(f0_hz: FloatArray, nominal_hz: float) -> FloatArray:
    """Deviation from a nominal pitch, NaN where there is no pitch."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(f0_hz > 0, 1200 * np.log2(f0_hz / nominal_hz), np.nan).astype(np.float32)


def _invert(synthesizer: Synthesizer, inverter: Inverter, note: _Decoded) -> tuple[Tensor, float]:
    """Waveform `(1, samples)` and the decoder's and its own seconds; with grain as by `Synthesizer`."""
    started = time.perf_counter()
    log_mel, hints = note.log_mel, note.hints
    if hints.noise is not None and not inverter.uses_noise:
        log_mel = synthesizer.decoder._roughen(log_mel[0], hints.noise[0], hints.seed(0))[None]
        hints = replace(hints, noise=None)
    return inverter(log_mel, hints), note.seconds + time.perf_counter() - started


def _judge(waveform: Tensor, note: _Decoded, seconds: float, spectrogram: Spectrogram) -> NoteFigures:
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


def _wholeness(waveform: Tensor, sample_rate: int) -> Wholeness:
    """Of a note that is faded in as the `Synthesizer` does it."""
    faded = waveform[0].numpy().copy()
    rise = min(round(FADE_IN_S * sample_rate), len(faded))
    faded[:rise] *= 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, rise, dtype=np.float32))
    return measure_wholeness(faded, sample_rate)
