"""The one way loops are compiled: numba, cached on disk, without the interpreter's lock."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a loop over arrays to machine code on its first call; later processes load it from disk."""
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True, fastmath=True)(function))
