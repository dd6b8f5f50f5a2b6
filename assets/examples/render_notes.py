"""Renders a scale of an instrument that is half violin, half clarinet, into WAV files.

`python assets/examples/render_notes.py [FOLDER]`
"""

import sys
from pathlib import Path

import soundfile

from aae import NoteRequest, Synthesizer

MODEL = Path(__file__).parents[1] / "orchestra.safetensors"


def main(folder: Path) -> None:
    """Writes one file a note."""
    synthesizer = Synthesizer.open(MODEL, inverter="griffin-lim")
    mix = synthesizer.info.complete({"instrument": {"violin": 0.5, "clarinet": 0.5}})
    latent = synthesizer.info.random_latent(seed=1)
    requests = [
        NoteRequest(midi_pitch, mix, latent, seed=1) for midi_pitch in (60, 62, 64, 65, 67, 69, 71, 72)
    ]

    folder.mkdir(parents=True, exist_ok=True)
    for request, waveform in zip(requests, synthesizer.render(requests), strict=True):
        path = folder / f"{request.midi_pitch}.wav"
        soundfile.write(path, waveform, synthesizer.info.spectrogram.sample_rate, subtype="PCM_24")
        print(f"{path}: {len(waveform) / synthesizer.info.spectrogram.sample_rate:.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "scale"))
