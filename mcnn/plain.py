"""Plain values: settings that are checked and frozen, what JSON can say, text that can be shown."""

import math
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""What is no part of a name: controls, ends of lines, changes of direction, halves of characters."""
MAX_MESSAGE_LENGTH = 2000
"""Characters of a message; what was given may be of any length."""


class Settings(BaseModel):
    """The base of all settings, from a file or a user: checked, frozen, and strict about names.

    A field's docstring is its description in error messages and schemas.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def without_nan(value: Any) -> Any:
    """The same with None in place of what JSON has no number for: NaN and infinities."""
    if isinstance(value, Mapping):
        return {str(key): without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def duration_in_words(seconds: float) -> str:
    """A length of time a person can read at a glance: `45 s`, `3 min`, `2 h 05 min`."""
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def visible(text: str) -> str:
    """The text on one line; each character that is `UNSHOWABLE` gives way to its escape in Python."""
    return UNSHOWABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def in_short(text: str, max_length: int = MAX_MESSAGE_LENGTH) -> str:
    """The text, its middle left out if it is longer than that."""
    if len(text) <= max_length:
        return text
    end = max_length // 4
    return f"{text[: max_length - end - 3]}...{text[-end:]}"
