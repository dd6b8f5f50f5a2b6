"""Figures as a report writes them for people."""

import math

NOTHING = "\N{EN DASH}"
_UNITS = {"share": "", "cents": " cents", "ms": " ms", "ratio": "", "points": " points"}


def percent(share: float | None) -> str:
    """A share as a percentage; a dash if there is none."""
    return NOTHING if share is None or not math.isfinite(share) else f"{100 * share:.1f} %"


def number(value: float | None, digits: int = 1) -> str:
    """A number with its minus sign; a dash if there is none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def with_unit(value: float | None, unit: str) -> str:
    """A target's figure with its unit (see `aae.evaluation.report.targets`); a dash if there is none."""
    if unit == "share":
        return percent(value)
    return number(value, 2 if unit == "ratio" else 1) + (_UNITS[unit] if value is not None else "")


def mean_and_spread(mean: float | None, spread: float | None) -> str:
    """A mean, with as many digits as it deserves, and its standard deviation if there is one."""
    if mean is None:
        return NOTHING
    digits = 0 if abs(mean) >= 1000 else 1 if abs(mean) >= 10 else 2 if abs(mean) >= 0.1 else 4
    return number(mean, digits) + (f" ± {number(spread, digits)}" if spread is not None else "")
