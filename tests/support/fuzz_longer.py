"""Fuzzes one target of `tests/support/fuzzing.py` with Atheris, which watches which lines an input reaches.

    pip install atheris
    python -m tests.support.fuzz_longer names 600 CORPUS

Targets: names, tables, mappings, soundfont, audio. CORPUS is a folder: inputs that reach something new are
kept there.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["datasets", "aae.notes.pitch_names", "tests.support.fuzzing"]):
    from tests.support.fuzzing import TARGETS
    from tests.support.libraries import soundfont_bytes

FONT = soundfont_bytes()
SEEDS = {
    "names": [
        b"cello_Gs4_05_fortissimo_arco-normal",
        b"Strings/Violin+sordina/ordinario/Vn+S-ord-C4-pp-4c-T12d_R100u",
        b"bass_synthetic_033-022-050",
        b"Woodwinds/Flute/susvib/LDFlute_susvib_A3_v1_1",
    ],
    "tables": [
        b"\0file,note\na.wav,C4\n",
        b'\2{"file": "a.wav", "note": "C4"}\n',
        b'\3{"1": {"id": 1, "sound_id": 1, "semitone": 48, "klass": "good-sound", "filename": "a.wav"}}',
        b'\4{"bass_synthetic_033-022-050": {"qualities_str": ["dark"]}}',
    ],
    "mappings": [
        b"\0<control> default_path=x\n#define $A 60\n<group> key=$A <region> sample=a.wav lovel=1 // b\n",
        b'\1<DecentSampler><groups><sample path="a.wav" rootNote="60"/></groups></DecentSampler>',
        b"\2PK\3\4",
    ],
    "soundfont": [FONT[:12] + FONT[FONT.index(b"LIST", len(FONT) - 1000) :]],
    "audio": [b"RIFF" + bytes(4) + b"WAVEfmt " + bytes(4)],
}


def main(target: str, seconds: int, corpus: Path) -> None:
    """Fuzzes; ends the process."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[target]):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-max_total_time={seconds}", "-max_len=8192", "-print_final_stats=1", str(corpus)]
    atheris.Setup([sys.argv[0], *options], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
