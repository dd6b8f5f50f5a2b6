"""The house's rules that no single part can prove."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import datasets
from aae.cli.console import foreign_datasets

HOUSE = Path(__file__).resolve().parent.parent
PACKAGES = ("mcnn", "aae", "datasets", "gui")
SOURCES = sorted(path for package in PACKAGES for path in (HOUSE / package).rglob("*.py"))
BORDER = ("aae.notes.", "aae.analysis.")
"""What `datasets` may know of `aae`: the NoteBank, and what is measured of notes."""
MAX_LINES = 350
MAX_FILES = 16
"""Of one folder, `__init__.py` not counted: more want a wall."""


def _tracked() -> list[Path]:
    """Files of the project, as git knows them; all below the house where there is no git."""
    listed = subprocess.run(["git", "ls-files"], cwd=HOUSE, capture_output=True, text=True, check=False)
    if listed.returncode:
        return [*SOURCES, *HOUSE.glob("*.*"), *(HOUSE / "tests").rglob("*.py")]
    return [HOUSE / name for name in listed.stdout.splitlines() if (HOUSE / name).is_file()]


def _imported(path: Path) -> set[str]:
    """Modules that a file imports absolutely."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def _top_level(source: str) -> list[ast.FunctionDef | ast.ClassDef]:
    return [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]


def test_installed_datasets_is_ours() -> None:
    assert foreign_datasets() is None
    assert Path(datasets.__file__).parent == HOUSE / "datasets"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_every_file_and_public_name_says_what_it_is_for(path: Path) -> None:
    source = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(source)), "the module has no docstring"
    for node in _top_level(source):
        assert ast.get_docstring(node), f"{node.name} has no docstring"
    assert len(source.splitlines()) <= MAX_LINES, "two rooms in one"


def test_datasets_reaches_aae_only_at_the_border() -> None:
    for path in (HOUSE / "datasets").rglob("*.py"):
        reached = {name for name in _imported(path) if name.split(".")[0] in ("aae", "gui", "datasets")}
        above = {name for name in reached if not name.startswith(BORDER)}
        assert not above, f"{path.name} imports {above}"


def _folders(*roots: str) -> list[Path]:
    """Every package below some top folders, these included."""
    return sorted(path.parent for root in roots for path in (HOUSE / root).rglob("__init__.py"))


@pytest.mark.parametrize(
    "folder", _folders(*PACKAGES, "tests"), ids=lambda path: str(path.relative_to(HOUSE))
)
def test_no_folder_is_crowded(folder: Path) -> None:
    files = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(files) <= MAX_FILES, f"{len(files)} files: {files}"


def test_contributors_see_every_folder() -> None:
    text = (HOUSE / "CONTRIBUTING.md").read_text("utf-8")
    table = set(re.findall(r"^\| `([\w/]+)` \| \d? ?\|", text, re.MULTILINE))
    assert table == {str(path.relative_to(HOUSE)) for path in _folders(*PACKAGES)}


def test_tests_stand_in_the_folders_of_what_they_test() -> None:
    rooms = {path.relative_to(HOUSE) for path in _folders(*PACKAGES)}
    for path in (HOUSE / "tests").rglob("test_*.py"):
        room = path.parent.relative_to(HOUSE / "tests")
        assert room == Path() or room in rooms, f"{path.relative_to(HOUSE)} mirrors no folder"


def test_files_that_contributors_are_sent_to_exist() -> None:
    text = (HOUSE / "CONTRIBUTING.md").read_text("utf-8")
    for place, example in re.findall(r"^\| a[^|]*\| `([\w/]+)/` \| `([\w.]+)` \|", text, re.MULTILINE):
        assert (HOUSE / place / example).is_file(), f"{place}/{example}"


def test_limits_are_called_limits() -> None:
    """`MAX_` and `MIN_`, as everywhere in the field."""
    odd = re.compile(r"^_?(?:MOST|FEWEST|LEAST|LONGEST|SHORTEST|LOWEST|HIGHEST|LARGEST|SMALLEST)_\w+ ", re.M)
    for path in SOURCES:
        found = odd.search(path.read_text("utf-8"))
        assert not found, f"{path.relative_to(HOUSE)} has {found.group()}"


def test_the_public_face() -> None:
    """What other programs may rely on, and that looking at it loads no network."""
    code = "import aae, sys; print(*aae.__all__, 'torch' in sys.modules, callable(aae.load_model))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["LiveEngine", "NoteRequest", "Synthesizer", "load_model", "False", "True"]


def test_no_room_for_leftovers() -> None:
    for path in SOURCES:
        assert path.stem not in {"utils", "helpers", "common", "core"}


def test_every_preset_is_packaged() -> None:
    packaged = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    assert {f"{package}*" for package in PACKAGES} == set(packaged["packages"]["find"]["include"])
    assert "*.toml" in packaged["package-data"]["aae.training.presets"]


def test_constraints_pin_all_that_the_project_asks_for() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    tested = ("train", "soundfont", "cluster", "gui", "dev")
    wanted = {*project["dependencies"], *(line for name in tested for line in extras[name])}
    pins = dict(
        line.split("==") for line in (HOUSE / "constraints.txt").read_text().splitlines() if "==" in line
    )
    pinned = {name.lower().replace("_", "-") for name in pins}
    asked = {re.split(r"[<>=!]", line)[0].strip().lower().replace("_", "-") for line in wanted}
    assert asked <= pinned, f"not pinned: {asked - pinned}"
    assert all("+" not in version for version in pins.values()), "a pin with a local part fits one index only"


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """Absolute paths of one machine mean nothing elsewhere; promises for later belong in issues."""
    foreign = re.compile(r"(?<![\w.])/(?:w[o]rk|r[o]ot|h[o]me)/|T[O]DO|FIX[M]E|NotImplemented[E]rror")
    for path in _tracked():
        if path.suffix in {".py", ".toml", ".md", ".txt", ".yaml", ""} and path.name != "LICENSE":
            found = foreign.search(path.read_text("utf-8"))
            assert not found, f"{path.relative_to(HOUSE)} holds {found.group()!r}"


def test_no_recording_is_committed() -> None:
    """The libraries' licences do not let their samples be passed on."""
    banks = {".mp3", ".h5", ".hdf5", ".aif", ".aiff"}
    assert not [path for path in _tracked() if path.suffix.lower() in banks]


def test_sound_loads_neither_training_nor_a_screen() -> None:
    """What a program that only plays must load, as a fresh process sees it."""
    code = "import sys, aae.synthesis.synthesizer, aae.rendering.render_set; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"lightning_fabric", "tensorboard", "PyQt6", "matplotlib", "typer", "datasets", "gui"}
