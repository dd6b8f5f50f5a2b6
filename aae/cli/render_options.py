"""What a person typed for `clariolin render`, and how it becomes an opened model and a plan."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aae.analysis.loudness import NATURAL
from aae.cli.attribute_options import parse_styles
from aae.cli.console import SHIPPED_MODEL
from aae.cli.render import parse_latent, parse_notes
from aae.rendering.note_file import BitDepth, FormatName, OutputSettings
from aae.rendering.plan import RenderJob, RenderPlan, plan_jobs
from aae.rendering.replay import plan_replay, read_recorded_set
from aae.rendering.score import Score, read_score, score_jobs
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError
from mcnn.inversion.names import InverterName

DEFAULT_INVERTER: InverterName = "griffin-lim"
INSTRUMENT_LEVEL = "lufs:-23"
"""Keys of an instrument sound equally loud, and a chord of ten does not clip."""
MAX_NOTES = 200_000


@dataclass(frozen=True)
class RenderChoices:
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


def open_and_plan(choices: RenderChoices) -> tuple[Synthesizer, Path, RenderPlan]:
    """Opens the model and settles every file of the set.

    Returns:
        The synthesizer, the model file, the plan.

    Raises:
        InputError: For options that contradict each other, and for all that a model cannot take.
    """
    _require_one_way(choices)
    if choices.from_manifest is not None:
        return _plan_again(choices, choices.from_manifest)
    if choices.score is not None:
        return _plan_score(choices, choices.score)
    if choices.notes is None:
        raise InputError("Missing option '--notes' (C3-B4, for one), or --score or --from a file")
    pitches, latent = parse_notes(choices.notes), parse_latent(choices.latent)
    inverter, output = choices.inverter or DEFAULT_INVERTER, _output(choices, None)
    model = choices.model or SHIPPED_MODEL
    synthesizer = Synthesizer.open(model, inverter)
    mixes = parse_styles(choices.attributes, synthesizer.info.vocabularies, choices.other_options)
    job = RenderJob(mixes, pitches, choices.variations, latent, choices.seed)
    return synthesizer, model, _plan(synthesizer, model, [job], inverter, output)


def _require_one_way(choices: RenderChoices) -> None:
    ways = {"--notes": choices.notes, "--score": choices.score, "--from": choices.from_manifest}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise InputError(f"{' and '.join(given)} exclude each other: give one of them")
    alone = given and given[0] != "--notes"
    if alone and (choices.attributes or choices.latent or choices.variations != 1 or choices.seed):
        named = choices.attributes[0] if choices.attributes else "--variations, --latent or --seed"
        raise InputError(f"{named} beside {given[0]}: the file says what to render")
    if choices.from_manifest is not None and choices.inverter is not None:
        raise InputError("--inverter beside --from: the manifest says which")


def _plan_again(choices: RenderChoices, path: Path) -> tuple[Synthesizer, Path, RenderPlan]:
    recorded = read_recorded_set(path)
    was = recorded.output
    output = OutputSettings(
        choices.format or was.format,
        _bit_depth(choices.bits) or was.bits,
        choices.sample_rate or was.sample_rate,
        choices.level or was.level,
        was.looped if choices.loop is None else choices.loop,
    )
    model = choices.model or SHIPPED_MODEL
    synthesizer = Synthesizer.open(model, recorded.inverter)
    return synthesizer, model, plan_replay(synthesizer, model, recorded, output)


def _plan_score(choices: RenderChoices, path: Path) -> tuple[Synthesizer, Path, RenderPlan]:
    score = read_score(path)
    own_model = path.parent / score.model if score.model else SHIPPED_MODEL
    model = choices.model or own_model
    inverter = choices.inverter or score.inverter or DEFAULT_INVERTER
    output = _output(choices, score)
    synthesizer = Synthesizer.open(model, inverter)
    jobs = score_jobs(score, path, synthesizer.info.vocabularies)
    return synthesizer, model, _plan(synthesizer, model, jobs, inverter, output)


def _plan(
    synthesizer: Synthesizer, model: Path, jobs: list[RenderJob], inverter: str, output: OutputSettings
) -> RenderPlan:
    n_notes = sum(len(job.mixes) * len(job.midi_pitches) * job.n_variations for job in jobs)
    if n_notes > MAX_NOTES:
        raise InputError(f"{n_notes} notes are too many for one set: at most {MAX_NOTES}")
    return plan_jobs(synthesizer, model, jobs, inverter=inverter, output=output)


def _output(choices: RenderChoices, score: Score | None) -> OutputSettings:
    """The command's own words first, then the score's, then what suits the format."""
    said = score.model_dump(exclude={"job"}, exclude_none=True) if score else {}
    said |= {name: value for name, value in _own_words(choices).items() if value is not None}
    format: FormatName = said.get("format", "wav")
    plain = format == "wav"
    return OutputSettings(
        format,
        said.get("bits", 24),
        said.get("sample_rate"),
        said.get("level", NATURAL if plain else INSTRUMENT_LEVEL),
        said.get("loop", not plain),
    )


def _own_words(choices: RenderChoices) -> dict[str, Any]:
    return {
        "format": choices.format,
        "bits": _bit_depth(choices.bits),
        "sample_rate": choices.sample_rate,
        "level": choices.level,
        "loop": choices.loop,
    }


def _bit_depth(text: str | None) -> BitDepth | None:
    depths: dict[str, BitDepth] = {"16": 16, "24": 24, "32": 32}
    return depths[text] if text else None
