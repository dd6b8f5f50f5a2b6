"""Plain values: settings that are checked and frozen, and what JSON can say."""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict


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
