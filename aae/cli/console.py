"""Shared by all commands: output streams, the shipped model, progress bars.

Results go to standard output; warnings, progress and errors to standard error. With `--json` standard output
holds one JSON object and nothing else; `train`, which is followed while it runs, prints one a line.

Names come from strangers' files, and a terminal obeys what it is sent: all that is printed passes `visible`.
"""

import importlib.metadata
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

import aae
from mcnn.errors import InputError
from mcnn.plain import UNSHOWABLE, in_short, visible, without_nan

CHECKOUT = Path(aae.__file__).resolve().parent.parent
SHIPPED_MODEL = CHECKOUT / "assets" / "orchestra.safetensors"
"""The model that comes with Clariolin."""
_MAX_NOTE_LENGTH = 80
_COUNTS = (
    "notes",
    "trained notes",
    "recordings",
    "new notes",
    "real notes",
    "spectral convergence (dB)",
    "times realtime",
)


def warn(message: str) -> None:
    """One line that does not stop the work."""
    say(f"warning: {message}")


def say(message: str) -> None:
    """One line on standard error, of no more than a message's length."""
    typer.echo(in_short(visible(message)), err=True)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on standard output; what JSON cannot say (NaN, infinity) becomes null."""
    typer.echo(_json_text(value, indent=2))


def option_names(command: Any) -> Iterator[str]:
    """Names of a command's own options, without dashes; `--no-` forms and short forms aside.

    Args:
        command: Of Typer (which brings a copy of Click, so its type is not Click's).
    """
    for parameter in command.params:
        for option in parameter.opts:
            if option.startswith("--"):
                yield option.removeprefix("--")


def print_json_line(value: Mapping[str, Any]) -> None:
    """One JSON object as one line, at once; for what is followed while it runs. See `print_json`."""
    typer.echo(_json_text(value))


def _json_text(value: Mapping[str, Any], indent: int | None = None) -> str:
    """JSON with every letter as it is, but for those that a terminal would obey."""
    text = json.dumps(without_nan(value), indent=indent, ensure_ascii=False, allow_nan=False)
    return "\n".join(
        UNSHOWABLE.sub(lambda found: json.dumps(found[0])[1:-1], line) for line in text.split("\n")
    )


class ResultsConsole(Console):
    """Prints text as text: what a terminal would obey is shown instead."""

    def render_str(self, text: str, **options: Any) -> Text:
        """A sentence or a table's cell; its own line breaks stay."""
        return super().render_str("\n".join(in_short(visible(line)) for line in text.split("\n")), **options)


def results_console() -> Console:
    """For tables and sentences on standard output."""
    return ResultsConsole(highlight=False, markup=False, emoji=False, soft_wrap=True)


class _NoteColumn(ProgressColumn):
    """A few words beside the bar, such as the name of a file."""

    def render(self, task: Task) -> Text:
        """The words, shown as they are."""
        return Text(in_short(visible(str(task.fields["note"])), _MAX_NOTE_LENGTH))


def progress_bar() -> Progress:
    """A bar with counts and time left on standard error; silent where that is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        _NoteColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )


class StagesBar:
    """A progress bar for work in stages; each gets a line of its own. Use it as a context manager."""

    def __init__(self) -> None:
        self._bar = progress_bar()
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "StagesBar":
        self._bar.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def show(self, stage: str, done: int, total: int, note: str = "", begun_at: int = 0) -> None:
        """Moves a stage's bar.

        Args:
            stage: What is being done.
            done: Pieces of work finished.
            total: Pieces of work in this stage.
            note: A few words beside the bar.
            begun_at: Pieces that were finished before: no measure of speed.
        """
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage.capitalize(), note="", completed=begun_at)
        self._bar.update(self._tasks[stage], completed=done, total=total, note=note)


def table(*columns: str) -> Table:
    """An empty table in the house's look; columns of counts are set to the right."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in _COUNTS else "left", overflow="fold")
    return made


def foreign_datasets() -> str | None:
    """The problem if the `datasets` that Python would import is not Clariolin's; None if all is well."""
    cure = "install Clariolin into an environment of its own (make install)"
    spec = importlib.util.find_spec("datasets")
    if spec is None or spec.origin is None:
        return f"Clariolin's own package 'datasets' is not installed: {cure}"
    if Path(spec.origin).resolve().parent != CHECKOUT / "datasets":
        return f"another package named 'datasets' ({Path(spec.origin).parent}) hides Clariolin's: {cure}"
    try:
        importlib.metadata.distribution("datasets")
    except importlib.metadata.PackageNotFoundError:
        return None
    return f"another package named 'datasets' is installed beside Clariolin's: {cure}"


def require_own_datasets() -> None:
    """Refuses to go on if `import datasets` would not give Clariolin's.

    Raises:
        InputError: Saying what is in the way.
    """
    problem = foreign_datasets()
    if problem:
        raise InputError(problem)
