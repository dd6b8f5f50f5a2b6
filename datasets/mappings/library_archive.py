"""A `.dslibrary`: a zip archive of DecentSampler presets and their samples, read without unpacking it."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mcnn.errors import InputError

MAX_ENTRIES = 100_000
MAX_SAMPLE_BYTES = 1 << 30
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError)


def entry_names(archive: Path) -> list[str]:
    """Everything in an archive that lies in no hidden folder, sorted.

    Raises:
        InputError: If it is no archive, or has more in it than any library.
    """
    with _opened(archive) as opened:
        names = [info.filename for info in opened.infolist() if not info.is_dir()]
    if len(names) > MAX_ENTRIES:
        raise InputError(f"{archive.name} holds {len(names)} files: at most {MAX_ENTRIES} are read")
    return sorted(
        {
            name
            for name in names
            if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
        }
    )


def read_entry(archive: Path, name: str, max_bytes: int = MAX_SAMPLE_BYTES) -> bytes:
    """What one file in an archive holds.

    Raises:
        InputError: If it is not there, is damaged or encrypted, or is larger than it may be: what counts is
            what comes out, not what the archive says.
    """
    with _opened(archive) as opened, opened.open(name) as entry:
        data = entry.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise InputError(f"{archive.name}: {name} is larger than {max_bytes >> 20} MB")
    return data


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    """An archive, whose errors are those of the input."""
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except KeyError as error:
        raise InputError(f"{archive.name}: {error.args[0]}") from error
    except InputError:
        raise
    except _ZIP_ERRORS as error:
        raise InputError(f"{archive.name} cannot be read: {str(error) or type(error).__name__}") from error
