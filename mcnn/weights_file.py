"""Files of weights: safetensors with one JSON text about them. What a loader reads is bounded and checked."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from mcnn.atomic import atomic_path
from mcnn.errors import InputError

MAX_BYTES = 512 * 1024 * 1024

Info = TypeVar("Info", bound=BaseModel)


class WeightsFormat:
    """One kind of file, by the name and version it carries.

    Args:
        name: In the metadata of every such file.
        version: Likewise.
        noun: What a person calls such a file.
        maker: The command that makes one.
    """

    def __init__(self, name: str, version: int, noun: str, maker: str) -> None:
        self.name, self.version, self.noun, self.maker = name, version, noun, maker

    def save(self, path: Path, info: BaseModel, tensors: Mapping[str, Tensor]) -> None:
        """Writes a file in one step."""
        metadata = {
            "format": self.name,
            "format_version": str(self.version),
            "info": info.model_dump_json(),
        }
        whole = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
        with atomic_path(path) as partial:
            save_file(whole, partial, metadata)

    def is_format_of(self, path: Path) -> bool:
        """Whether a file says that it is of this kind; not whether it can be used."""
        try:
            with safe_open(path, "pt") as file:
                return (file.metadata() or {}).get("format") == self.name
        except (SafetensorError, OSError):
            return False

    def read_info(self, path: Path, kind: type[Info]) -> Info:
        """Reads what a file says of itself, without its weights.

        Raises:
            InputError: If it is missing, foreign, damaged, or from a newer version.
        """
        if not path.is_file():
            raise InputError(
                f"there is no {self.noun} at {path}; it is a .safetensors file made by {self.maker}"
            )
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path} is larger than any {self.noun} ({MAX_BYTES // 2**20} MiB at most)")
        try:
            with safe_open(path, "pt") as file:
                metadata = file.metadata() or {}
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path} is truncated or is no {self.noun} (.safetensors): {error}") from None
        if metadata.get("format") != self.name:
            raise InputError(f"{path} is a safetensors file, but not one of clariolin's {self.noun}s")
        if metadata.get("format_version") != str(self.version):
            version = metadata.get("format_version")
            raise InputError(
                f"{path} has {self.noun} format version {version}; this program reads {self.version}"
            )
        try:
            return kind.model_validate_json(metadata.get("info", ""))
        except ValidationError as error:
            raise InputError(f"{path} is a damaged {self.noun}: {str(error).splitlines()[0]}") from None

    def read_tensors(self, path: Path) -> dict[str, Tensor]:
        """Reads all tensors of a file that `read_info` accepted.

        Raises:
            InputError: If it is truncated or damaged.
        """
        try:
            with safe_open(path, "pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path} is truncated or damaged: {error}") from None

    def load_weights(self, path: Path, module: nn.Module, tensors: Mapping[str, Tensor], prefix: str) -> None:
        """Gives a module those tensors whose names begin with a prefix.

        Raises:
            InputError: If they do not fit.
        """
        own = {
            name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)
        }
        try:
            module.load_state_dict(own)
        except RuntimeError:
            raise InputError(
                f"{path} is a damaged {self.noun}: its weights do not fit its settings"
            ) from None
