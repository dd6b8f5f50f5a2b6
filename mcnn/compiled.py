"""Compiled loops: numba, cached on disk, without the interpreter's lock; and the arrays they take."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")

Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]
Complexes: TypeAlias = NDArray[np.complex64]
Integers: TypeAlias = NDArray[np.int32]


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compiles a loop over arrays to machine code on its first call; later processes load it from disk.

    Where no folder for the cache can be written, every process compiles anew.
    """
    options: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}
    try:
        loop = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        loop = numba.njit(**options)(function)
    return cast(Callable[P, R], loop)
