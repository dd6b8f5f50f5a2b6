"""The options of `clariolin render`, and the plan that they become. No weights are opened."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aae.cli.attribute_options import parse_styles
from aae.cli.console import SHIPPED_MODEL
from aae.model.model_file import read_info
from aae.model.model_info import ModelInfo
from aae.notes.pitch_names import parse_pitches
from aae.rendering.format_names import BitDepth, FormatName
from aae.rendering.output import OutputSettings
from aae.rendering.plan import RenderJob, RenderPlan, plan_jobs
from aae.rendering.replay import plan_replay, read_recorded_set
from aae.rendering.score import Score, read_score, score_jobs
from mcnn.errors import InputError
from mcnn.inversion.names import InverterName

DEFAULT_INVERTER: InverterName = "griffin-lim"
MAX_NOTES = 200_000
_BIT_DEPTHS: dict[str, BitDepth] = {"16": 16, "24": 24, "32": 32}


@dataclass(frozen=True)
class RenderOptions:
    """The options as they were given; None where they were not.

    Attributes:
        attributes: Options that the model gives a meaning.
        other_options: Names of the command's other options, for the hint at a misspelt one.
    """

    notes: str | None
    model: Path | None
    variations: int
    latent: str | None
    seed: int
    inverter: InverterName | None
    format: FormatName | None
    bits: str | None
    sample_rate: int | None
    level: str | None
    loop: bool | None
    score: Path | None
    from_manifest: Path | None
    attributes: tuple[str, ...] = ()
    other_options: tuple[str, ...] = ()

    def output_options(self) -> dict[str, Any]:
        """The options that concern the files, by the names of `OutputSettings`."""
        said = {
            "format": self.format,
            "bits": _BIT_DEPTHS[self.bits] if self.bits else None,
            "sample_rate": self.sample_rate,
            "level": self.level,
            "looped": self.loop,
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True)
class PlannedSet:
    """A set that is settled but not made.

    Attributes:
        info: What the model file says of itself.
        model_path: The model file.
        plan: The files to make.
    """

    info: ModelInfo
    model_path: Path
    plan: RenderPlan


def plan_set(options: RenderOptions) -> PlannedSet:
    """Settles every file of the set.

    Raises:
        InputError: For options that contradict each other, and for all that a model cannot take.
    """
    _require_one_source(options)
    if options.from_manifest is not None:
        return _plan_from_manifest(options, options.from_manifest)
    if options.score is not None:
        return _plan_score(options, options.score)
    if options.notes is None:
        raise InputError("Missing option '--notes' (C3-B4, for one), or --score or --from a file")
    return _plan_notes(options, options.notes)


def parse_notes(text: str) -> list[int | None]:
    """MIDI numbers of `--notes`; None stands for `unpitched`.

    Raises:
        InputError: If the text names no notes.
    """
    if text.strip().lower() == "unpitched":
        return [None]
    return list(parse_pitches(text))


def parse_latent(text: str | None, name: str = "latent") -> tuple[float, ...] | None:
    """Coordinates of `--latent`; None if it is not given.

    Args:
        text: Numbers with commas between.
        name: What they are, for the message.

    Raises:
        InputError: If one is no number.
    """
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"{name} '{text}' is not a list of numbers such as 0.5,-1,0") from None


def _require_one_source(options: RenderOptions) -> None:
    sources = {"--notes": options.notes, "--score": options.score, "--from": options.from_manifest}
    given = [name for name, value in sources.items() if value is not None]
    if len(given) > 1:
        raise InputError(f"{' and '.join(given)} exclude each other: give one of them")
    from_file = given and given[0] != "--notes"
    if from_file and (options.attributes or options.latent or options.variations != 1 or options.seed):
        named = options.attributes[0] if options.attributes else "--variations, --latent or --seed"
        raise InputError(f"{named} beside {given[0]}: the file says what to render")
    if options.from_manifest is not None and options.inverter is not None:
        raise InputError("--inverter beside --from: the manifest says which")


def _plan_notes(options: RenderOptions, notes: str) -> PlannedSet:
    pitches, latent = parse_notes(notes), parse_latent(options.latent)
    output = OutputSettings.for_format(**{"format": "wav"} | options.output_options())
    model_path = options.model or SHIPPED_MODEL
    info = read_info(model_path)
    mixes = parse_styles(options.attributes, info.vocabularies, options.other_options)
    job = RenderJob(mixes, pitches, options.variations, latent, options.seed)
    return _plan(info, model_path, [job], options.inverter or DEFAULT_INVERTER, output)


def _plan_score(options: RenderOptions, path: Path) -> PlannedSet:
    score = read_score(path)
    output = OutputSettings.for_format(**{"format": "wav"} | _score_output(score) | options.output_options())
    model_path = options.model or (path.parent / score.model if score.model else SHIPPED_MODEL)
    info = read_info(model_path)
    jobs = score_jobs(score, path, info.vocabularies)
    return _plan(info, model_path, jobs, options.inverter or score.inverter or DEFAULT_INVERTER, output)


def _score_output(score: Score) -> dict[str, Any]:
    """A score's settings of the files, by the names of `OutputSettings`."""
    said = score.model_dump(include={"format", "bits", "sample_rate", "level"}, exclude_none=True)
    return said if score.loop is None else said | {"looped": score.loop}


def _plan_from_manifest(options: RenderOptions, path: Path) -> PlannedSet:
    recorded = read_recorded_set(path)
    output = replace(recorded.output, **options.output_options())
    model_path = options.model or SHIPPED_MODEL
    info = read_info(model_path)
    return PlannedSet(info, model_path, plan_replay(info, model_path, recorded, output))


def _plan(
    info: ModelInfo, model_path: Path, jobs: Sequence[RenderJob], inverter: str, output: OutputSettings
) -> PlannedSet:
    n_notes = sum(len(job.mixes) * len(job.midi_pitches) * job.n_variations for job in jobs)
    if n_notes > MAX_NOTES:
        raise InputError(f"{n_notes} notes are too many for one set: at most {MAX_NOTES}")
    plan = plan_jobs(info, model_path, jobs, inverter=inverter, output=output)
    return PlannedSet(info, model_path, plan)
