"""Labels in pictures: as they are, in any script that a font of this machine has."""

import contextlib
import functools
import warnings
from collections.abc import Iterator

import matplotlib
from matplotlib import font_manager

_FONTS_OF_OTHER_SCRIPTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "IPAexGothic", "WenQuanYi Zen Hei", "Hiragino Sans", "Yu Gothic",
    "PingFang SC", "Microsoft YaHei", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Thai",
    "Arial Unicode MS",
)  # fmt: skip
"""For letters that Matplotlib's own font lacks; those that are installed are asked in this order."""


@contextlib.contextmanager
def labels_as_text() -> Iterator[None]:
    """Pictures drawn within take no `$` for mathematics, and draw a box for a letter that no font has."""
    fonts = ["sans-serif", *_installed()]
    with (
        matplotlib.rc_context({"text.parse_math": False, "font.family": fonts}),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


@functools.cache
def _installed() -> tuple[str, ...]:
    known = set(font_manager.get_font_names())
    return tuple(name for name in _FONTS_OF_OTHER_SCRIPTS if name in known)
