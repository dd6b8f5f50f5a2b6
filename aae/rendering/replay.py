"""From a manifest back to the plan that made it: `clariolin render --from manifest.jsonl`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from aae.model.conditioning import Vocabulary
from aae.model.model_info import ModelInfo
from aae.notes.safe_names import PRESET_SUFFIX, is_safe_name, shortened_stem
from aae.rendering.format_names import BitDepth, FormatName
from aae.rendering.manifest import file_digest, read_rows
from aae.rendering.output import OutputSettings
from aae.rendering.plan import PlannedNote, RenderPlan
from aae.synthesis.request import NoteRequest
from mcnn.errors import InputError
from mcnn.inversion.names import InverterName
from mcnn.plain import Settings, in_short

_MAX_SHOWN = 80


def _preset_name(name: str) -> str:
    """A name that files may have, in the set's own folder: a manifest from elsewhere could leave it.

    Raises:
        ValueError: If this program could not have given it.
    """
    if not is_safe_name(name) or shortened_stem(name, PRESET_SUFFIX) != name:
        raise ValueError(
            f"{in_short(ascii(name), _MAX_SHOWN)} cannot be the name of a file that was rendered"
        )
    return name


def _wav_name(file: str) -> str:
    """The same of a WAV file.

    Raises:
        ValueError: If it is none.
    """
    stem = file.removesuffix(".wav")
    if stem == file or not is_safe_name(stem) or shortened_stem(stem, ".wav") != stem:
        raise ValueError(
            f"{in_short(ascii(file), _MAX_SHOWN)} cannot be the name of a file that was rendered"
        )
    return file


class _Row(Settings):
    """The columns of a manifest's row that making its file again needs."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    file: Annotated[str, AfterValidator(_wav_name)]
    midi_pitch: int | None
    mix: dict[str, dict[str, float]]
    latent: tuple[float, ...]
    seed: Annotated[int, Field(ge=0)]
    inverter: InverterName
    sample_rate: int
    trained: bool = True
    preset: Annotated[str, AfterValidator(_preset_name)] = "notes"
    variation: Annotated[int, Field(ge=1)] = 1
    format: FormatName = "wav"
    bits: BitDepth = 24
    level: str = "natural"
    looped: bool = False
    model: str = ""
    model_sha256: str

    def set_facts(self) -> tuple[Any, ...]:
        """The columns that are the same in all rows of a set."""
        return (
            self.inverter, self.sample_rate, self.format, self.bits, self.level, self.looped,
            self.model_sha256,
        )  # fmt: skip


@dataclass(frozen=True)
class RecordedSet:
    """A set as its manifest describes it.

    Attributes:
        path: The manifest.
        rows: Its rows.
    """

    path: Path
    rows: tuple[_Row, ...]

    @property
    def inverter(self) -> InverterName:
        """Way from spectrogram to sound."""
        return self.rows[0].inverter

    @property
    def output(self) -> OutputSettings:
        """The settings that its files were written with."""
        row = self.rows[0]
        return OutputSettings(row.format, row.bits, row.sample_rate, row.level, row.looped)


def read_recorded_set(path: Path) -> RecordedSet:
    """Reads a manifest to make its set again.

    Raises:
        InputError: If it is no manifest of `render`, or its rows disagree about the set.
    """
    found: list[_Row] = []
    for number, row in enumerate(read_rows(path), start=1):
        if "source" in row:
            raise InputError(f"{path}: row {number} was made from a recording; --from takes rendered sets")
        try:
            found.append(_Row.model_validate(row))
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(map(str, problem["loc"]))
            raise InputError(
                f"{path}: row {number}, {place}: {problem['msg'].removeprefix('Value error, ')}"
            ) from None
    _require_one_set(path, found)
    return RecordedSet(path, tuple(found))


def plan_replay(
    info: ModelInfo, model_path: Path, recorded: RecordedSet, output: OutputSettings
) -> RenderPlan:
    """The plan of a recorded set.

    Args:
        info: What the model file says of itself; its weights are not needed.
        model_path: The model file.
        recorded: What the manifest says.
        output: How to write it now; `recorded.output` gives the same bytes again.

    Raises:
        InputError: If the model is another one, or cannot take what the rows ask for.
    """
    digest = file_digest(model_path)
    rows = recorded.rows
    if rows[0].model_sha256 != digest:
        raise InputError(
            f"{recorded.path} was made by another model than {model_path} "
            f"(SHA-256 {rows[0].model_sha256[:12]}…, not {digest[:12]}…): give that model"
        )
    Vocabulary(info.vocabularies).encode([row.midi_pitch for row in rows], [row.mix for row in rows])
    size = info.latent_size
    wrong = next((row for row in rows if len(row.latent) != size), None)
    if wrong:
        raise InputError(
            f"{recorded.path}: {wrong.file} has a latent of {len(wrong.latent)} numbers, not {size}"
        )
    notes = tuple(
        PlannedNote(
            row.file,
            NoteRequest(row.midi_pitch, row.mix, row.latent, row.seed),
            row.trained,
            row.preset,
            row.variation,
        )
        for row in rows
    )
    model_rate = info.spectrogram.sample_rate
    if output.sample_rate == model_rate:
        output = OutputSettings(output.format, output.bits, None, output.level, output.looped)
    model = rows[0].model or model_path.name
    return RenderPlan(notes, recorded.inverter, model_rate, model, digest, output)


def _require_one_set(path: Path, rows: Sequence[_Row]) -> None:
    if not rows:
        raise InputError(f"{path} has no rows")
    other = next((row for row in rows if row.set_facts() != rows[0].set_facts()), None)
    if other:
        raise InputError(f"{path}: {other.file} and {rows[0].file} are not of one set")
    if len({row.file.casefold() for row in rows}) < len(rows):
        raise InputError(f"{path} names a file twice")
