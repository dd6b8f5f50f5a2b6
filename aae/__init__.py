"""The auto-encoder: notes, analysis, model, synthesis, and all that renders, plays, trains and measures.

The public face is here and is imported when it is first asked for, so that parts which need no network load
none: `from aae import LiveEngine, NoteRequest, Synthesizer, load_model`.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aae.live.live_engine import LiveEngine
    from aae.model.model_file import load_model
    from aae.synthesis.request import NoteRequest
    from aae.synthesis.synthesizer import Synthesizer

# ONNX Runtime, which the pitch tracker runs on, reports to its vendor and keeps a device number in the home
# folder, unless this is set before it is loaded (its Privacy.md).
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__all__ = ["LiveEngine", "NoteRequest", "Synthesizer", "load_model"]

_HOMES = {
    "LiveEngine": "aae.live.live_engine",
    "NoteRequest": "aae.synthesis.request",
    "Synthesizer": "aae.synthesis.synthesizer",
    "load_model": "aae.model.model_file",
}


def __getattr__(name: str) -> Any:
    """Finds a public name in the module that defines it (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
