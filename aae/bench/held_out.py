"""Held-out notes through encoder and decoder, each frame by frame beside its recording.

They keep their measured performance (onset, length, level), so that what is decoded can be compared with the
recording, by whatever inverter it is made to sound.
"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aae.analysis.note_features import ACTIVE_RANGE_DB, FloatArray, frame_energy_db
from aae.model.conditioning import Condition
from aae.notes.bank import NOT_GIVEN, UNPITCHED, NoteBank, Split
from aae.notes.pitch_names import pitch_frequency_hz
from aae.synthesis.synthesizer import Synthesizer
from aae.training.data import TrainingNotes
from mcnn.inversion.inverter import Inverter, InverterConditioning


@dataclass(frozen=True)
class DecodedBeside:
    """One decoded note beside the recording."""

    log_mel: Tensor
    """`(1, mels, frames)`, with the mean of the noise."""
    conditioning: InverterConditioning
    asked_hz: float | None
    asked_cents: FloatArray | None
    """`(frames,)`, the pitch that was drawn, as deviation from the nominal one."""
    real: Tensor
    """`(1, frames * hop_length)`."""
    active: slice
    """The samples of `real` from its first active frame to its last."""
    seconds: float
    """Computing time of the decoder."""


class HeldOutDecoder:
    """Decodes notes of a bank's test split by their own latents.

    Args:
        synthesizer: The model.
        bank: The notes.
    """

    def __init__(self, synthesizer: Synthesizer, bank: NoteBank) -> None:
        self.synthesizer, self.bank = synthesizer, bank
        self.notes = TrainingNotes(bank, Split.TEST, synthesizer.decoder.whole_length)

    def decode(self, position: int, seed: int) -> DecodedBeside:
        """One note; the encoder's time does not count."""
        batch = self.notes.batch(np.searchsorted(self.notes.bank_indices, [position]))
        midi_pitch, condition = self._condition(position)
        mask = batch.performance.mask(batch.log_mel.shape[2])
        encoding, decoder = self.synthesizer.encoder.encode(batch.log_mel, mask), self.synthesizer.decoder
        started = time.perf_counter()
        style = decoder.style_of(encoding.latent, condition, encoding.take)
        decoded = decoder.decode_frames(style, condition, batch.performance)
        seconds = time.perf_counter() - started
        frames, hop_length = int(batch.performance.n_frames[0]), self.bank.config.hop_length
        energy_db = frame_energy_db(batch.log_mel[0, :, :frames].numpy(), self.bank.config.log_floor)
        active = np.flatnonzero(energy_db > energy_db.max() - ACTIVE_RANGE_DB)
        asked_hz = None if midi_pitch is None else pitch_frequency_hz(midi_pitch)
        recorded = torch.from_numpy(self.bank.waveform(position))[: frames * hop_length]
        return DecodedBeside(
            log_mel=decoded.log_mel[:, :, :frames].float(),
            conditioning=decoded.conditioning((seed,)).one(0, frames),
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


def invert_decoded(synthesizer: Synthesizer, inverter: Inverter, note: DecodedBeside) -> tuple[Tensor, float]:
    """Waveform `(1, samples)`, inverted as by `Synthesizer`, and the seconds of decoder and inverter."""
    started = time.perf_counter()
    waveform = synthesizer.invert(note.log_mel[0], note.conditioning, inverter)
    return torch.from_numpy(waveform)[None], note.seconds + time.perf_counter() - started
