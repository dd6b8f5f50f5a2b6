"""Sounds for a report: new notes of every instrument and mixes on their way, as MP3."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile

from aae.analysis.note_features import FloatArray
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.measures.mixing import MixCurve, blended
from aae.notes.pitch_names import pitch_name
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer

_PEAK = 0.7
_MIX_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_MAX_MIXES = 4
_VARIATIONS = 3


@dataclass(frozen=True)
class Example:
    """One line of sounds to be heard one after the other.

    Attributes:
        group: `examples` or `mixes`, the part of the page in which it can be heard.
        title: What the line is.
        captions: Of each sound.
        sounds: `(samples,)` each.
    """

    group: str
    title: str
    captions: tuple[str, ...]
    sounds: tuple[FloatArray, ...]


def play_examples(
    synthesizer: Synthesizer, main: str, labels: Sequence[str], curves: Sequence[MixCurve], seed: int
) -> Measurement[list[Example]]:
    """Renders a few notes of every label at random points, and a few mixes on their way.

    Args:
        synthesizer: The model.
        main: The main attribute.
        labels: Its labels.
        curves: Pairs that were mixed.
        seed: Of the points.
    """
    examples = []
    mixes = list(curves[:_MAX_MIXES])
    total = len(labels) + len(mixes)
    latents = [synthesizer.info.random_latent(1000 * seed + number) for number in range(_VARIATIONS)]
    for label in labels:
        mix = synthesizer.info.complete({main: {label: 1.0}})
        bounds = synthesizer.info.coverage.pitch_range(mix)
        pitch = None if bounds is None else sum(bounds) // 2
        waveforms = synthesizer.render([NoteRequest(pitch, mix, z, n) for n, z in enumerate(latents)])
        title = label if pitch is None else f"{label}, {pitch_name(pitch)}"
        captions = tuple(f"point {number + 1}" for number in range(_VARIATIONS))
        examples.append(Example("examples", title, captions, tuple(waveforms)))
        yield StageProgress("playing examples", len(examples), total)
    for curve in mixes:
        requests = [
            NoteRequest(curve.midi_pitch, blended(synthesizer, main, curve, w), latents[0])
            for w in _MIX_WEIGHTS
        ]
        note = "" if curve.midi_pitch is None else f", {pitch_name(curve.midi_pitch)}"
        title = f"{curve.first} to {curve.second}{note}"
        captions = tuple(f"{100 * w:.0f} % {curve.second}" for w in _MIX_WEIGHTS)
        examples.append(Example("mixes", title, captions, tuple(synthesizer.render(requests))))
        yield StageProgress("playing examples", len(examples), total)
    return examples


def sound_uri(waveform: FloatArray, sample_rate: int) -> str:
    """A waveform `(samples,)` as MP3 in a data URI, at a pleasant level."""
    peak = float(np.abs(waveform).max(initial=0.0))
    scaled = waveform * np.float32(_PEAK / peak) if peak > 0.0 else waveform
    file = io.BytesIO()
    soundfile.write(file, scaled, sample_rate, format="MP3", subtype="MPEG_LAYER_III")
    return "data:audio/mpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
