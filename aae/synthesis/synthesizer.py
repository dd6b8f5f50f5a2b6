"""The one door to sound: a request is decoded, inverted and finished, for every part that plays."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aae.model.model_file import LoadedModel, load_model
from aae.model.model_info import ModelInfo
from aae.synthesis.decoding import NoteDecoder
from aae.synthesis.finishing import finish_note
from aae.synthesis.inverters import choose_inverter
from aae.synthesis.request import NoteRequest
from mcnn.inversion.inverter import Inverter, InverterConditioning

Floats = npt.NDArray[np.float32]


class Synthesizer:
    """Makes notes with a model.

    Args:
        loaded: An opened model file.
        inverter: Turns its log-mels into waveforms.
        notice: One line that a person should know about that choice; None if there is nothing to say.
    """

    def __init__(self, loaded: LoadedModel, inverter: Inverter, notice: str | None = None) -> None:
        self.info: ModelInfo = loaded.info
        self.model = loaded.model
        self.encoder = loaded.model.encoder
        self.latents = loaded.latents
        self.decoder = NoteDecoder(loaded)
        self.vocabulary = self.decoder.vocabulary
        self.inverter = inverter
        self.notice = notice

    @property
    def sample_rate(self) -> int:
        """Samples per second of all waveforms."""
        return self.info.spectrogram.sample_rate

    @classmethod
    def open(cls, path: Path, inverter: str = "griffin-lim") -> "Synthesizer":
        """Opens a model file.

        Args:
            path: A `.safetensors` file that `clariolin train` made.
            inverter: Name of the way from log-mel to waveform.

        Raises:
            InputError: If the file cannot be used or there is no such inverter.
        """
        loaded = load_model(path)
        chosen = choose_inverter(inverter, loaded)
        return cls(loaded, chosen.inverter, chosen.notice)

    @torch.inference_mode()
    def render(self, requests: Sequence[NoteRequest]) -> list[Floats]:
        """Waveforms `(samples,)` of notes, each of its own length, at its natural level, never clipped.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        waveforms = []
        for note in self.decoder.decode(requests, noise_fluctuation=not self.inverter.uses_noise):
            waveform = self.invert(note.log_mel, note.conditioning)
            waveforms.append(finish_note(waveform, self.sample_rate, note.level_db, note.attack_ms))
        return waveforms

    def log_mel(self, requests: Sequence[NoteRequest], n_frames: int | None = None) -> list[Tensor]:
        """Log-mels `(mels, frames)` of notes at the reference level, with the fluctuation of their noise.

        Args:
            requests: The notes.
            n_frames: Length of every note; if not given, each has the length the model predicts.

        Raises:
            InputError: For mixes, notes or latents the model cannot take.
        """
        notes = self.decoder.decode(requests, noise_fluctuation=True, n_frames=n_frames)
        return [note.log_mel for note in notes]

    @torch.inference_mode()
    def invert(
        self, log_mel: Tensor, conditioning: InverterConditioning, inverter: Inverter | None = None
    ) -> Floats:
        """The waveform `(samples,)` of a decoded log-mel, not finished yet.

        Noise is made to fluctuate before, if the inverter does not see to it and the decoder has not.

        Args:
            log_mel: `(mels, frames)`.
            conditioning: Of this one note.
            inverter: Another one than the synthesizer's own.
        """
        inverter = inverter or self.inverter
        if not inverter.uses_noise and not conditioning.onsets:
            log_mel, conditioning = self.decoder.add_noise_fluctuation(log_mel, conditioning)
        waveform: Floats = inverter(log_mel[None], conditioning)[0].numpy()
        return waveform
