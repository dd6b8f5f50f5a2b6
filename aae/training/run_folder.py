"""The folder of one training run: its claim, its checkpoint and its table of metrics."""

import csv
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from pydantic import BaseModel
from torch import nn

from aae.notes.bank import NoteBank
from mcnn.atomic import atomic_path
from mcnn.errors import InputError

CHANGEABLE = ("config.about", "config.training.epochs", "config.training.patience_epochs", "config.steps")


class RunFolder:
    """Reads and writes what a run keeps on disk.

    Args:
        path: The folder; made when claimed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model_path = path / "model.safetensors"
        self.checkpoint_path = path / "checkpoint.pt"
        self.metrics_path = path / "metrics.csv"

    def claim(
        self, config: BaseModel, bank: NoteBank, is_first: bool, origin: Sequence[nn.Module] = ()
    ) -> None:
        """Makes the folder this recipe's, or refuses one that belongs to another.

        Args:
            config: The recipe.
            bank: What is trained on.
            is_first: Whether this process writes.
            origin: Trained networks that the run begins with, if any.

        Raises:
            InputError: If it holds another run, or cannot be written.
        """
        recipe: dict[str, Any] = {
            "config": config.model_dump(),
            "notes": {"n_notes": len(bank), "ids": _digest("\n".join(bank.ids).encode())},
        }
        if origin:
            recipe["trained_from"] = _digest(*(_weights(module) for module in origin))
        path = self.path / "config.json"
        try:
            if path.exists():
                before = json.loads(path.read_text("utf-8"))
                if _difference(before, recipe):
                    raise InputError(
                        f"{self.path} holds another run ({_difference(before, recipe)}); "
                        "continue it with the same command, or give another --out"
                    )
            elif is_first:
                self.path.mkdir(parents=True, exist_ok=True)
                with atomic_path(path) as partial:
                    partial.write_text(json.dumps(recipe, indent=1), "utf-8")
        except (OSError, json.JSONDecodeError) as error:
            raise InputError(f"run folder {self.path} cannot be used: {error}") from None

    def require_notes(self, n_train: int) -> None:
        """Refuses banks that are too small to train on."""
        if n_train < 8:
            raise InputError(f"the bank has {n_train} notes to train on; at least 8 are needed")

    def save(self, fabric: Fabric, state: dict[str, Any]) -> None:
        """Replaces the checkpoint in one step."""
        if fabric.is_global_zero:
            with atomic_path(self.checkpoint_path) as partial:
                torch.save({name: _plain(value) for name, value in state.items()}, partial)
        fabric.barrier()

    def restore(self, fabric: Fabric, parts: dict[str, Any]) -> dict[str, Any]:
        """Loads a checkpoint into modules and optimizers.

        Args:
            fabric: Says where to.
            parts: Name to module or optimizer.

        Returns:
            What else the checkpoint held; empty if there is none.

        Raises:
            InputError: If the checkpoint cannot be read.
        """
        if not self.checkpoint_path.exists():
            return {}
        try:
            state = torch.load(self.checkpoint_path, map_location=fabric.device, weights_only=True)
        except Exception as error:
            raise InputError(f"checkpoint {self.checkpoint_path} cannot be read: {error}") from None
        for name, part in parts.items():
            part.load_state_dict(state.pop(name))
        rest: dict[str, Any] = state
        return rest

    def log(self, step: int, epoch: int, metrics: dict[str, float], is_first: bool) -> None:
        """Appends rows `step,epoch,metric,value` to the table of metrics."""
        if not is_first:
            return
        new = not self.metrics_path.exists()
        with self.metrics_path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", "epoch", "metric", "value"])
            writer.writerows([step, epoch, name, f"{value:.6g}"] for name, value in metrics.items())

    def cut_log(self, step: int, is_first: bool) -> None:
        """Drops rows that a killed run wrote after its last checkpoint."""
        if not is_first or not self.metrics_path.exists():
            return
        with self.metrics_path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        kept = [row for row in rows[1:] if len(row) == 4 and row[0].isdigit() and int(row[0]) <= step]
        with (
            atomic_path(self.metrics_path) as partial,
            partial.open("w", newline="", encoding="utf-8") as out,
        ):
            csv.writer(out).writerows([["step", "epoch", "metric", "value"], *kept])


def _plain(value: Any) -> Any:
    return value.state_dict() if hasattr(value, "state_dict") else value


def _digest(*parts: bytes) -> str:
    return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()


def _weights(module: nn.Module) -> bytes:
    tensors = module.state_dict().values()
    return b"".join(tensor.cpu().reshape(-1).view(torch.uint8).numpy().tobytes() for tensor in tensors)


def _difference(before: Any, recipe: dict[str, Any]) -> str:
    """Names the settings that differ, with both values; empty if the run may be continued.

    How long to train may change between calls: more epochs continue a finished run, fewer end it sooner.
    """
    old, new = _flatten(before), _flatten(json.loads(json.dumps(recipe)))
    keys = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    keys = [key for key in keys if key not in CHANGEABLE]
    return ", ".join(f"{key}: {old.get(key)} there, {new.get(key)} now" for key in keys[:3])


def _flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(tree, dict):
        return {prefix: tree}
    return {
        k: v for name, sub in tree.items() for k, v in _flatten(sub, f"{prefix}.{name}".strip(".")).items()
    }
