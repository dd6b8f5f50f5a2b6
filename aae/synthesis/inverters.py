"""Ways from log-mel to waveform, by the names that the command line uses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from aae.model.model_file import LoadedModel
from mcnn.errors import InputError
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.inversion.inverter import Inverter
from mcnn.inversion.names import InverterName
from mcnn.inversion.phase_inverters import PghiInverter, RtpghiInverter
from mcnn.spectral.config import SpectrogramConfig
from mcnn.streaming.contract import StreamingInverter
from mcnn.streaming.playable import playable

UNTRAINED: dict[str, Callable[[SpectrogramConfig], Inverter]] = {
    GriffinLim.name: GriffinLim,
    RtpghiInverter.name: RtpghiInverter,
    PghiInverter.name: PghiInverter,
}
"""Inverters that need no training."""
TRAINED = "mcnn"
"""The inverter that a model file brings along."""
FALLBACK = RtpghiInverter.name
"""What stands in where a model file brings none."""


@dataclass(frozen=True)
class ChosenInverter:
    """An inverter, and what a person should know about the choice."""

    inverter: Inverter
    notice: str | None
    """One line to be said once; None if it is what was asked for."""


def choose_inverter(name: str, loaded: LoadedModel) -> ChosenInverter:
    """The inverter of a name.

    Args:
        name: One of `InverterName`.
        loaded: The model whose log-mels it is for.

    Raises:
        InputError: If there is none of this name.
    """
    config = loaded.info.spectrogram
    if name == TRAINED:
        if loaded.inverter is not None:
            return ChosenInverter(playable(loaded.inverter), None)
        notice = f"this model has no {TRAINED} inverter of its own; {FALLBACK} stands in for it"
        return ChosenInverter(UNTRAINED[FALLBACK](config), notice)
    if name not in UNTRAINED:
        raise InputError(f"no inverter '{name}'; there are {', '.join(get_args(InverterName))}")
    return ChosenInverter(UNTRAINED[name](config), None)


def streaming_inverter(loaded: LoadedModel) -> StreamingInverter | None:
    """A model's own inverter, to be played frame by frame; None if there is none that can be."""
    inverter = None if loaded.inverter is None else playable(loaded.inverter)
    return inverter if isinstance(inverter, StreamingInverter) else None
