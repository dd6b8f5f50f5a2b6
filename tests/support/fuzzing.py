"""Targets for fuzzing: whatever bytes they are given, they answer, or refuse in their own words.

`tests/datasets/test_fuzz.py` runs them briefly with Hypothesis, `tests/support/fuzz_longer.py` as long as one
likes with Atheris.
"""

import contextlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from aae.analysis.recording_file import UnreadableError, read_mono
from aae.analysis.trimming import find_note
from aae.notes.bank import UNPITCHED
from datasets.libraries import folder, iowa, nsynth, philharmonia, sonatina, vcsl, vsco
from datasets.libraries.folder import Folder
from datasets.libraries.good_sounds import GoodSounds
from datasets.libraries.mapped import DecentSampler, Sfz
from datasets.libraries.nsynth import NSynth
from datasets.libraries.registry import recognise
from datasets.libraries.sol import OrchideaSol, Sol, TinySol
from datasets.libraries.soundfont import layers, words
from datasets.libraries.soundfont_presets import parse_contents
from datasets.reading.aliases import Vocabulary
from datasets.reading.files import Survey, survey
from datasets.reading.recording import Recording
from mcnn.errors import InputError

_RATE = 8_000


def fuzz_names(data: bytes) -> None:
    """Every parser of names."""
    name = data.decode("utf-8", "replace").replace("\0", "_")
    path = PurePosixPath(name + ".wav")
    found = Survey(Path("nowhere"), (path.as_posix(),), (), frozenset())
    words(name)
    recognise(found)
    for adapter in (OrchideaSol(), TinySol(), Sol()):
        with contextlib.suppress(InputError):
            parsed = adapter.parse(path)
            parsed.columns()
        _require_sound(adapter._understand(path, None))
    nowhere = Path("nowhere")
    for recording in (
        *folder._from_paths([path], nowhere),
        nsynth._understand(path, nowhere, {}),
        philharmonia._understand(path),
        iowa._understand(path),
        sonatina._understand(path, nowhere),
        vcsl._understand(path, ()),
        vsco._understand(path),
    ):
        _require_sound(recording)


def fuzz_tables(data: bytes) -> None:
    """Every reader of tables: of tags, of aliases, of Good-sounds, of NSynth, of folds."""
    kind, text = (data[0] if data else 0) % 6, data[1:]
    names = ("tags.csv", "tags.tsv", "tags.jsonl", "sounds.json", "examples.json", "SOL_metadata.csv")
    adapters = (Folder, Folder, Folder, GoodSounds, NSynth, OrchideaSol)
    with tempfile.TemporaryDirectory() as made:
        source = Path(made)
        for name in ("a.wav", "bass_synthetic_033-022-050.wav", "Vc-ord-D3-pp-4c-N.wav"):
            (source / name).touch()
        (source / names[kind]).write_bytes(text)
        if kind == 3:
            (source / "takes.json").write_bytes(text)
        with contextlib.suppress(InputError):
            for recording in adapters[kind]().recordings(source):
                _require_sound(recording)
        (source / "words.toml").write_bytes(text)
        with contextlib.suppress(InputError):
            Vocabulary.standard(source / "words.toml").apply({"technique": "pizz"})


def fuzz_mappings(data: bytes) -> None:
    """Every reader of mappings: of SFZ, of DecentSampler's presets, of archives."""
    kind, text = (data[0] if data else 0) % 3, data[1:]
    name, adapter = (("x.sfz", Sfz()), ("x.dspreset", DecentSampler()), ("x.dslibrary", DecentSampler()))[
        kind
    ]
    with tempfile.TemporaryDirectory() as made:
        source = Path(made)
        (source / "a.wav").touch()
        (source / name).write_bytes(text)
        for given in (source, source / name):
            with contextlib.suppress(InputError):
                for recording in adapter.recordings(given):
                    _require_sound(recording)
        recognise(survey(source))


def fuzz_soundfont(data: bytes) -> None:
    """The reader of SoundFonts' lists."""
    try:
        contents = parse_contents(io.BytesIO(data))
    except (ValueError, EOFError):
        return
    for preset in contents.presets[:4]:
        words(preset.name)
        for key in range(0, 128, 7):
            assert all(1 <= velocity <= 127 for velocity in layers(preset, key))


def fuzz_audio(data: bytes) -> None:
    """The audio reader."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(data)
        file.flush()
        try:
            waveform = read_mono(Path(file.name), _RATE).waveform
        except UnreadableError:
            return
    assert len(waveform) <= 31 * _RATE
    if len(waveform) and abs(waveform).max() > 0:
        start, end = find_note(waveform, _RATE)
        assert 0 <= start <= end <= len(waveform)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "names": fuzz_names,
    "tables": fuzz_tables,
    "mappings": fuzz_mappings,
    "soundfont": fuzz_soundfont,
    "audio": fuzz_audio,
}


def _require_sound(recording: Recording) -> None:
    """What every recording must be, whatever it was read from."""
    assert recording.id
    assert recording.midi_pitch is None or recording.midi_pitch in {UNPITCHED, *range(128)}
    assert all(isinstance(label, str) for label in recording.labels.values())
