"""Small libraries of synthesised notes, each in the naming of a real one."""

import json
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aae.notes.pitch_names import parse_pitch, pitch_frequency_hz
from tests.support.synth import recording, tone, write_philharmonia, write_wav

SCALE = ("C3", "D3", "E3", "F3", "G3", "A3", "B3", "C4")


def write_note(path: Path, note: str, *, octaves: int = 0, cents: float = 0.0, seed: int = 0) -> None:
    """A note that sounds `octaves` above its name."""
    midi_pitch = parse_pitch(note) + 12 * octaves
    waveform = tone(pitch_frequency_hz(midi_pitch), 0.4, cents=cents, seed=seed + midi_pitch)
    write_wav(path, recording(waveform))


def write_own_folder(folder: Path) -> None:
    """A folder of one's own without a table."""
    for name in ("Oboe/long/Oboe C4.wav", "Oboe/short/oboe_x_Db5_v2.wav", "kalimba/pling.wav"):
        write_wav(folder / name, tone(440.0, 0.2))


def write_orchideasol(folder: Path, notes: Sequence[str] = ("C4", "D#4")) -> None:
    """Ordinary and muted notes, and one technique more, in OrchideaSOL's naming."""
    for note in notes:
        write_note(folder / f"Strings/Violin/ordinario/Vn-ord-{note}-mf-4c-N.wav", note)
        write_note(
            folder / f"Strings/Violin+sordina/ordinario/Vn+S-ord-{note}-pp-4c-T12d_R100u.wav", note, seed=1
        )
        write_note(folder / f"Winds/Flute/flatterzunge/Fl-flatt-{note}-ff-alt1-N.wav", note, seed=2)


def write_tinysol(folder: Path, notes: Sequence[str] = ("C4", "D#4")) -> None:
    """Ordinary notes in TinySOL's naming."""
    for note in notes:
        write_note(folder / f"Brass/Bass_Tuba/ordinario/BTb-ord-{note}-mf-N-N.wav", note)


def write_sol(folder: Path, notes: Sequence[str] = ("C4", "D#4")) -> None:
    """Notes in the naming of the original Studio On Line."""
    for note in notes:
        write_note(folder / f"ASax-ord-{note}-mf.wav", note)
        write_note(folder / f"trbt-ordinario-{note}-pp.wav", note, seed=1)
        write_note(folder / f"Cb-art-harm-{note}-mf-4c.wav", note, seed=2)


def write_nsynth(folder: Path, pitches: Sequence[int] = (60, 63), with_table: bool = True) -> None:
    """Notes in NSynth's naming, beside its table."""
    table: dict[str, Any] = {}
    for midi_pitch in pitches:
        for velocity in (50, 100):
            name = f"bass_synthetic_033-{midi_pitch:03d}-{velocity:03d}"
            waveform = tone(pitch_frequency_hz(midi_pitch), 0.4, seed=velocity, sample_rate=16_000)
            write_wav(folder / f"audio/{name}.wav", waveform, 16_000)
            table[name] = {
                "note_str": name,
                "pitch": midi_pitch,
                "velocity": velocity,
                "instrument_str": "bass_synthetic_033",
                "instrument_family_str": "bass",
                "instrument_source_str": "synthetic",
                "qualities_str": ["dark", "distortion"] if velocity == 100 else [],
                "sample_rate": 16_000,
            }
    if with_table:
        (folder / "examples.json").write_text(json.dumps(table))


def write_vsco(folder: Path, notes: Sequence[str] = SCALE) -> None:
    """VSCO's octave trap: the flute is named an octave below what it sounds, the solo violin is not."""
    for note in notes:
        flute = f"Woodwinds/Flute/susvib/LDFlute_susvib_{note}_v1_1.wav"
        violin = f"Strings/Solo Violin/Arco Vib/LLVln_ArcoVib_{note}_f.wav"
        write_note(folder / flute, note, octaves=1)
        write_note(folder / violin, note, seed=1)


def write_vcsl(folder: Path, notes: Sequence[str] = SCALE) -> None:
    """A recorder and a synthesizer in VCSL's naming."""
    recorder = "Aerophones/Edge-blown Aerophones/Baroque Alto Recorder/Staccato"
    for note in notes:
        write_note(folder / f"{recorder}/AltRecorder_Stac_{note}_rr1_Main.wav", note)
        write_note(folder / f"Electrophones/TX81Z/FM Piano/FMPiano_{note}_vl2.wav", note, seed=1)


def write_sonatina(folder: Path, notes: Sequence[str] = SCALE) -> None:
    """Violins and horns in Sonatina's naming."""
    for note in notes:
        name = note.lower()
        write_note(folder / f"Samples/1st Violins/1st-violins-sus-{name}.wav", note)
        write_note(folder / f"Samples/Horns/horns-sus-ff-{name}-PB-loop.wav", note, seed=1)


def write_iowa(folder: Path, notes: Sequence[str] = SCALE) -> None:
    """Single notes, and a file with two, in Iowa's naming."""
    for note in notes:
        write_note(folder / f"Violin/Violin.arco.ff.sulG.{note}.stereo.aiff", note)
    both = np.concatenate([recording(tone(pitch_frequency_hz(pitch), 0.6)) for pitch in (72, 73)])
    write_wav(folder / "Guitar.mf.sulB.C5Db5.mono.aiff", both)


def write_good_sounds(folder: Path, semitones: Sequence[int] = tuple(range(48, 56))) -> None:
    """Good-sounds' trap: C4 is semitone 48, an octave below MIDI, and tuned to 442 Hz."""
    sounds: dict[str, Any] = {}
    takes: dict[str, Any] = {}
    for number, semitone in enumerate(semitones, start=1):
        file = f"sound_files/flute_almudena_reference/akg/{number:04d}.wav"
        waveform = tone(
            pitch_frequency_hz(semitone + 12), 0.4, cents=1200.0 * np.log2(442 / 440), seed=number
        )
        write_wav(folder / file, recording(waveform), 44_100)
        sounds[str(number)] = {
            "id": number,
            "instrument": "flute",
            "dynamics": "mf",
            "bow_velocity": None,
            "bridge_position": None,
            "klass": "good-sound",
            "semitone": semitone,
            "pitch_reference": 442,
        }
        takes[str(number)] = {
            "id": number,
            "microphone": "akg",
            "filename": f"good-sounds/{file}",
            "sound_id": number,
        }
    (folder / "sounds.json").write_text(json.dumps(sounds))
    (folder / "takes.json").write_text(json.dumps(takes))
    (folder / "packs.json").write_text("{}")


def soundfont_bytes(
    preset: str = "Muted Trumpet", key: int = 60, extra_layer: bool = True, coarse: int = 0, scale: int = 100
) -> bytes:
    """A SoundFont with one preset whose sample is a tone of MIDI note `key`, loud and soft layers alike.

    The preset is tuned by `coarse` semitones; from key to key it rises by `scale` cents.
    """
    waveform = tone(pitch_frequency_hz(key), 1.0, sample_rate=44_100, release_s=0.01)
    pcm = (32_000 * waveform / np.abs(waveform).max()).astype("<i2")
    samples = np.concatenate([pcm, np.zeros(46, "<i2")])
    velocities = [(0, 63), (64, 127)] if extra_layer else [(0, 127)]
    igen, ibag = b"", b""
    for number, (low, high) in enumerate(velocities):
        ibag += struct.pack("<HH", 5 * number, 0)
        igen += struct.pack("<HBB", 43, key - 12, key + 12) + struct.pack("<HBB", 44, low, high)
        igen += struct.pack("<Hh", 51, coarse) + struct.pack("<Hh", 56, scale)
        igen += struct.pack("<HH", 53, 0)
    ibag += struct.pack("<HH", 5 * len(velocities), 0)
    igen += bytes(4)
    header = struct.Struct("<20sHHHIII")
    sample = struct.pack(
        "<20sIIIIIBbHH", b"tone", 0, len(pcm), 8, len(pcm) - 8, 44_100, key, 0, 0, 1
    ) + struct.pack("<20sIIIIIBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)
    lists = {
        b"INFO": [
            (b"ifil", struct.pack("<HH", 2, 1)),
            (b"isng", b"EMU8000\0"),
            (b"INAM", b"Test\0\0"),
            (b"ICOP", b"Public domain\0"),
        ],
        b"sdta": [(b"smpl", samples.tobytes())],
        b"pdta": [
            (b"phdr", header.pack(preset.encode(), 0, 0, 0, 0, 0, 0) + header.pack(b"EOP", 0, 0, 1, 0, 0, 0)),
            (b"pbag", struct.pack("<HHHH", 0, 0, 1, 0)),
            (b"pmod", bytes(10)),
            (b"pgen", struct.pack("<HH", 41, 0) + bytes(4)),
            (b"inst", struct.pack("<20sH", b"tone", 0) + struct.pack("<20sH", b"EOI", len(velocities))),
            (b"ibag", ibag),
            (b"imod", bytes(10)),
            (b"igen", igen),
            (b"shdr", sample),
        ],
    }
    body = b"sfbk" + b"".join(
        _chunk(b"LIST", kind + b"".join(_chunk(name, data) for name, data in parts))
        for kind, parts in lists.items()
    )
    return _chunk(b"RIFF", body)


def write_soundfont(folder: Path) -> None:
    """A folder with one SoundFont."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.sf2").write_bytes(soundfont_bytes())


def write_sfz(folder: Path) -> None:
    """An electric piano whose samples are named an octave below the keys of its mapping."""
    (folder / "Programs").mkdir(parents=True)
    regions = []
    for octave_below, note in zip(("C2", "D2", "E2", "F2", "G2", "A2", "B2", "C3"), SCALE, strict=True):
        write_note(folder / f"Samples/{octave_below}.wav", note)
        regions.append(f"<region> sample={octave_below}.wav key={parse_pitch(note)}")
    text = "\n".join(["<control> default_path=../Samples/", "<group> ampeg_release=0.3", *regions])
    (folder / "Programs/Rhodes.sfz").write_text(text)


def write_decent_sampler(folder: Path) -> None:
    """A DecentSampler preset beside its samples, whose names say nothing."""
    samples = []
    for midi_pitch in range(48, 56):
        waveform = tone(pitch_frequency_hz(midi_pitch), 0.4, seed=midi_pitch)
        write_wav(folder / f"Samples/{midi_pitch}.wav", recording(waveform))
        samples.append(f'<sample path="Samples/{midi_pitch}.wav" rootNote="{midi_pitch}"/>')
    text = f"<DecentSampler><groups><group>{''.join(samples)}</group></groups></DecentSampler>"
    (folder / "Rhodes.dspreset").write_text(text)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


LIBRARIES: dict[str, Callable[[Path], object]] = {
    "decent-sampler": write_decent_sampler,
    "folder": write_own_folder,
    "good-sounds": write_good_sounds,
    "iowa": write_iowa,
    "nsynth": write_nsynth,
    "orchideasol": write_orchideasol,
    "philharmonia": lambda folder: write_philharmonia(folder, notes=("C4", "As0")),
    "sfz": write_sfz,
    "sol": write_sol,
    "sonatina": write_sonatina,
    "soundfont": write_soundfont,
    "tinysol": write_tinysol,
    "vcsl": write_vcsl,
    "vsco": write_vsco,
}
"""One library for every adapter."""
