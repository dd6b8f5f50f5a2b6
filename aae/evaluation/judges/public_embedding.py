"""A public pretrained audio model as a second judge: SwiftF0's last hidden layer embeds notes.

SwiftF0 installs from the package index with its weights inside and needs no further framework. Others that
were looked at fetch their weights when they first run (E-PANNs, MULE), want a TensorFlow that does not go
with this NumPy (Basic Pitch), torchaudio (PESTO) or a compiler (Resemblyzer). It was trained for pitch on
speech and music; its features are those of a harmonic spectrum. A linear classifier on them names the
instrument of 65 % of held-out Philharmonia notes (19 instruments), so they know timbre, from another teacher
than the recogniser.

The published graph returns only pitch and confidence. One more output is declared by appending a few bytes
to the file (`_declare_output`): the `onnx` package would do it in three lines, and would bring 23 MB and two
packages more for that. The layer's name is a fact of one version of the file, so other versions are refused.

Conventions: `(samples,)` waveforms at any level, `(features,)` vectors.

Source: SwiftF0 (arXiv 2508.18440).
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from mcnn.errors import InputError

NAME = "swift-f0, last hidden layer"
N_BANDS = 16
"""Groups of the layer's frequency bins that are averaged."""

_SAMPLE_RATE = 16_000
_FRAME = 256
_LOUD_DB = -40.0
_MIN_SAMPLES = 2048
_HIDDEN_LAYER = "v410"
"""The last residual block's output in the published graph."""
_GRAPH_SHA256 = "6385e8c2ebc3872e82c9ff5946228de44cd3be77a750ea53698b7dbfe94b0a22"
"""Of the graph in which that layer has that name: swift-f0 0.3.0."""

FloatArray = npt.NDArray[np.float32]


class PublicEmbedding:
    """Vectors of notes by the hidden layer of SwiftF0.

    Args:
        sample_rate: Of the waveforms, in Hz.

    Raises:
        InputError: If the installed SwiftF0 is of another version.
    """

    def __init__(self, sample_rate: int) -> None:
        import onnxruntime
        import swift_f0

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        graph = (Path(swift_f0.__file__).parent / "model.onnx").read_bytes()
        _require_known(graph)
        graph += _declare_output(_HIDDEN_LAYER)
        self._session: Any = onnxruntime.InferenceSession(graph, options)
        self._sample_rate = sample_rate

    def __call__(self, waveform: FloatArray) -> FloatArray:
        """Mean of the layer over the note's loud frames, by channel and band: `(features,)`."""
        heard = soxr.resample(waveform, self._sample_rate, _SAMPLE_RATE).astype(np.float32)
        heard = np.pad(heard, (0, max(0, _MIN_SAMPLES - len(heard))))
        peak = float(np.abs(heard).max(initial=0.0))
        given = {
            "audio": (heard * np.float32(0.7 / peak) if peak > 0.0 else heard)[None],
            "fmin": np.array(46.875, np.float32),
            "fmax": np.array(2093.75, np.float32),
        }
        (hidden,) = self._session.run([_HIDDEN_LAYER], given)
        layer: FloatArray = hidden[0][:, :, _loud_frames(heard, hidden.shape[3])]
        channels, bins = layer.shape[:2]
        bands: FloatArray = layer.mean(axis=2).reshape(channels, N_BANDS, bins // N_BANDS).mean(axis=2)
        return bands.ravel()


def _loud_frames(waveform: FloatArray, n_frames: int) -> npt.NDArray[np.bool_]:
    """Which frames `(frames,)` are within 40 dB of the loudest."""
    rows = np.pad(waveform, (0, max(0, n_frames * _FRAME - len(waveform))))[: n_frames * _FRAME]
    power = np.square(rows.reshape(n_frames, _FRAME), dtype=np.float64).mean(axis=1)
    loud: npt.NDArray[np.bool_] = power >= power.max(initial=0.0) * 10.0 ** (_LOUD_DB / 10.0)
    return loud


def _require_known(graph: bytes) -> None:
    """Refuses a graph whose layers may have other names: its features could not be compared.

    Raises:
        InputError: If it is not the known one.
    """
    if hashlib.sha256(graph).hexdigest() != _GRAPH_SHA256:
        raise InputError(
            "the evaluation reads a hidden layer of swift-f0 0.3.0, and the installed swift-f0 has another "
            "network: pip install swift-f0==0.3.0"
        )


def _declare_output(layer: str) -> bytes:
    """One more output of an ONNX graph, as bytes to be appended to the file.

    Appended messages are merged with what is there: field 7 of the model is its graph, field 12 of the
    graph its outputs, field 1 of an output its name.

    Source: Protocol Buffers, "Encoding", last field wins and merging.
    """

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    return field(7, field(12, field(1, layer.encode())))
