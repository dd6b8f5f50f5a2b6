"""`clariolin gui`: the desktop. The only file that imports `gui`, and only when the command runs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from aae.cli.console import SHIPPED_MODEL, foreign_datasets
from aae.cli.dataset import format_names
from mcnn.errors import InputError


def gui(
    model: Annotated[
        Path | None, typer.Argument(help="Model file.", show_default="the last, or the orchestra")
    ] = None,
    osc: Annotated[bool, typer.Option("--osc", help="Listen for Open Sound Control from the start.")] = False,
    osc_host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    osc_port: Annotated[
        int, typer.Option(min=1, max=65534, help="UDP port to listen at; answers go to the next.")
    ] = 9527,
    renderer: Annotated[
        Literal["auto", "software", "opengl"],
        typer.Option(
            envvar="CLARIOLIN_RENDERER",
            help="What draws the latent space; auto: OpenGL where there is a real graphics card.",
        ),
    ] = "auto",
) -> int:
    """Opens the desktop: notes to play, sliders to mix, the latent space to walk through.

    It works without a sound device, without MIDI and without a graphics card. Presets are in
    ~/.local/share/clariolin/presets; what was open is there again after a crash.
    """
    if model is not None and not model.is_file():
        raise InputError(f"there is no model file at {model}")
    try:
        from gui.app import run
        from gui.input.osc_settings import OscSettings
        from gui.window.context import WindowSettings
    except ImportError as error:
        raise InputError(
            f"the desktop needs the 'gui' extra and its system libraries ({error}): "
            "pip install 'clariolin[gui]'"
        ) from None
    formats = () if foreign_datasets() else format_names()
    settings = WindowSettings(formats, renderer, OscSettings(osc, osc_host, osc_port))
    return run(model, SHIPPED_MODEL, settings)
