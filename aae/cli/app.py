"""The command line: `clariolin COMMAND`. This file knows how commands end; each command has its own.

Exit status: 0 done; 1 something unexpected, or the disk failed; 2 bad input; 130 interrupted. An error is one
line on standard error. `--debug` anywhere, or the environment variable CLARIOLIN_DEBUG, shows where an
unexpected one arose.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer
import typer.exceptions

import aae.cli.bench
import aae.cli.dataset
import aae.cli.desktop
import aae.cli.evaluate
import aae.cli.info
import aae.cli.mcnn
import aae.cli.render
import aae.cli.train
import aae.cli.transform
from aae.cli.console import foreign_datasets, say, warn
from mcnn.errors import InputError
from mcnn.worker_pool import WorkerDiedError

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Makes new instrument notes: any pitch, any mix of instruments and playing techniques.",
)
app.command(
    epilog=aae.cli.render.EPILOG,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)(aae.cli.render.render)
app.command(
    epilog=aae.cli.transform.EPILOG,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)(aae.cli.transform.transform)
app.command()(aae.cli.train.train)
app.command()(aae.cli.evaluate.evaluate)
app.command("evaluate-transform")(aae.cli.evaluate.evaluate_transform)
app.command()(aae.cli.info.info)
app.command()(aae.cli.bench.bench)
app.command()(aae.cli.desktop.gui)
app.add_typer(aae.cli.dataset.app, name="dataset")
app.add_typer(aae.cli.mcnn.app, name="mcnn")


@app.callback(invoke_without_command=True)
def _start(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected error arose.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from aae.cli.info import installed_version

        typer.echo(f"clariolin {installed_version()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit
    problem = foreign_datasets()
    if problem and context.invoked_subcommand != "dataset":
        warn(problem)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Idle threads are told to sleep rather than spin, which on shared cores is several times faster; this must
    be said before PyTorch is loaded, so commands load it only when they run.

    Args:
        arguments: What follows `clariolin`; those of the process if not given.

    Returns:
        The exit status.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given or bool(os.environ.get("CLARIOLIN_DEBUG"))
    try:
        status = app(
            [part for part in given if part != "--debug"], prog_name="clariolin", standalone_mode=False
        )
    except (InputError, typer.exceptions.TyperException) as error:
        return _fail(error, 2)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _fail(error, 1)
    if status == 130:
        typer.echo("clariolin: interrupted; what is whole stays, the same command continues", err=True)
    return status if isinstance(status, int) else 0


def _fail(error: Exception, status: int) -> int:
    say(f"clariolin: {_one_line(error)}")
    return status


def _one_line(error: Exception) -> str:
    """An error as one line."""
    if isinstance(error, typer.exceptions.TyperException):
        text = error.format_message().replace("Value error, ", "")
    elif isinstance(error, InputError | WorkerDiedError):
        text = str(error)
    elif isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = f"unexpected {type(error).__name__}: {error} (--debug shows where)"
    return " ".join(text.split())
