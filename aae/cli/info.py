"""`clariolin info`: what is installed, what a model knows."""

import importlib.metadata
import importlib.util
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aae.cli.console import SHIPPED_MODEL, print_json, results_console, table
from aae.cli.dataset_tables import pitch_range

if TYPE_CHECKING:
    from aae.model.coverage import Coverage

EXTRAS = {"train": ("lightning_fabric", "tensorboard")}
"""Modules that each optional part of the installation is recognised by."""


def info(
    model: Annotated[Path | None, typer.Argument(help="Model file; without it, the installation.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows what a model knows; without one, what is installed."""
    facts = describe_installation() if model is None else describe_model(model)
    if json:
        print_json(facts)
    elif model is None:
        _print_installation(facts)
    else:
        _print_model(facts)


def installed_version() -> str:
    """Version of this installation."""
    return importlib.metadata.version("clariolin")


def describe_installation() -> dict[str, Any]:
    """Versions, devices, optional parts and the shipped model, as plain values."""
    import torch

    return {
        "version": installed_version(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "devices": [
            name
            for name, there in (
                ("cpu", True),
                ("cuda", torch.cuda.is_available()),
                ("mps", torch.backends.mps.is_available()),
            )
            if there
        ],
        "extras": {
            extra: all(importlib.util.find_spec(name) for name in names) for extra, names in EXTRAS.items()
        },
        "shipped_model": str(SHIPPED_MODEL) if SHIPPED_MODEL.is_file() else None,
    }


def describe_model(path: Path) -> dict[str, Any]:
    """A model file's metadata, as plain values.

    Raises:
        InputError: If it is no model file.
    """
    from safetensors import safe_open

    from aae.model.model_file import read_info

    info = read_info(path)
    with safe_open(path, "pt") as file:
        shapes = [file.get_slice(name).get_shape() for name in file.keys() if name.startswith("model.")]  # noqa: SIM118
    return {
        "model": str(path),
        "size_bytes": path.stat().st_size,
        "parameters": sum(_product(shape) for shape in shapes),
        "decoder": info.model.decoder,
        "latent_size": info.latent_size,
        "take_size": info.model.take_size,
        "inverter": None if info.inverter is None else info.inverter.model_dump(),
        "attributes": {
            name: {label: _trained(info.coverage, name, label) for label in labels}
            for name, labels in info.vocabularies.items()
        },
        "combinations": len(info.coverage.combinations),
        "spectrogram": info.spectrogram.model_dump(),
        "provenance": info.provenance,
    }


def _trained(coverage: "Coverage", attribute: str, label: str) -> dict[str, int | None]:
    """Number and pitch range of the notes with a label that were trained on."""
    column = coverage.attributes.index(attribute)
    rows = [row for row in coverage.combinations if row.labels[column] == label]
    pitched = [row for row in rows if row.low >= 0]
    return {
        "notes": sum(row.count for row in rows),
        "low": min((row.low for row in pitched), default=None),
        "high": max((row.high for row in pitched), default=None),
    }


def _product(shape: list[int]) -> int:
    size = 1
    for extent in shape:
        size *= extent
    return size


def _print_installation(facts: Mapping[str, Any]) -> None:
    console = results_console()
    console.print(f"Clariolin {facts['version']}, Python {facts['python']}, PyTorch {facts['torch']}")
    console.print(f"Can compute on: {', '.join(facts['devices'])}")
    for extra, there in facts["extras"].items():
        console.print(f"Extra '{extra}': {'installed' if there else 'not installed'}")
    model = facts["shipped_model"]
    console.print(f"Shipped model: {model or 'missing'}")
    if model:
        console.print(f"What it knows: clariolin info {model}")


def _print_model(facts: Mapping[str, Any]) -> None:
    console = results_console()
    origin = facts["provenance"].get("notes", {})
    takes = f", takes of {facts['take_size']}" if facts["take_size"] else ""
    console.print(
        f"{facts['model']}: {facts['size_bytes'] / 1e6:.1f} MB, "
        f"{facts['parameters'] / 1e6:.2f} million weights, {facts['decoder']} decoder, "
        f"latent of {facts['latent_size']}{takes}, {facts['spectrogram']['sample_rate'] / 1000:g} kHz."
    )
    if origin:
        console.print(
            f"Trained on {origin.get('source')} ({origin.get('title')}; {origin.get('licence')}), "
            f"{facts['provenance'].get('steps')} steps."
        )
    inverter = facts["inverter"]
    console.print(
        "It plays live by rtpghi: no inverter was trained with it (`clariolin mcnn finetune` does that)."
        if inverter is None
        else f"It plays live by its own inverter, trained with it in {inverter['provenance']['steps']} steps."
    )
    for name, labels in facts["attributes"].items():
        counts = table(f"--{name}", "trained notes", "range")
        for label, count in labels.items():
            counts.add_row(label, str(count["notes"]), pitch_range(count))
        console.print(counts)
    console.print(f"{facts['combinations']} combinations of these were trained; any other is a guess.")
