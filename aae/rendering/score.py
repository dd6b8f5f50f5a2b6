"""Score files: a whole orchestra in one run, written as TOML, JSON or a table (CSV, TSV).

A score is a list of jobs. A job names notes, variations, a seed, a latent, a name of its own, and any
attribute of the model; what it leaves out is chosen as on the command line. Settings of the whole set stand
beside the jobs, in a table they are options of the command alone.
"""

import csv
import io
import itertools
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError, field_validator

from aae.model.conditioning import Mix, Vocabulary
from aae.notes.pitch_names import parse_pitches
from aae.rendering.format_names import BitDepth, FormatName
from aae.rendering.plan import RenderJob
from aae.synthesis.mix_notation import parse_mix
from aae.synthesis.request import MAX_SEED
from mcnn.errors import InputError
from mcnn.inversion.names import InverterName
from mcnn.plain import Settings

MAX_BYTES = 16 * 2**20
MAX_VARIATIONS = 1000
_SEPARATOR = ";"
"""Between several sounds in one cell of a table."""

Several = list[str | dict[str, float]]


class ScoreJob(Settings):
    """One job of a score; further keys are attributes of the model."""

    model_config = ConfigDict(extra="allow")

    notes: str
    """As on the command line: `C3-B4`, `C4,E4,G4`, MIDI numbers, `unpitched`."""
    name: str | None = None
    """Name of the files and the instrument; the sound's own name if not given."""
    variations: Annotated[int, Field(ge=1, le=MAX_VARIATIONS)] = 1
    """Different sounds of each note."""
    latent: tuple[float, ...] | None = None
    """Point of the latent space; drawn if not given."""
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0
    """Another seed makes other variations."""

    @field_validator("notes", mode="before")
    @classmethod
    def _joined(cls, value: Any) -> Any:
        """A list of notes is as good as a text."""
        return ",".join(map(str, value)) if isinstance(value, list) else value

    @field_validator("latent", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value


class Score(Settings):
    """A score: settings of the set, and its jobs."""

    model: str | None = None
    """Model file, relative to the score."""
    inverter: InverterName | None = None
    """Way from spectrogram to sound."""
    format: FormatName | None = None
    """Sampler format that is written besides the WAV files."""
    bits: BitDepth | None = None
    """16, 24 or 32."""
    sample_rate: int | None = None
    """In Hz."""
    level: str | None = None
    """`natural`, `lufs:-23`, `rms:-20`."""
    loop: bool | None = None
    """Whether sustained notes get a loop."""
    job: Annotated[tuple[ScoreJob, ...], Field(min_length=1)]
    """The jobs."""


def read_score(path: Path) -> Score:
    """Reads a score file.

    Raises:
        InputError: If it is missing, of another kind, or says something that a score cannot say.
    """
    if path.suffix.lower() not in _READERS:
        raise InputError(f"{path} is no score: give a .toml, .json, .csv or .tsv file")
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        raise InputError(f"{path} is larger than {MAX_BYTES // 2**20} MB, too large for a score")
    try:
        content = _READERS[path.suffix.lower()](path.read_text("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read as a score: {error.strerror}") from None
    except (ValueError, csv.Error, RecursionError) as error:
        raise InputError(f"{path} cannot be read as a score: {error}") from None
    try:
        return Score.model_validate(_with_job_list(content))
    except ValidationError as error:
        raise InputError(f"{path}: {_first_problem(error)}") from None


def score_jobs(score: Score, path: Path, vocabularies: Mapping[str, Sequence[str]]) -> list[RenderJob]:
    """The jobs of a score in a model's words.

    Args:
        score: What was read.
        path: Where from, for messages.
        vocabularies: The model's attributes and their labels.

    Raises:
        InputError: For notes, attributes or weights that cannot be.
    """
    jobs = []
    for number, job in enumerate(score.job, start=1):
        try:
            jobs.append(_render_job(job, vocabularies))
        except InputError as error:
            raise InputError(f"{path}: job {number}: {error}") from None
    return jobs


def _render_job(job: ScoreJob, vocabularies: Mapping[str, Sequence[str]]) -> RenderJob:
    pitches: list[int | None] = (
        [None] if job.notes.strip().lower() == "unpitched" else list(parse_pitches(job.notes))
    )
    mixes = _mixes(job.model_extra or {}, vocabularies)
    for mix in mixes:
        Vocabulary(vocabularies).check(mix)
    return RenderJob(mixes, pitches, job.variations, job.latent, job.seed, job.name)


def _mixes(given: Mapping[str, Any], vocabularies: Mapping[str, Sequence[str]]) -> list[Mix]:
    """Every combination of the sounds that each attribute is given."""
    asked: dict[str, list[Mapping[str, float]]] = {}
    for word, value in given.items():
        name = next((name for name in vocabularies if _plain(name) == _plain(word)), None)
        if name is None:
            known = ", ".join([*ScoreJob.model_fields, *vocabularies])
            raise InputError(f"no '{word}'; a job has {known}")
        sounds = value if isinstance(value, list) else [value]
        asked[name] = [_mix(sound, name, vocabularies[name]) for sound in sounds]
        if not sounds:
            raise InputError(f"{name} is an empty list")
    return [dict(zip(asked, mixes, strict=True)) for mixes in itertools.product(*asked.values())]


def _mix(sound: Any, attribute: str, labels: Sequence[str]) -> Mapping[str, float]:
    if isinstance(sound, dict):
        weights = [weight for weight in sound.values() if isinstance(weight, int | float)]
        if len(weights) == len(sound) > 0 and not any(isinstance(weight, bool) for weight in weights):
            return {str(label): float(weight) for label, weight in sound.items()}
    elif isinstance(sound, str | int) and not isinstance(sound, bool):
        return parse_mix(str(sound), attribute, labels)
    raise InputError(f"{attribute} {sound!r} is neither a label, nor label:weight, nor a table of weights")


def _plain(word: str) -> str:
    return word.strip().lower().replace("_", "-")


def _with_job_list(content: Any) -> Any:
    """A list alone is the jobs; `jobs` is as good as `job`."""
    if isinstance(content, list):
        return {"job": content}
    if isinstance(content, dict) and "jobs" in content and "job" not in content:
        return {("job" if key == "jobs" else key): value for key, value in content.items()}
    return content


def _read_table(delimiter: Literal[",", "\t"], text: str) -> list[dict[str, Any]]:
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    fields = [_plain(name) for name in rows.fieldnames or []]
    if "notes" not in fields or len(set(fields)) < len(fields):
        raise InputError("a table needs a column 'notes', and every column once")
    return [_table_job(dict(row)) for row in rows if any(row.values())]


def _table_job(row: Mapping[str | None, Any]) -> dict[str, Any]:
    """A job of a row; empty cells are not given, several sounds in a cell stand apart by semicolons."""
    if None in row:
        raise InputError(f"the row of {row.get('notes')} has more cells than there are columns")
    job: dict[str, Any] = {}
    for name, cell in row.items():
        if name is None or cell is None or not cell.strip():
            continue
        own = _plain(name) in ScoreJob.model_fields
        job[_plain(name) if own else name] = (
            cell.strip() if own else [part.strip() for part in cell.split(_SEPARATOR)]
        )
    return job


def _first_problem(error: ValidationError) -> str:
    """The first problem and its place: `job 2, variations: Input should be …`."""
    problem = error.errors()[0]
    place = list(problem["loc"])
    words = []
    if place[:1] == ["job"] and len(place) > 1 and isinstance(place[1], int):
        words, place = [f"job {place[1] + 1}"], place[2:]
    words += [str(part) for part in place[:1]]
    given = f", given {problem['input']!r:.60}" if problem["type"] != "missing" else ""
    return f"{', '.join(words) or 'the score'}: {problem['msg']}{given}"


_READERS: dict[str, Any] = {
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".csv": lambda text: _read_table(",", text),
    ".tsv": lambda text: _read_table("\t", text),
}
