"""Score files: three ways of writing, the same jobs; what is wrong is said with its place; fuzzed."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aae.rendering.score import read_score, score_jobs
from mcnn.errors import InputError
from tests.support.fake_synthesizer import VOCABULARIES

TOML = """
format = "sfz"
level = "lufs:-20"

[[job]]
name = "strings"
instrument = ["violin", {violin = 0.5, cello = 0.5}]
technique = "arco-normal:0.7,pizz-normal:0.3"
notes = "C3-D3"
variations = 2

[[job]]
notes = ["C4", 64]
seed = 7
latent = [0.5, -1, 0]
"""
TABLE = (
    "name,instrument,technique,notes,variations,seed,latent\n"
    'strings,"violin;violin:0.5,cello:0.5","arco-normal:0.7,pizz-normal:0.3",C3-D3,2,,\n'
    ',,,"C4,64",,7,"0.5,-1,0"\n'
)


def _write(folder: Path, suffix: str, text: str) -> Path:
    path = folder / f"score{suffix}"
    path.write_text(text, "utf-8")
    return path


def test_toml_json_and_table_say_the_same(tmp_path: Path) -> None:
    toml = _write(tmp_path, ".toml", TOML)
    jobs = score_jobs(read_score(toml), toml, VOCABULARIES)
    assert [list(job.midi_pitches) for job in jobs] == [[48, 49, 50], [60, 64]]
    assert jobs[0].mixes == [
        {"instrument": {"violin": 1.0}, "technique": {"arco-normal": 0.7, "pizz-normal": 0.3}},
        {"instrument": {"violin": 0.5, "cello": 0.5}, "technique": {"arco-normal": 0.7, "pizz-normal": 0.3}},
    ]
    assert (jobs[0].name, jobs[0].n_variations, jobs[0].seed, jobs[0].latent) == ("strings", 2, 0, None)
    assert (jobs[1].name, jobs[1].n_variations, jobs[1].seed) == (None, 1, 7)
    assert jobs[1].latent == (0.5, -1.0, 0.0)
    assert jobs[1].mixes == [{}]
    as_json = json.dumps([job.model_dump(exclude_none=True) for job in read_score(toml).job])
    others = [(".json", as_json), (".csv", TABLE), (".tsv", _tabbed(TABLE))]
    for suffix, text in others:
        path = _write(tmp_path, suffix, text)
        assert score_jobs(read_score(path), path, VOCABULARIES) == jobs, suffix


def _tabbed(table: str) -> str:
    tabbed = io.StringIO()
    csv.writer(tabbed, delimiter="\t").writerows(csv.reader(io.StringIO(table)))
    return tabbed.getvalue()


def test_settings_of_the_set(tmp_path: Path) -> None:
    score = read_score(_write(tmp_path, ".toml", TOML))
    assert (score.format, score.level, score.bits, score.loop, score.inverter) == (
        "sfz",
        "lufs:-20",
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("suffix", "text", "message"),
    [
        (".toml", "", "the score, job: Field required|job: Field required"),
        (".toml", "job = 3", "job: Input should be a valid tuple"),
        (".toml", "[[job]]\nnotes = 'C4'\nvariations = 0", "job 1, variations: Input should be greater"),
        (".toml", "[[job]]\nnotes = 'C4'\n[[job]]\n", "job 2, notes: Field required"),
        (".toml", "bitz = 16\n[[job]]\nnotes = 'C4'", "bitz: Extra inputs are not permitted"),
        (".toml", "bits = 12\n[[job]]\nnotes = 'C4'", "bits: Input should be 16, 24 or 32"),
        (".toml", "[[job]\n", "cannot be read as a score"),
        (".toml", "[[job]]\nnotes = 'H4'", "job 1: 'H4' is not a note"),
        (
            ".toml",
            "[[job]]\nnotes = 'C4'\ninstrumnt = 'cello'",
            "job 1: no 'instrumnt'; a job has notes, name",
        ),
        (".toml", "[[job]]\nnotes = 'C4'\ninstrument = 'celo'", "job 1: no instrument 'celo'; did you mean"),
        (".toml", "[[job]]\nnotes = 'C4'\ninstrument = []", "job 1: instrument is an empty list"),
        (".toml", "[[job]]\nnotes = 'C4'\ninstrument = {cello = 'x'}", "neither a label, nor label:weight"),
        (".toml", "[[job]]\nnotes = 'C4'\ninstrument = {cello = -1}", "weights are 0 or more"),
        (".json", "{", "cannot be read as a score"),
        (".json", "[" * 100_000, "cannot be read as a score"),
        (".csv", "a,b\n1,2\n", "a table needs a column 'notes'"),
        (".csv", "notes,notes\nC4,C4\n", "every column once"),
        (".csv", "notes\nC4,C5\n", "more cells than there are columns"),
        (".csv", "notes\n", "job: Tuple should have at least 1 item"),
        (".txt", "C4", "give a .toml, .json, .csv or .tsv file"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(
    tmp_path: Path, suffix: str, text: str, message: str
) -> None:
    path = _write(tmp_path, suffix, text)
    with pytest.raises(InputError, match=message) as raised:
        score_jobs(read_score(path), path, VOCABULARIES)
    assert "\n" not in str(raised.value)


def test_missing_and_huge_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_score(tmp_path / "none.toml")
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(InputError, match="too large for a score"):
        read_score(path)
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"\xff\xfe\x00notes")
    with pytest.raises(InputError, match="cannot be read as a score"):
        read_score(path)


WORDS = st.one_of(
    st.sampled_from(
        ["notes", "instrument", "C4", "C3-B4", "violin", "violin:0.5,cello:1e400", "seed", "job", "unpitched"]
    ),
    st.text(max_size=12),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
JOBS = st.lists(st.dictionaries(WORDS, VALUES, max_size=5).map(lambda job: {"notes": "C4"} | job), max_size=3)
FUZZED = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def _reads_or_refuses(path: Path) -> None:
    refusal = None
    try:
        jobs = score_jobs(read_score(path), path, VOCABULARIES)
    except InputError as error:
        refusal = str(error)
    if refusal is None:
        assert all(job.midi_pitches and job.mixes and job.n_variations for job in jobs)
    else:
        assert str(path) in refusal


@FUZZED
@given(content=st.one_of(VALUES, JOBS, JOBS.map(lambda jobs: {"jobs": jobs, "bits": 16})))
def test_any_json_is_read_or_refused_in_one_line(tmp_path: Path, content: Any) -> None:
    _reads_or_refuses(_write(tmp_path, ".json", json.dumps(content)))


@FUZZED
@given(cells=st.lists(st.lists(WORDS, max_size=4), max_size=4), delimiter=st.sampled_from(",\t"))
def test_any_table_is_read_or_refused(tmp_path: Path, cells: list[list[str]], delimiter: str) -> None:
    lines = [delimiter.join(row) for row in [["notes", "instrument"], *cells]]
    path = tmp_path / "score.csv"
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    _reads_or_refuses(path)


@FUZZED
@given(data=st.binary(max_size=300), suffix=st.sampled_from([".toml", ".json", ".csv", ".tsv"]))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"score{suffix}"
    path.write_bytes(data)
    _reads_or_refuses(path)
