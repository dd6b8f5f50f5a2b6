"""Files that appear whole or not at all: written beside their final name, flushed to disk, then renamed."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; renames it to `path` if the block succeeds, removes it if not.

    Args:
        path: The final name. An existing file there is replaced in one step.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.touch()
        usual_mode = partial.stat().st_mode
        yield partial
        # Some writers (safetensors) hand over a file that only its owner may read.
        partial.chmod(usual_mode)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
