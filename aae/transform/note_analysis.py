"""One note of a recording as the model sees it: what it is, and how it is played over time.

Conventions: `(samples,)` mono waveforms at the model's sample rate; frames as in `mcnn.spectral.spectrogram`.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.analysis.f0 import track_f0
from aae.analysis.modulation import Modulation, frame_levels_db, measure_modulation
from aae.analysis.onset import ONSET_FRAMES, measure_onset
from aae.analysis.pitch_estimate import unlabelled_f0_hz
from aae.analysis.segmentation import DetectedNote
from aae.analysis.trimming import SILENT_LEVEL_DB, PreparedAudio, find_note, prepare
from aae.model.conditioning import MAX_MIDI_PITCH, MIN_MIDI_PITCH
from aae.notes.pitch_names import pitch_frequency_hz
from aae.synthesis.synthesizer import Synthesizer
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db
from mcnn.spectral.spectrogram import Spectrogram

Floats = npt.NDArray[np.float32]

MIN_DURATION_S = 0.03


@dataclass(frozen=True)
class AnalysedNote:
    """A note of a recording.

    Attributes:
        start: Its first sample in the recording; the onset follows about 10 ms later.
        waveform: `(samples,)` as recorded.
        midi_pitch: The nearest note; None if no pitch is detected.
        f0_cents: `(frames,)` deviation from it, gaps filled.
        log_mel: `(mels, frames)` at the reference level.
        level_db: Its level as recorded, see `mcnn.spectral.level`.
        modulation: Its vibrato, trill or tremolo.
        latent: Where the encoder puts it.
        take: What tells it from other takes, as the encoder reads it; () where the model has no takes.
        onset_frames: Where its attack lies, see `aae.analysis.onset`.
        is_slurred: Whether it goes on from the note before without an attack of its own.
    """

    start: int
    waveform: Floats
    midi_pitch: int | None
    f0_cents: Floats
    log_mel: Tensor
    level_db: float
    modulation: Modulation
    latent: tuple[float, ...]
    take: tuple[float, ...] = ()
    onset_frames: float = ONSET_FRAMES
    is_slurred: bool = False

    @property
    def end(self) -> int:
        """The sample after its last in the recording."""
        return self.start + len(self.waveform)

    def takes(self, n_notes: int = 1) -> Tensor | None:
        """Its take `(n_notes, take)` for so many notes; None where the model has no takes."""
        return torch.tensor([self.take]).expand(n_notes, -1) if self.take else None

    @property
    def tuning_cents(self) -> float | None:
        """Median deviation from `midi_pitch`; None without pitch."""
        return None if self.midi_pitch is None else float(np.median(self.f0_cents))


class NoteAnalyser:
    """Measures notes for a model.

    Args:
        synthesizer: The model.
    """

    def __init__(self, synthesizer: Synthesizer) -> None:
        self.config = synthesizer.info.spectrogram
        self._spectrogram = Spectrogram(self.config)
        self._encoder = synthesizer.encoder

    def measure_alone(self, waveform: Floats) -> AnalysedNote | None:
        """A recording of one note, which the encoder sees as a NoteBank has it; None if it is silent.

        Args:
            waveform: `(samples,)` of the whole recording.
        """
        sample_rate = self.config.sample_rate
        prepared = prepare(waveform, sample_rate, self.config.max_samples)
        if prepared is None:
            return None
        note = waveform[prepared.start : prepared.end]
        detected = DetectedNote(prepared.start, prepared.end, unlabelled_f0_hz(note, sample_rate))
        return self._analysed(note, detected, loudest_rms_db(note, sample_rate), prepared)

    def measure(self, waveform: Floats, detected: DetectedNote) -> AnalysedNote | None:
        """One note of a longer recording; None if there is nothing in it.

        Args:
            waveform: `(samples,)` of the recording.
            detected: Where the note is in it.
        """
        sample_rate = self.config.sample_rate
        note = waveform[detected.start : detected.end]
        level_db = loudest_rms_db(note, sample_rate)
        if level_db < SILENT_LEVEL_DB:
            return None
        if not detected.is_slurred:
            first, last = find_note(note, sample_rate)
            note, detected = note[first:last], replace(detected, start=detected.start + first)
        return self._analysed(note, detected, level_db, prepare(note, sample_rate, self.config.max_samples))

    @torch.inference_mode()
    def _analysed(
        self, note: Floats, detected: DetectedNote, level_db: float, prepared: PreparedAudio | None
    ) -> AnalysedNote | None:
        """What is measured of a trimmed note; None if it is too short.

        Args:
            note: `(samples,)` as recorded, from its beginning to its end.
            detected: Where it begins, and its pitch.
            level_db: As recorded.
            prepared: What the encoder sees; None if `prepare` finds no note in it.
        """
        if len(note) < MIN_DURATION_S * self.config.sample_rate:
            return None
        scaled = note * np.float32(10.0 ** ((REFERENCE_LEVEL_DB - level_db) / 20.0))
        log_mel = self._spectrogram(torch.from_numpy(scaled)[None])[0]
        midi_pitch = nearest_note(detected.f0_hz)
        f0_cents = self._deviation(note, midi_pitch, detected.f0_hz)
        levels_db, rate_hz = frame_levels_db(log_mel.numpy()), self.config.frame_rate_hz
        latent, take = self._encode(note if prepared is None else prepared.waveform)
        return AnalysedNote(
            start=detected.start,
            waveform=note,
            midi_pitch=midi_pitch,
            f0_cents=f0_cents,
            log_mel=log_mel,
            level_db=level_db,
            modulation=measure_modulation(f0_cents, levels_db, rate_hz),
            latent=latent,
            take=take,
            onset_frames=measure_onset(levels_db, rate_hz),
            is_slurred=detected.is_slurred,
        )

    def _encode(self, prepared: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The latent and the take of a prepared note `(samples,)`."""
        log_mel = self._spectrogram(torch.from_numpy(prepared)[None])
        encoding = self._encoder.encode(log_mel, torch.ones(1, log_mel.shape[2]))
        take = () if encoding.take is None else tuple(encoding.take[0].tolist())
        return tuple(encoding.latent[0].tolist()), take

    def _deviation(self, note: Floats, midi_pitch: int | None, f0_hz: float | None) -> Floats:
        """Deviation from the nearest note `(frames,)`; where it is not heard, what is around it."""
        n_frames = self._spectrogram.n_frames(len(note))
        if midi_pitch is None or f0_hz is None:
            return np.zeros(n_frames, np.float32)
        nominal_hz = pitch_frequency_hz(midi_pitch)
        cents = track_f0(note, self.config.sample_rate, self.config.hop_length, nominal_hz)
        voiced = np.flatnonzero(np.isfinite(cents))
        if not len(voiced):
            return np.full(n_frames, 1200.0 * np.log2(f0_hz / nominal_hz), np.float32)
        return np.interp(np.arange(n_frames), voiced, cents[voiced]).astype(np.float32)


def nearest_note(f0_hz: float | None) -> int | None:
    """MIDI number of the note nearest to a frequency; None if it is none that models know (C0 to B8)."""
    if f0_hz is None:
        return None
    midi_pitch = round(69.0 + 12.0 * np.log2(f0_hz / 440.0))
    return midi_pitch if MIN_MIDI_PITCH <= midi_pitch <= MAX_MIDI_PITCH else None
