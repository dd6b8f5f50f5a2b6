"""Transforming files: names, manifests, continuation after a kill, what cannot be used; and as typed."""

import json
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aae.cli.app import main
from aae.cli.transform import split_arguments
from aae.model.model_file import read_info
from aae.rendering.manifest import MANIFEST, read_manifest
from aae.synthesis.synthesizer import Synthesizer
from aae.transform.plan import PlannedSound, TransformSettings, find_sources, plan_sounds
from aae.transform.run import SoundProgress, SoundReady, SoundRefused, transform_files
from mcnn.errors import InputError
from tests.support.synth import SAMPLE_RATE, recording, tone, write_wav
from tests.support.transform_sounds import MODEL, effect_synthesizer, melody

SETTINGS = TransformSettings(
    mixes=({"instrument": {"clarinet": 1.0}},), source={"instrument": {"violin": 1.0}}, inverter="rtpghi"
)
SHORT = ((60, 0.25, 0.0), (64, 0.25, 0.05))

INFO = read_info(MODEL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A note, a phrase below, and a file that is no sound."""
    folder = tmp_path / "in"
    write_wav(folder / "note.wav", recording(tone(440.0, 0.3)))
    write_wav(folder / "below" / "phrase.wav", melody(SHORT)[0])
    (folder / "broken.wav").write_bytes(b"RIFF and nothing more")
    (folder / "readme.txt").write_text("not a sound, and not said to be one")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def _plan(folder: Path, out: Path, settings: TransformSettings = SETTINGS) -> list[PlannedSound]:
    return plan_sounds(INFO, find_sources([folder], out), settings)


def _run(folder: Path, out: Path, settings: TransformSettings = SETTINGS) -> list[SoundReady | SoundRefused]:
    planned = _plan(folder, out, settings)
    events = transform_files(effect_synthesizer, MODEL, planned, settings, out)
    return [event for event in events if not isinstance(event, SoundProgress)]


def _bytes(directory: Path) -> dict[str, bytes]:
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def test_good_files_are_made_and_the_bad_one_is_said(folder: Path, out: Path) -> None:
    events = _run(folder, out)
    (refused,) = [event for event in events if isinstance(event, SoundRefused)]
    assert refused.source.endswith("broken.wav")
    assert "not decodable" in refused.reason
    assert sorted(_bytes(out)) == ["below/phrase_clarinet_v1.wav", MANIFEST, "note_clarinet_v1.wav"]
    phrase, note = read_manifest(out)
    assert note["source"].endswith("in/note.wav")
    assert note["midi_pitch"] == 69
    assert note["instrument"] == "clarinet"
    assert note["source_labels"]["instrument"] == "violin"
    assert len(note["latent"]) == 3
    assert phrase["midi_pitch"] is None
    assert [row["midi_pitch"] for row in phrase["notes"]] == [60, 64]
    assert phrase["notes"][0]["start_s"] == pytest.approx(0.3, abs=0.03)
    for row in (phrase, note):
        info = soundfile.info(out / row["file"])
        assert (info.subtype, info.channels, info.samplerate) == ("PCM_24", 1, row["sample_rate"])
        assert info.frames == soundfile.info(row["source"]).frames
        assert info.duration == pytest.approx(row["duration_s"], abs=1e-6)


def test_what_is_there_needs_no_weights(folder: Path, out: Path) -> None:
    (folder / "broken.wav").unlink()
    _run(folder, out)

    def refuse() -> Synthesizer:
        raise AssertionError("the model was opened")

    events = list(transform_files(refuse, MODEL, _plan(folder, out), SETTINGS, out))
    assert [event.kept for event in events if isinstance(event, SoundReady)] == [True, True]


def test_interrupted_anywhere_and_continued_is_the_same(folder: Path, out: Path, tmp_path: Path) -> None:
    _run(folder, out)
    cut = tmp_path / "cut"
    planned = _plan(folder, cut)
    with closing(transform_files(effect_synthesizer, MODEL, planned, SETTINGS, cut)) as events:
        while not isinstance(next(events), SoundReady):
            pass
        next(events)
    kept = [event.kept for event in _run(folder, cut) if isinstance(event, SoundReady)]
    assert kept == [True, False]
    assert _bytes(cut) == _bytes(out)


def test_killed_in_the_middle_of_a_file_and_continued_is_the_same(
    folder: Path, out: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut"
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from aae.transform.run import SoundProgress, transform_files\n"
        "from tests.support.transform_sounds import MODEL, effect_synthesizer\n"
        "from tests.aae.transform.test_run import SETTINGS, _plan\n"
        "folder, out = map(Path, sys.argv[1:])\n"
        "made = 0\n"
        "planned = _plan(folder, out)\n"
        "for event in transform_files(effect_synthesizer, MODEL, planned, SETTINGS, out):\n"
        "    made += not isinstance(event, SoundProgress)\n"
        "    if made and isinstance(event, SoundProgress):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, folder, cut], check=False, cwd=MODEL.parent.parent)
    assert done.returncode == -9
    assert list(cut.rglob(".*.partial"))
    _run(folder, cut)
    _run(folder, out)
    assert _bytes(cut) == _bytes(out)


def test_another_set_is_refused_untouched(folder: Path, out: Path) -> None:
    (folder / "broken.wav").unlink()
    _run(folder, out)
    before = _bytes(out)
    other = TransformSettings(**{**vars(SETTINGS), "amount": 0.5})
    with pytest.raises(InputError, match="holds another set"):
        _run(folder, out, other)
    seeded = TransformSettings(**{**vars(SETTINGS), "seed": 3})
    with pytest.raises(InputError, match="has seed 0, here 3"):
        _run(folder, out, seeded)
    write_wav(folder / "note.wav", recording(tone(220.0, 0.3)))
    with pytest.raises(InputError, match="made of another recording"):
        _run(folder, out)
    assert _bytes(out) == before


def test_foreign_files_and_folders_that_cannot_be_written(folder: Path, out: Path) -> None:
    out.mkdir()
    (out / "note_clarinet_v1.wav").write_bytes(b"mine")
    with pytest.raises(InputError, match=f"but no {MANIFEST}"):
        _run(folder, out)
    with pytest.raises(InputError, match="it is a file"):
        _run(folder, folder / "readme.txt")


def test_results_in_the_same_folder_are_no_sources(folder: Path) -> None:
    (folder / "broken.wav").unlink()
    out = folder / "made"
    _run(folder, out)
    assert len(_run(folder, out)) == 2


def test_names_tell_what_was_asked(folder: Path, out: Path) -> None:
    asked = TransformSettings(
        mixes=({"instrument": {"violin": 0.5, "flute": 0.5}},), notes=(60, 61), n_variations=2, amount=0.5
    )
    names = [sound.file for sound in plan_sounds(INFO, find_sources([folder / "note.wav"], out), asked)]
    assert names == [f"note_violin0.5-flute0.5_{n}_amount0.5_v{v}.wav" for n in ("C4", "Cs4") for v in (1, 2)]
    same = find_sources([folder / "note.wav", folder / "note.wav", folder], out)
    assert [source.stem for source in same] == ["note", "below/phrase", "broken"]


def test_stereo_and_the_original_rate_are_kept(tmp_path: Path, out: Path) -> None:
    mono = recording(tone(440.0, 0.3, sample_rate=22_050), before_s=0.1)
    path = tmp_path / "left.flac"
    soundfile.write(path, np.stack([mono, 0.2 * mono], 1), 22_050)
    kept = TransformSettings(**{**vars(SETTINGS), "sample_rate": 0})
    _run(path, out, kept)
    sound, rate = soundfile.read(out / "left_clarinet_v1.wav")
    assert (rate, sound.shape) == (22_050, (len(mono), 2))
    power = np.square(sound).sum(0)
    assert np.sqrt(power[1] / power[0]) == pytest.approx(0.2, abs=0.03)


def test_noise_is_made_and_said(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE // 3).astype(np.float32)
    write_wav(tmp_path / "hiss.wav", recording(noise))
    assert _main(tmp_path / "hiss.wav", out, "--instrument", "oboe") == 0
    captured = capsys.readouterr()
    assert "no pitch found in the note (at 0.0" in captured.err
    assert read_manifest(out)[0]["unpitched_notes"] == 1


def _main(source: Path, out: Path, *options: str) -> int:
    return main(["transform", str(source), "--out", str(out), "--inverter", "rtpghi", *options])


def test_as_typed(folder: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--instrument", "clarinet", "--source-instrument=violin", "--json")
    assert _main(folder, out, *options) == 2
    captured = capsys.readouterr()
    made = json.loads(captured.out)
    assert (made["files"], made["kept"], len(made["refused"])) == (2, 0, 1)
    assert captured.err.splitlines()[-1].startswith("clariolin: 1 of 3 files could not be used")
    assert all(line.startswith(("warning: ", "clariolin: ")) for line in captured.err.splitlines())
    (folder / "broken.wav").unlink()
    assert _main(folder, out, "--instrument", "clarinet", "--source-instrument=violin") == 0
    assert "2 files, " in (said := capsys.readouterr().out)
    assert "2 of them made before" in said
    assert "2 notes, taken for violin" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "nothing is asked to change"),
        (("--instrument", "obo"), "no instrument 'obo'; did you mean oboe"),
        (("--instument", "oboe"), "did you mean --instrument?"),
        (("--source-instrument", "kazoo", "--instrument", "oboe"), "no instrument 'kazoo'"),
        (("--latent-offset", "1,2"), "3 finite numbers, given 1,2"),
        (("--latent-offset", "a"), "not a list of numbers"),
        (("--notes", "H4"), "not a note"),
        (("--notes", "C9"), "outside C0 to B8"),
        (("--sample-rate", "fast"), "'model', 'original' or a number"),
        (("--sample-rate", "12", "--transpose", "1"), "from 8000 to 192000"),
        (("--amount", "1.5"), "amount"),
        (("--as", "song"), "song"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    folder: Path, out: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], words: str
) -> None:
    assert _main(folder / "note.wav", out, *options) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert words in line
    assert captured.out == ""
    assert not out.exists()


def test_notes_are_for_single_notes(folder: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _main(folder / "below", out, "--notes", "C4") == 2
    assert "--notes is for single ones" in capsys.readouterr().err
    assert _main(folder / "missing.wav", out, "--transpose", "1") == 2
    assert "there is no file or folder" in capsys.readouterr().err


def test_as_a_process(folder: Path, out: Path) -> None:
    code = "import sys; from aae.cli.app import main; sys.exit(main())"
    command = [
        sys.executable,
        "-c",
        code,
        "transform",
        str(folder / "note.wav"),
        "--instrument",
        "oboe:0.7,flute:0.3",
    ]
    done = subprocess.run(
        [*command, "--notes", "C5", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
        cwd=MODEL.parent.parent,
    )
    assert done.returncode == 0, done.stderr
    assert "1 file, " in done.stdout
    assert read_manifest(out)[0]["midi_pitch"] == 72


_WORDS = st.text(alphabet="abc:=-,.019 ", max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(_WORDS, _WORDS.map("--{}".format)), max_size=6))
def test_arguments_are_paths_and_options_or_refused(arguments: list[str]) -> None:
    """200 command lines: every part ends up as a path or an option, in order."""
    try:
        paths, options = split_arguments(arguments)
    except InputError:
        assert all(not part or part.startswith("--") or i for i, part in enumerate(arguments))
        return
    assert len(paths) + len(options) == len(arguments)
    assert paths


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    option=st.sampled_from(
        [
            "--instrument",
            "--latent-offset",
            "--notes",
            "--sample-rate",
            "--transpose",
            "--amount",
            "--as",
            "--seed",
            "--nonsense",
        ]
    ),
    value=_WORDS,
)
def test_options_of_any_kind_end_well(monkeypatch: pytest.MonkeyPatch, option: str, value: str) -> None:
    """60 odd options: they are understood or refused, never an unexpected failure."""
    synthesizer = effect_synthesizer()  # before its way in is changed
    monkeypatch.setattr(Synthesizer, "open", lambda path, inverter: synthesizer)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "silent.wav"
        soundfile.write(path, np.zeros(SAMPLE_RATE // 4), SAMPLE_RATE)
        assert _main(path, Path(folder) / "out", option, value) == 2
