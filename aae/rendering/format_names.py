"""Names of sampler formats and bit depths, for the command line, which must not load more to know them."""

from typing import Literal

FormatName = Literal["wav", "sfz", "decent-sampler", "dslibrary", "sf2"]
"""`wav` is plain files; the others are what samplers load beside them."""
BitDepth = Literal[16, 24, 32]
