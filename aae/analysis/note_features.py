"""What the recogniser sees of a note: statistics of its log-mel that say nothing about the file it came in.

A classifier that judges generated sound must not know whether it hears a file or a rendering. So the level is
brought to the NoteBank's reference, everything more than `DYNAMIC_RANGE_DB` under it is cut off, frames
outside the note are ignored, and time is pooled: one vector a note, whatever its length.

Conventions: `(mels, frames)` log-mels of notes at the reference level, `(features,)` vectors.
"""

import numpy as np
import numpy.typing as npt
import torch

from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.level import REFERENCE_LEVEL_DB, loudest_rms_db
from mcnn.spectral.spectrogram import Spectrogram

DYNAMIC_RANGE_DB = 57.0
"""Mel bands further than this under the reference level are taken to be silent."""
ACTIVE_RANGE_DB = 40.0
"""Frames further than this under the loudest frame are not part of the note."""

_ONSET_RANGE_DB = 30.0
_ATTACK_S = (0.035, 0.116)
_SUSTAIN_STARTS_S = 0.093
_ENVELOPE_S = 0.28
_MODULATION_WINDOW_S = 0.56
_MODULATION_RANGE_DB = 50.0
_N_MODULATION_BANDS = 16
_N_MODULATIONS = 12
_MIN_SUSTAIN_FRAMES = 6
_ENERGY_FLOOR = 1e-12

FloatArray = npt.NDArray[np.float32]


def to_reference_level(waveform: FloatArray, sample_rate: int) -> FloatArray:
    """The waveform `(samples,)` at the NoteBank's reference level; silence stays silence."""
    level_db = loudest_rms_db(waveform, sample_rate)
    if not np.isfinite(level_db):
        return waveform
    return waveform * np.float32(10.0 ** ((REFERENCE_LEVEL_DB - level_db) / 20.0))


def frame_energy_db(log_mel: FloatArray, log_floor: float) -> FloatArray:
    """Energy of each frame `(frames,)` of a log-mel `(mels, frames)`, in dB."""
    mel = np.power(np.float32(10.0), log_mel) - np.float32(log_floor)
    energy_db: FloatArray = 10.0 * np.log10(np.square(mel).sum(axis=0) + np.float32(_ENERGY_FLOOR))
    return energy_db


class NoteFeatures:
    """Pools a note's log-mel into one vector.

    The vector holds, per mel band, the mean of the attack's two parts, the mean, spread and flutter of what
    follows; then the first envelope, and how broad bands are modulated (tremolo, trills, flutter-tonguing).

    Args:
        config: The front end.
    """

    def __init__(self, config: SpectrogramConfig) -> None:
        self.config = config
        rate = config.frame_rate_hz
        self._attack = tuple(max(1, round(seconds * rate)) for seconds in _ATTACK_S)
        self._sustain_start = round(_SUSTAIN_STARTS_S * rate)
        self._n_envelope = max(2, round(_ENVELOPE_S * rate))
        self._n_window = max(2 * _N_MODULATIONS + 2, round(_MODULATION_WINDOW_S * rate))
        edges = np.geomspace(config.n_mels / 64, config.n_mels, _N_MODULATION_BANDS + 1)[:-1].round()
        edges[0] = 0
        self._band_starts = np.unique(edges.astype(np.int64))
        self._spectrogram = Spectrogram(config)

    @property
    def size(self) -> int:
        """Length of the vector."""
        return 5 * self.config.n_mels + self._n_envelope + len(self._band_starts) * _N_MODULATIONS

    def log_mel(self, waveform: FloatArray) -> FloatArray:
        """Log-mel `(mels, frames)` of a waveform `(samples,)`, brought to the reference level first."""
        level = to_reference_level(waveform, self.config.sample_rate)
        with torch.inference_mode():
            result: FloatArray = self._spectrogram(torch.from_numpy(level)[None])[0].numpy()
        return result

    def of_waveform(self, waveform: FloatArray) -> FloatArray:
        """Vector `(features,)` of a waveform `(samples,)` at any level."""
        return self.of_log_mel(self.log_mel(waveform))

    def of_log_mel(self, log_mel: FloatArray) -> FloatArray:
        """Vector `(features,)` of a log-mel `(mels, frames)` of a note at the reference level."""
        energy_db = frame_energy_db(log_mel, self.config.log_floor)
        loudest_db = energy_db.max()
        onset = int(np.argmax(energy_db > loudest_db - _ONSET_RANGE_DB))
        active = np.flatnonzero(energy_db > loudest_db - ACTIVE_RANGE_DB)
        active = active[active >= onset]
        floor_db = REFERENCE_LEVEL_DB - DYNAMIC_RANGE_DB
        loudness = (np.maximum(20.0 * log_mel, floor_db) - floor_db) / DYNAMIC_RANGE_DB

        sustain = active[active >= onset + self._sustain_start]
        if len(sustain) < _MIN_SUSTAIN_FRAMES:
            sustain = active[-_MIN_SUSTAIN_FRAMES:]
        sustained = loudness[:, sustain]
        flutter = np.abs(np.diff(sustained, axis=1)) if len(sustain) > 1 else np.zeros_like(sustained)
        first, second = self._attack
        attack = loudness[:, onset : onset + first].mean(axis=1)
        after = loudness[:, onset + first : onset + second]
        parts = [
            attack,
            after.mean(axis=1) if after.shape[1] else attack,
            sustained.mean(axis=1),
            sustained.std(axis=1),
            flutter.mean(axis=1),
            self._envelope(energy_db[onset:] - loudest_db),
            self._modulations(log_mel[:, onset : active[-1] + 1]),
        ]
        return np.concatenate(parts).astype(np.float32)

    def _envelope(self, energy_db: FloatArray) -> FloatArray:
        """The first part of the energy relative to the loudest frame, from −1 (not active) to 0."""
        start = np.clip(energy_db[: self._n_envelope], -ACTIVE_RANGE_DB, 0.0) / ACTIVE_RANGE_DB
        return np.pad(start, (0, self._n_envelope - len(start)), mode="edge")

    def _modulations(self, log_mel: FloatArray) -> FloatArray:
        """Modulation spectra of broad bands' energies in dB, averaged over half-overlapping windows."""
        mel = np.power(np.float32(10.0), log_mel) - np.float32(self.config.log_floor)
        energy = np.add.reduceat(np.square(mel), self._band_starts, axis=0)
        bands_db = 10.0 * np.log10(energy + _ENERGY_FLOOR)
        bands_db = np.maximum(bands_db, bands_db.max() - _MODULATION_RANGE_DB)
        n_window = self._n_window
        if bands_db.shape[1] < n_window:
            bands_db = np.pad(bands_db, ((0, 0), (0, n_window - bands_db.shape[1])), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(bands_db, n_window, axis=1)[:, :: n_window // 2]
        windows = windows - windows.mean(axis=-1, keepdims=True)
        ramp = np.arange(n_window) - (n_window - 1) / 2
        windows = windows - (windows @ ramp / (ramp @ ramp))[..., None] * ramp
        spectra = np.abs(np.fft.rfft(windows * np.hanning(n_window), axis=-1))[..., 1 : _N_MODULATIONS + 1]
        modulations: FloatArray = np.log1p(spectra.mean(axis=1) / n_window).ravel()
        return modulations
