"""Plays a chord on the real-time engine, without a window or a sound device, and writes it as WAV.

`python assets/examples/play_live.py assets/orchestra.safetensors chord.wav`

To hear it at once instead, open the engine with `output=aae.live.audio_output.open_output` and sleep where
this records.
"""

import sys

import numpy as np
import soundfile

from aae import LiveEngine


def main(model: str, wav: str) -> None:
    """Holds a chord of three notes for a second and a half, and lets it go."""
    with LiveEngine.open(model) as engine:
        engine.set_sound({"instrument": {"violin": 0.5, "clarinet": 0.5}}, seed=7)
        for pitch in (60, 64, 67):
            engine.note_on(pitch, velocity=90)
        held = engine.record(1.5)
        for pitch in (60, 64, 67):
            engine.note_off(pitch)
        released = engine.record(0.5)
        soundfile.write(wav, np.concatenate([held, released]), engine.sample_rate)


if __name__ == "__main__":
    main(*sys.argv[1:])
