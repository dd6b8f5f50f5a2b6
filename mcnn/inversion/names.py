"""Names of the inverters, for the command line, which must not load them to know."""

from typing import Literal

InverterName = Literal["griffin-lim", "mcnn", "rtpghi", "pghi"]
