"""The front end's settings. They travel inside every NoteBank and model file."""

from pydantic import Field, model_validator

from mcnn.errors import InputError
from mcnn.plain import Settings


class SpectrogramConfig(Settings):
    """Settings of the log-mel spectrogram; `mcnn/README.md` has the measurements behind them."""

    sample_rate: int = Field(44_100, gt=0)
    """Samples per second."""
    n_fft: int = Field(4096, gt=0)
    """Length of the Hann window and of the transform, in samples."""
    hop_length: int = Field(512, gt=0)
    """Samples between frames."""
    n_mels: int = Field(512, gt=0)
    """Mel bands from 0 Hz to half the sample rate."""
    max_frames: int = Field(192, gt=0)
    """Longest note, in frames."""
    log_floor: float = Field(1e-4, gt=0)
    """Added to the mel magnitude before the logarithm; a unit sinusoid has magnitude 1: 1e-4 is -80 dB."""

    @model_validator(mode="after")
    def _hop_divides_window(self) -> "SpectrogramConfig":
        if self.n_fft % self.hop_length or self.n_fft // self.hop_length < 4:
            raise ValueError(
                f"n_fft {self.n_fft} must be a multiple, at least 4 times, of hop_length {self.hop_length}"
            )
        return self

    @property
    def n_bins(self) -> int:
        """Number of linear frequency bins."""
        return self.n_fft // 2 + 1

    @property
    def frame_rate_hz(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.hop_length

    @property
    def max_samples(self) -> int:
        """Longest note, in samples."""
        return self.max_frames * self.hop_length

    def require_equal(self, other: "SpectrogramConfig", ours: str, theirs: str) -> None:
        """Refuses to mix two front ends.

        Args:
            other: The settings to compare with.
            ours: What this config belongs to, for the message.
            theirs: What `other` belongs to.

        Raises:
            InputError: If any setting differs; the message names each.
        """
        mine, its = self.model_dump(), other.model_dump()
        differing = [f"{key} {mine[key]} and {its[key]}" for key in mine if mine[key] != its[key]]
        if differing:
            raise InputError(f"{ours} and {theirs} have different front ends: {', '.join(differing)}")
