import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.torch import save_file

from aae.analysis.note_features import NoteFeatures
from aae.evaluation.judges import recognizer_training
from aae.evaluation.judges.progress import Measurement, StageProgress, run_to_end
from aae.evaluation.judges.recognizer import RECOGNIZER_FILE, Recognizer, confusion_matrix
from aae.evaluation.judges.recognizer_training import cached_path, open_or_train, train
from aae.notes.bank import NoteBank, Split
from mcnn.errors import InputError
from mcnn.inversion.griffin_lim import GriffinLim
from tests.support.orchestra_bank import CONFIG, Labels, play, write_orchestra_bank

FloatArray = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NoteBank]:
    path = write_orchestra_bank(tmp_path_factory.mktemp("bank") / "notes.h5")
    with NoteBank.open(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def recognizer(bank: NoteBank) -> Recognizer:
    return run_to_end(train(bank))


@pytest.fixture(scope="module")
def held_out(bank: NoteBank) -> npt.NDArray[np.int64]:
    return np.flatnonzero(bank.split == Split.TEST)


def share(
    recognizer: Recognizer, bank: NoteBank, held_out: npt.NDArray[np.int64], waveforms: list[FloatArray]
) -> dict[str, float]:
    heard = recognizer.recognize(waveforms)
    main = bank.labels["instrument"][held_out]
    return {
        name: float((heard.labels(name, main) == bank.labels[name][held_out]).mean())
        for name in bank.attributes
    }


def as_recorded(waveform: FloatArray) -> FloatArray:
    return waveform


def padded(waveform: FloatArray) -> FloatArray:
    return np.pad(waveform, (1_500, 4_000))


def quieter(waveform: FloatArray) -> FloatArray:
    return waveform * np.float32(0.03)


def with_noise(waveform: FloatArray) -> FloatArray:
    noise = np.random.default_rng(0).standard_normal(len(waveform))
    return waveform + (1e-4 * noise).astype(np.float32)  # -60 dB of the reference level


def in_16_bit(waveform: FloatArray) -> FloatArray:
    return np.round(0.5 * waveform * 32767).astype(np.float32) / np.float32(32767)


def resynthesized(waveform: FloatArray) -> FloatArray:
    log_mel = torch.from_numpy(NoteFeatures(CONFIG).log_mel(waveform))
    result: FloatArray = GriffinLim(CONFIG)(log_mel[None])[0].numpy()
    return result


@pytest.mark.parametrize(
    "perturb", [as_recorded, padded, quieter, with_noise, in_16_bit, resynthesized], ids=lambda f: f.__name__
)
def test_held_out_notes_are_recognised_under_every_perturbation(
    perturb: object, recognizer: Recognizer, bank: NoteBank, held_out: npt.NDArray[np.int64]
) -> None:
    assert callable(perturb)
    scores = share(recognizer, bank, held_out, [perturb(bank.waveform(int(i))) for i in held_out])
    assert scores["instrument"] >= 0.95
    assert scores["technique"] >= 0.95
    assert scores["dynamics"] >= 0.8


def test_shuffled_labels_are_recognised_by_chance(tmp_path: Path, held_out: npt.NDArray[np.int64]) -> None:
    random = np.random.default_rng(0)

    def shuffle(number: int, labels: Labels) -> Labels:
        return {**labels, "instrument": str(random.choice(["clarinet", "flute", "violin"]))}

    with NoteBank.open(write_orchestra_bank(tmp_path / "shuffled.h5", shuffle)) as bank:
        recognizer = run_to_end(train(bank))
        scores = share(recognizer, bank, held_out, [bank.waveform(int(i)) for i in held_out])
    assert 0.15 < scores["instrument"] < 0.55


def test_only_training_notes_are_learned_from(tmp_path: Path, bank: NoteBank, recognizer: Recognizer) -> None:
    held_out = set(np.flatnonzero(bank.split != Split.TRAIN).tolist())

    def spoil(number: int, labels: Labels) -> Labels:
        return {**labels, "instrument": "flute"} if number in held_out else labels

    with NoteBank.open(write_orchestra_bank(tmp_path / "spoiled.h5", spoil)) as spoiled:
        other = run_to_end(train(spoiled))
    assert other.info.bank != recognizer.info.bank
    for name, weights in recognizer.network.state_dict().items():
        assert torch.equal(weights, other.network.state_dict()[name])


def test_techniques_compete_only_with_those_of_the_instrument(recognizer: Recognizer) -> None:
    techniques = recognizer.info.attributes["technique"]
    violin = recognizer.info.attributes["instrument"].index("violin")
    note = play({"instrument": "flute", "technique": "normal", "dynamics": "forte"}, 64)
    heard = recognizer.recognize([note])
    assert techniques[int(heard.labels("technique")[0])] == "normal"
    assert techniques[int(heard.labels("technique", np.array([violin]))[0])] == "arco-normal"
    assert techniques[int(heard.labels("technique", np.array([-1]))[0])] == "normal"


def test_features_do_not_know_level_padding_or_length() -> None:
    features = NoteFeatures(CONFIG)
    note = play({"instrument": "violin", "technique": "arco-normal", "dynamics": "forte"}, 60)
    vector = features.of_waveform(note)
    assert vector.shape == (features.size,)
    assert np.abs(features.of_waveform(7.0 * note) - vector).max() < 1e-4
    early = features.of_waveform(np.pad(note, (2 * CONFIG.hop_length, 0)))
    late = features.of_waveform(np.pad(note, (9 * CONFIG.hop_length, 9_000)))
    assert np.abs(early - late).mean() < 0.005
    assert np.isfinite(features.of_waveform(np.zeros(4_000, np.float32))).all()
    assert np.isfinite(features.of_waveform(note[:400])).all()


def test_an_opened_recogniser_hears_the_same(tmp_path: Path, recognizer: Recognizer, bank: NoteBank) -> None:
    path = tmp_path / "kept.safetensors"
    recognizer.save(path)
    again = Recognizer.open(path)
    notes = [bank.waveform(i) for i in range(5)]
    for name, scores in recognizer.recognize(notes).scores.items():
        assert np.array_equal(scores, again.recognize(notes).scores[name])
    assert again.info == recognizer.info
    assert all(np.array_equal(again.pair_shares[n], recognizer.pair_shares[n]) for n in again.pair_shares)


def test_files_that_are_no_recognisers_are_refused_by_name(tmp_path: Path, recognizer: Recognizer) -> None:
    path = tmp_path / "kept.safetensors"
    with pytest.raises(InputError, match="no recogniser at"):
        Recognizer.open(path)
    recognizer.save(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="truncated"):
        Recognizer.open(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="not one of clariolin's recognisers"):
        Recognizer.open(path)
    RECOGNIZER_FILE.save(path, recognizer.info, {"a": torch.zeros(1)})
    with pytest.raises(InputError, match="damaged recogniser"):
        Recognizer.open(path)
    weights = {f"network.{name}": tensor for name, tensor in recognizer.network.state_dict().items()}
    RECOGNIZER_FILE.save(path, recognizer.info, weights)
    with pytest.raises(InputError, match="it has no 'pair_shares"):
        Recognizer.open(path)


@pytest.mark.parametrize("kept", ["of an earlier form", "damaged"])
def test_a_kept_recogniser_that_cannot_be_used_is_made_anew(
    kept: str, tmp_path: Path, bank: NoteBank, recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train_at_once(bank: NoteBank, seed: int) -> Measurement[Recognizer]:
        yield StageProgress("training", 1, 1)
        return recognizer

    monkeypatch.setattr(recognizer_training, "train", train_at_once)
    path = cached_path(bank, tmp_path)
    if kept == "damaged":
        RECOGNIZER_FILE.save(path, recognizer.info, {"a": torch.zeros(1)})
    else:
        info = json.dumps({"version": 3, **recognizer.info.model_dump()})
        weights = {name: tensor.contiguous() for name, tensor in recognizer.network.state_dict().items()}
        save_file(weights, path, {"format": "clariolin-recognizer", "info": info})
    assert run_to_end(open_or_train(bank, tmp_path)) is recognizer
    assert Recognizer.open(path).info == recognizer.info


def test_a_recogniser_is_trained_once_a_bank(tmp_path: Path, bank: NoteBank, recognizer: Recognizer) -> None:
    copy = tmp_path / "notes.h5"
    shutil.copy(bank.path, copy)
    with NoteBank.open(copy) as notes:
        trained = run_to_end(open_or_train(notes))
        assert cached_path(notes, tmp_path).is_file()
        steps = open_or_train(notes)
        with pytest.raises(StopIteration) as end:
            next(steps)
    assert torch.equal(end.value.value.network.heads.weight, trained.network.heads.weight)
    assert torch.equal(trained.network.heads.weight, recognizer.network.heads.weight)


def test_confusions_are_counted_by_asked_and_heard_label() -> None:
    matrix = confusion_matrix(np.array([0, 0, 1, -1]), np.array([0, 2, 1, 1]), 3)
    assert matrix.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
