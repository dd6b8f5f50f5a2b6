"""What real players make of exported instruments: `python -m tests.support.round_trip FOLDER`.

For every key of every instrument in a folder that `clariolin render --format sfz` or `sf2` made: the asked
and the played pitch, in sfizz or FluidSynth. The picture shows a scale as the player plays it.
"""

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from aae.notes.pitch_names import pitch_frequency_hz, pitch_name
from aae.rendering.manifest import read_manifest
from aae.rendering.samplers.instrument import Articulation, build_instruments
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.players import RATE, Player, SfizzPlayer, fluid_player, played_cents, sharpest_bend_db

HELD_S = 2.5
STEP_S = 0.5
SCALE_STEPS = (0, 2, 4, 5, 7, 9, 11, 12)


def players(folder: Path) -> Iterator[tuple[str, Player, Articulation]]:
    """Every articulation of every instrument in a folder, ready to be played."""
    instruments = build_instruments(read_manifest(folder))
    for instrument in instruments:
        path = folder / f"{instrument.name}.sfz"
        if path.exists():
            switches = [a.switch_key for a in instrument.articulations if a.switch_key is not None]
            player = SfizzPlayer(path, switches)
            for number, articulation in enumerate(instrument.articulations):
                if switches:
                    player.choose(number)
                yield f"{instrument.name}, {articulation.name}, sfizz", player, articulation
    for path in folder.glob("*.sf2"):
        played = [(i, a) for i in instruments for a in i.articulations]
        with fluid_player(path) as font:
            for number, (instrument, articulation) in enumerate(played):
                font.choose(number)
                yield f"{instrument.name}, {articulation.name}, FluidSynth", font, articulation


def key_lines(player: Player, articulation: Articulation) -> Iterator[tuple[str, float]]:
    """A line for each key, and how far it is off in cents."""
    low = min(zone.low_key for zone in articulation.zones)
    high = max(zone.high_key for zone in articulation.zones)
    for key in range(low, high + 1):
        sound = player.play(key, 100, HELD_S, HELD_S)
        cents = played_cents(sound[round(0.15 * RATE) :], key)
        heard_hz = pitch_frequency_hz(key + cents / 100)
        zone = next(z for z in articulation.zones if z.low_key <= key <= z.high_key)
        seam = ""
        if zone.sample.loop:
            start = zone.sample.loop[0]
            bend_db = sharpest_bend_db(sound[start + RATE // 2 :], sound[RATE // 10 : start])
            seam = f"{bend_db:8.1f}"
        line = (
            f"{pitch_name(key):>4} {pitch_frequency_hz(key):9.2f} {heard_hz:9.2f} {cents:7.2f} "
            f"{pitch_name(zone.sample.root_key):>6} {seam}"
        )
        yield line, cents


def draw_scale(name: str, player: Player, lowest_key: int, path: Path) -> None:
    """Two octaves up, a note every half second, each dying away below the next, as a spectrogram.

    Args:
        name: What is played, for the title.
        player: Plays it.
        lowest_key: The first note.
        path: PNG file to write.
    """
    keys = [lowest_key + 12 * octave + step for octave in (0, 1) for step in SCALE_STEPS[octave > 0 :]]
    sound = np.zeros(round((STEP_S * len(keys) + 0.5) * RATE), np.float32)
    for number, key in enumerate(keys):
        note = player.play(key, 100, STEP_S, STEP_S + 0.4)
        start = round(number * STEP_S * RATE)
        sound[start : start + len(note)] += note
    config = SpectrogramConfig()
    log_magnitude = _log_magnitude_db(sound, config)
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    shown = config.n_fft * 4000 // config.sample_rate
    image = axis.imshow(
        log_magnitude[:shown],
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=-90,
        vmax=-10,
        extent=(0, len(sound) / RATE, 0, shown * config.sample_rate / config.n_fft),
    )
    for number, key in enumerate(keys):
        axis.text((number + 0.5) * STEP_S, 60, pitch_name(key), color="white", fontsize=8, ha="center")
        axis.hlines(
            pitch_frequency_hz(key), number * STEP_S, (number + 0.9) * STEP_S, color="#7fe0ff", lw=1, ls=":"
        )
    axis.set_xlabel("time (s)")
    axis.set_ylabel("frequency (Hz)")
    axis.set_title(
        f"{name}: two octaves as the player plays them (dotted: the pitch of each key)", loc="left"
    )
    figure.colorbar(image, label="level (dB)")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=100)
    Image.open(drawn).convert("RGB").quantize(160).save(path, optimize=True)


def _log_magnitude_db(sound: npt.NDArray[np.float32], config: SpectrogramConfig) -> npt.NDArray[np.float64]:
    magnitude = Spectrogram(config).magnitude(torch.from_numpy(sound)[None])[0].numpy()
    return np.asarray(20 * np.log10(magnitude / magnitude.max() + 1e-6), np.float64)


def run(arguments: Sequence[str]) -> int:
    """Prints the table of a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args(arguments)
    for name, player, articulation in players(given.folder):
        sys.stdout.write(f"\n{name}\n key  asked Hz played Hz   cents   root  bend dB\n")
        found = list(key_lines(player, articulation))
        sys.stdout.writelines(f"{line}\n" for line, _ in found)
        off = np.abs([cents for _, cents in found])
        sys.stdout.write(f"{len(off)} keys, median {np.median(off):.2f}, worst {off.max():.2f} cents\n")
        if given.picture:
            lowest = min(zone.low_key for zone in articulation.zones)
            draw_scale(name, player, lowest + -lowest % 12, given.picture)
            given.picture = None
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
