"""One vocabulary for all libraries: which words of theirs mean the same.

`aliases.toml` beside this file is the table; a user's own of the same form goes before it.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from aae.notes.labels import require_labels
from mcnn.errors import InputError

from .recording import as_label

STANDARD_TABLE = Path(__file__).with_name("aliases.toml")
_MAX_TABLE_BYTES = 1 << 20


class Vocabulary:
    """Attribute to a word of any library to the word used here.

    Args:
        words: Attribute to alias to word; all are labels.
    """

    def __init__(self, words: Mapping[str, Mapping[str, str]]) -> None:
        self._words = {attribute: dict(aliases) for attribute, aliases in words.items()}

    @classmethod
    def standard(cls, *own: Path) -> Self:
        """The vocabulary of the table that comes with Clariolin.

        Args:
            own: Further tables, which go before it, the last first.

        Raises:
            InputError: If a table cannot be read, or gives one alias two meanings.
        """
        words: dict[str, dict[str, str]] = {}
        for path in (STANDARD_TABLE, *own):
            for attribute, aliases in _read(path).items():
                words.setdefault(attribute, {}).update(aliases)
        return cls(words)

    @property
    def digest(self) -> str:
        """Tells this vocabulary from others."""
        text = json.dumps(self._words, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def apply(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The same labels in this vocabulary's words; what it does not know stays."""
        return {attribute: self.word(attribute, label) for attribute, label in labels.items()}

    def word(self, attribute: str, label: str) -> str:
        """One label in this vocabulary's words."""
        return self._words.get(attribute, {}).get(label, label)


def _read(path: Path) -> dict[str, dict[str, str]]:
    """A table as attribute to alias to word."""
    try:
        if path.stat().st_size > _MAX_TABLE_BYTES:
            raise InputError(f"{path} is larger than {_MAX_TABLE_BYTES >> 20} MB: no table of aliases is")
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise InputError(f"there is no table of aliases at {path}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path.name} is no TOML: {error}") from error
    return {attribute: _aliases(path, attribute, words) for attribute, words in table.items()}


def _aliases(path: Path, attribute: str, words: Any) -> dict[str, str]:
    is_table = isinstance(words, dict) and all(
        isinstance(aliases, list) and all(isinstance(alias, str) for alias in aliases)
        for aliases in words.values()
    )
    if not is_table:
        raise InputError(
            f'{path.name}: [{attribute}] must hold lines such as cor-anglais = ["english-horn", "ca"]'
        )
    require_labels(path.name, "attribute", [attribute])
    meanings: dict[str, str] = {}
    for word, aliases in words.items():
        for alias in aliases:
            label, meant = as_label(alias), as_label(word)
            require_labels(path.name, attribute, (label, meant))
            if meanings.setdefault(label, meant) != meant:
                raise InputError(f"{path.name}: {attribute} {label!r} is both {meanings[label]} and {meant}")
    return meanings
