"""DecentSampler presets read: XML whose groups hand their attributes down to their samples.

Expat is asked directly, so that a document type, and with it every entity, is refused before it is read.

Source: DecentSampler developers' guide.
"""

from collections.abc import Mapping
from xml.parsers import expat

from aae.notes.pitch_names import parse_pitch
from mcnn.errors import InputError

from .mapped_sample import MAX_SAMPLES, MappedSample, plain_path, require_mapping_size, sounding_pitch

MAX_DEPTH = 64
_HANDED_DOWN = ("DecentSampler", "groups", "group", "sample")
"""Elements from the outermost; a sample has what they say, the inner before the outer."""
_TUNINGS = ("globalTuning", "groupTuning", "tuning")
_ROUND_ROBIN = frozenset({"round_robin", "random", "true_random"})


def read_preset(name: str, text: bytes) -> list[MappedSample]:
    """The samples of a `.dspreset`.

    Args:
        name: What the preset is called, for errors.
        text: What its file holds.

    Raises:
        InputError: If it is no XML, has a document type, or is larger than any preset.
    """
    require_mapping_size(name, len(text))
    return _Reader(name).read(text)


class _Reader:
    """Collects samples while expat goes through a preset.

    Args:
        name: What the preset is called.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: list[tuple[str, Mapping[str, str]]] = []
        self._samples: list[MappedSample] = []

    def read(self, text: bytes) -> list[MappedSample]:
        """The samples, in the order in which they stand."""
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse_document_type
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            raise InputError(f"{self._name} is no XML: {error}") from error
        return self._samples

    def _refuse_document_type(self, *_declared: object) -> None:
        raise InputError(f"{self._name} declares a document type: no preset does")

    def _begin(self, element: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH or len(self._samples) >= MAX_SAMPLES:
            raise InputError(f"{self._name} has too many elements for a preset")
        self._open.append((element, attributes))
        if element == "sample":
            said: dict[str, str] = {}
            for outer, inherited in self._open:
                if outer in _HANDED_DOWN:
                    said |= inherited
            group = next((said.get("name", "") for outer, said in self._open if outer == "group"), "")
            sample = _sample(said, group)
            if sample:
                self._samples.append(sample)

    def _end(self, _element: str) -> None:
        self._open.pop()


def _sample(said: Mapping[str, str], group: str) -> MappedSample | None:
    path = plain_path(said.get("path", ""))
    if not path:
        return None
    is_in_turn = said.get("seqMode", "always") in _ROUND_ROBIN
    position = max(1, round(_number(said.get("seqPosition"), 1.0))) if is_in_turn else 1
    n_positions = max(position, round(_number(said.get("seqLength"), 1.0))) if is_in_turn else 1
    tuning = sum(_number(said.get(name), 0.0) for name in _TUNINGS)
    low, high = _key(said.get("loNote"), 0), _key(said.get("hiNote"), 127)
    softest, hardest = _number(said.get("loVel"), 0.0), _number(said.get("hiVel"), 127.0)
    velocities = (round(min(max(0.0, softest), 127.0)), round(min(max(0.0, hardest), 127.0)))
    loop = round(_number(said.get("loopStart"), -1.0)), round(_number(said.get("loopEnd"), -1.0))
    is_looped = said.get("loopEnabled", "false").lower() in ("true", "1") and 0 <= loop[0] < loop[1]
    return MappedSample(
        path=path,
        midi_pitch=sounding_pitch(_key(said.get("rootNote"), None), tuning),
        follows_keys=_number(said.get("pitchKeyTrack"), 1.0) != 0.0,
        is_note=said.get("trigger", "attack") in ("attack", "first", "legato"),
        velocities=velocities,
        keys=(low or 0, 127 if high is None else high),
        group=group,
        position=position,
        n_positions=n_positions,
        loop=loop if is_looped else None,
    )


def _key(text: str | None, default: int | None) -> int | None:
    """A key as a number, with decimals too, or as a name."""
    if text is None:
        return default
    try:
        return parse_pitch(text.strip().partition(".")[0])
    except InputError:
        return default


def _number(text: str | None, default: float) -> float:
    """A number that is finite and no larger than any that a preset needs."""
    try:
        number = float(text) if text else default
    except ValueError:
        return default
    return number if abs(number) < 2**40 else default
