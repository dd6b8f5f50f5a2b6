"""The training notes as points: their places, labels and colours, and which are shown. Qt-free."""

from collections.abc import Hashable, Mapping

import numpy as np
import numpy.typing as npt

from aae.model.model_info import ModelInfo
from aae.notes.pitch_names import pitch_name

from .camera import LatentAxes
from .point_colors import Rgb, label_color, octave_color

OCTAVE = "octave"
UNPITCHED_LABEL = "unpitched"
UNKNOWN_LABEL = "not given"
GREY: Rgb = (128, 128, 128)


class SpacePoints:
    """All training notes of a model.

    Args:
        info: Its attributes.
        latents: Columns as in `LoadedModel.latents`.
    """

    def __init__(self, info: ModelInfo, latents: Mapping[str, npt.NDArray[np.generic]]) -> None:
        size = info.latent_size
        given = latents.get("latent", np.zeros((0, size), np.float32))
        self.latents = np.asarray(given, np.float32).reshape(-1, size)
        self.axes = LatentAxes(self.latents)
        self.places = self.axes.shown(self.latents)
        self.midi_pitch = np.asarray(latents.get("midi_pitch", np.zeros(0)), np.int16)
        self._names: dict[str, list[str]] = {}
        self._values: dict[str, npt.NDArray[np.int16]] = {}
        octaves = np.where(self.midi_pitch >= 0, self.midi_pitch // 12 - 1, -99)
        for name, labels in info.vocabularies.items():
            column = np.asarray(latents.get(name, np.full(len(self.latents), -1)), np.int16)
            self._names[name] = [*labels, UNKNOWN_LABEL]
            self._values[name] = np.where(column < 0, len(labels), column).astype(np.int16)
        there = sorted({int(octave) for octave in octaves})
        self._names[OCTAVE] = [UNPITCHED_LABEL if o == -99 else f"octave {o}" for o in there]
        self._values[OCTAVE] = np.searchsorted(there, octaves).astype(np.int16)
        self._octaves = there
        self._hidden: dict[str, set[str]] = {name: set() for name in self._names}
        self.colour_by = next(iter(self._names))

    def __len__(self) -> int:
        return len(self.latents)

    @property
    def colourings(self) -> list[str]:
        """Attributes that points can be coloured by."""
        return list(self._names)

    def legend(self, dark: bool) -> list[tuple[str, Rgb, int]]:
        """Label, colour and number of points, of the present colouring; none without points."""
        counts = np.bincount(self._values[self.colour_by], minlength=len(self._names[self.colour_by]))
        colours = self._label_colours(dark)
        return [
            (label, colours[i], int(counts[i]))
            for i, label in enumerate(self._names[self.colour_by])
            if counts[i]
        ]

    def is_shown(self, label: str) -> bool:
        """Whether points of a label of the present colouring are shown."""
        return label not in self._hidden[self.colour_by]

    def show(self, label: str, shown: bool) -> None:
        """Shows or hides points of a label of the present colouring."""
        (self._hidden[self.colour_by].discard if shown else self._hidden[self.colour_by].add)(label)

    def show_only(self, label: str) -> None:
        """Hides all other labels; if they are hidden already, shows all."""
        others = set(self._names[self.colour_by]) - {label}
        self._hidden[self.colour_by] = set() if self._hidden[self.colour_by] == others else others

    def show_all(self) -> None:
        """Shows every point, whatever hid it."""
        for hidden in self._hidden.values():
            hidden.clear()

    @property
    def looks(self) -> Hashable:
        """A key that differs whenever other points are shown, or in other colours."""
        return self.colour_by, *map(frozenset, self._hidden.values())

    @property
    def shown(self) -> npt.NDArray[np.bool_]:
        """`(points,)`: not hidden by any colouring's legend."""
        shown = np.ones(len(self), np.bool_)
        for name, hidden in self._hidden.items():
            numbers = [self._names[name].index(label) for label in hidden]
            if numbers:
                shown &= ~np.isin(self._values[name], numbers)
        return shown

    def colours(self, dark: bool) -> npt.NDArray[np.uint8]:
        """`(points, 3)`, red, green, blue."""
        table = np.array(self._label_colours(dark), np.uint8)
        return np.asarray(table[self._values[self.colour_by]])

    def tags(self, index: int) -> dict[str, str]:
        """Pitch and labels of a note."""
        pitch = int(self.midi_pitch[index])
        tags = {"note": pitch_name(pitch) if pitch >= 0 else UNPITCHED_LABEL}
        for name, values in self._values.items():
            label = self._names[name][int(values[index])]
            if name != OCTAVE and label != UNKNOWN_LABEL:
                tags[name] = label
        return tags

    def mix(self, index: int) -> dict[str, dict[str, float]]:
        """The mix that a note is."""
        return {name: {label: 1.0} for name, label in self.tags(index).items() if name != "note"}

    def _label_colours(self, dark: bool) -> list[Rgb]:
        labels = self._names[self.colour_by]
        if self.colour_by == OCTAVE:
            pitched = [o for o in self._octaves if o != -99]
            low, high = (pitched[0], pitched[-1]) if pitched else (0, 1)
            return [GREY if o == -99 else octave_color(o, low, high, dark) for o in self._octaves]
        count = len(labels) - 1
        return [label_color(i, count, dark) for i in range(count)] + [GREY]
