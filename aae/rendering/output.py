"""Settings of a rendered set: sampler format, bit depth, sample rate, level, loops."""

from dataclasses import dataclass
from typing import Any

from aae.analysis.loudness import NATURAL, parse_level
from aae.rendering.format_names import BitDepth, FormatName
from mcnn.errors import InputError

MIN_RATE, MAX_RATE = 8_000, 192_000
"""Sample rates of files, in Hz."""
INSTRUMENT_LEVEL = "lufs:-23"
"""Keys of an instrument sound equally loud, and a chord of ten does not clip."""


@dataclass(frozen=True)
class OutputSettings:
    """Settings of the files of a set; every row of its manifest names them.

    Attributes:
        format: What is written besides the WAV files.
        bits: 16 or 24 (with dither), or 32 (floating point).
        sample_rate: In Hz; None for the model's own.
        level: `natural`, `lufs:-23` or `rms:-20`.
        looped: Whether sustained notes get a loop.
    """

    format: FormatName = "wav"
    bits: BitDepth = 24
    sample_rate: int | None = None
    level: str = NATURAL
    looped: bool = False

    def __post_init__(self) -> None:
        parse_level(self.level)
        if self.sample_rate is not None and not MIN_RATE <= self.sample_rate <= MAX_RATE:
            raise InputError(f"sample rate {self.sample_rate}: give one from {MIN_RATE} to {MAX_RATE} Hz")

    def facts(self) -> dict[str, Any]:
        """Columns of a manifest's row; the sample rate has a column of its own."""
        return {"format": self.format, "bits": self.bits, "level": self.level, "looped": self.looped}

    @classmethod
    def for_format(
        cls,
        format: FormatName,
        *,
        bits: BitDepth = 24,
        sample_rate: int | None = None,
        level: str | None = None,
        looped: bool | None = None,
    ) -> "OutputSettings":
        """Settings that suit a format: instruments are levelled and looped, plain WAV files are neither.

        Args:
            format: What is written besides the WAV files.
            bits: 16, 24 or 32.
            sample_rate: In Hz; None for the model's own.
            level: See the attributes; what suits the format if not given.
            looped: Whether sustained notes get a loop; what suits the format if not given.

        Raises:
            InputError: For a level or a sample rate that cannot be.
        """
        is_instrument = format != "wav"
        if level is None:
            level = INSTRUMENT_LEVEL if is_instrument else NATURAL
        return cls(format, bits, sample_rate, level, is_instrument if looped is None else looped)
