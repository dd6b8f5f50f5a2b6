import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from aae.notes.bank import CLIPPING_UNKNOWN, NOT_GIVEN, UNPITCHED, NoteBank, NoteData, Split
from aae.notes.bank_writer import NoteBankWriter, quantise
from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig

CONFIG = SpectrogramConfig(n_mels=8)


def note(number: int, labels: dict[str, str] | None = None, n_frames: int = 5) -> NoteData:
    random = np.random.default_rng(number)
    return NoteData(
        id=f"flute/é {number}.wav",
        midi_pitch=60 + number,
        labels={"instrument": "flute"} if labels is None else labels,
        split=Split(number % 3),
        level_db=-20.0 - number,
        tuning_cents=float(number),
        waveform=random.standard_normal(n_frames * 512 - 100).astype(np.float32),
        log_mel=random.standard_normal((8, n_frames)).astype(np.float16),
        f0_cents=random.standard_normal(n_frames).astype(np.float16),
        clipped=10 * number,
    )


def write(path: Path, notes: list[NoteData], finish: bool = True) -> Path:
    vocabularies = {"instrument": ["viola", "flute"], "technique": ["normal"]}
    with NoteBankWriter(path, CONFIG, vocabularies) as writer:
        for data in notes:
            writer.add(data)
        if finish:
            writer.finish({"source": "made up", "skips": ["x" * 1000] * 200})
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    notes = [note(0), note(1, {"instrument": "viola", "technique": "normal"}, n_frames=9), note(2, {})]
    with NoteBank.open(write(tmp_path / "notes.h5", notes)) as bank:
        assert len(bank) == 3
        assert bank.config == CONFIG
        assert bank.attributes == {"instrument": ("flute", "viola"), "technique": ("normal",)}
        assert bank.ids == [data.id for data in notes]
        assert bank.midi_pitch.tolist() == [60, 61, 62]
        assert bank.labels["instrument"].tolist() == [0, 1, NOT_GIVEN]
        assert bank.labels["technique"].tolist() == [NOT_GIVEN, 0, NOT_GIVEN]
        assert bank.split.tolist() == [Split.TRAIN, Split.VALIDATION, Split.TEST]
        assert bank.level_db.tolist() == [-20.0, -21.0, -22.0]
        assert bank.clipped.tolist() == [0, 10, 20]
        assert bank.n_frames.tolist() == [5, 9, 5]
        assert bank.provenance["source"] == "made up"
        for index, data in enumerate(notes):
            assert np.array_equal(bank.log_mel(index), data.log_mel.astype(np.float32))
            assert np.array_equal(bank.f0_cents(index), data.f0_cents.astype(np.float32))
            assert bank.log_mel(index).dtype == bank.waveform(index).dtype == np.float32
            step = np.abs(data.waveform).max() / 32767
            assert np.abs(bank.waveform(index) - data.waveform).max() <= 0.51 * step
        assert np.array_equal(bank.log_mel(-1), bank.log_mel(2))
        with pytest.raises(IndexError):
            bank.waveform(3)


def test_many_notes_keep_their_places_across_chunks(tmp_path: Path) -> None:
    notes = [note(number % 50, n_frames=2000) for number in range(40)]
    notes = [NoteData(**{**vars(data), "id": str(index)}) for index, data in enumerate(notes)]
    with NoteBank.open(write(tmp_path / "notes.h5", notes)) as bank:
        for index in (0, 7, 16, 17, 39):
            assert np.array_equal(bank.log_mel(index), notes[index].log_mel.astype(np.float32))
            assert len(bank.waveform(index)) == len(notes[index].waveform)


def test_an_empty_bank_is_a_bank(tmp_path: Path) -> None:
    with NoteBank.open(write(tmp_path / "notes.h5", [])) as bank:
        assert len(bank) == 0


def test_unpitched_and_unknown_survive(tmp_path: Path) -> None:
    data = NoteData(**{**vars(note(0)), "midi_pitch": UNPITCHED, "tuning_cents": float("nan")})
    data.f0_cents[:] = np.nan
    with NoteBank.open(write(tmp_path / "notes.h5", [data])) as bank:
        assert bank.midi_pitch[0] == UNPITCHED
        assert np.isnan(bank.tuning_cents[0])
        assert np.isnan(bank.f0_cents(0)).all()


def test_a_bank_that_says_nothing_of_clipping_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.h5", [note(1), note(2)])
    with h5py.File(path, "r+") as file:
        del file["notes/clipped"]
    with NoteBank.open(path) as bank:
        assert bank.clipped.tolist() == [CLIPPING_UNKNOWN, CLIPPING_UNKNOWN]


def test_a_bank_travels_to_another_process(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.h5", [note(0)])
    with NoteBank.open(path) as bank, pickle.loads(pickle.dumps(bank)) as copy:
        assert np.array_equal(copy.log_mel(0), bank.log_mel(0))


def test_sixteen_bits_are_scaled_to_the_peak() -> None:
    waveform = np.array([0.0, 3.0, -1.5], np.float32)
    steps, scale = quantise(waveform)
    assert steps.tolist() == [0, 32767, -16384]
    assert scale == pytest.approx(3.0 / 32767)
    assert quantise(np.zeros(4, np.float32))[0].tolist() == [0, 0, 0, 0]


def test_a_missing_bank_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no NoteBank at .*none\.h5"):
        NoteBank.open(tmp_path / "none.h5")


def test_an_unfinished_bank_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unfinished"):
        NoteBank.open(write(tmp_path / "notes.h5", [note(0)], finish=False))


def test_other_files_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.h5"
    text.write_text("no HDF5")
    with pytest.raises(InputError, match="not a NoteBank"):
        NoteBank.open(text)
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["data"] = [1, 2, 3]
    with pytest.raises(InputError, match="not a NoteBank"):
        NoteBank.open(foreign)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95, 0.999])
def test_a_truncated_bank_is_refused(tmp_path: Path, share: float) -> None:
    path = write(tmp_path / "notes.h5", [note(number) for number in range(5)])
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputError, match=r"notes\.h5"):
        NoteBank.open(path)


@pytest.mark.parametrize(
    "damage", ["notes/split", "notes/labels/technique", "log_mel", "attributes", "provenance"]
)
def test_a_bank_with_a_missing_part_is_refused(tmp_path: Path, damage: str) -> None:
    path = write(tmp_path / "notes.h5", [note(0)])
    with h5py.File(path, "a") as file:
        del file[damage]
    with pytest.raises(InputError, match="damaged"):
        NoteBank.open(path)


def test_a_bank_whose_parts_disagree_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.h5", [note(0)])
    with h5py.File(path, "a") as file:
        file["notes/n_frames"][0] = 50
    with pytest.raises(InputError, match="its table says"):
        NoteBank.open(path)
    path = write(tmp_path / "other.h5", [note(0)])
    with h5py.File(path, "a") as file:
        del file["notes/midi_pitch"]
        file["notes/midi_pitch"] = [60, 61]
    with pytest.raises(InputError, match="differ in length"):
        NoteBank.open(path)


def test_a_newer_bank_is_refused_by_its_version(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.h5", [note(0)])
    with h5py.File(path, "a") as file:
        file.attrs["version"] = 99
    with pytest.raises(InputError, match="version 99"):
        NoteBank.open(path)


def test_the_writer_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with NoteBankWriter(tmp_path / "notes.h5", CONFIG, {"instrument": ["flute"]}) as writer:
        with pytest.raises(ValueError, match="viola"):
            writer.add(note(0, {"instrument": "viola"}))
        with pytest.raises(ValueError, match="mood"):
            writer.add(note(0, {"mood": "sad"}))
        with pytest.raises(ValueError, match="do not match"):
            writer.add(NoteData(**{**vars(note(0)), "f0_cents": np.zeros(3, np.float16)}))
