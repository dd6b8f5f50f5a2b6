"""The transform's own evaluation, on notes of known pitch and an untrained model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from aae.evaluation.judges.progress import run_to_end
from aae.evaluation.judges.recognizer_training import open_or_train
from aae.evaluation.measures.transform import assemble_phrase, evaluate_transform
from aae.model.autoencoder import build_model
from aae.model.coverage import Coverage
from aae.model.model_file import LoadedModel
from aae.model.model_info import ModelInfo
from aae.notes.bank import NoteBank, Split
from aae.synthesis.synthesizer import Synthesizer
from aae.training.recipe import load_config
from mcnn.errors import InputError
from mcnn.inversion.griffin_lim import GriffinLim
from tests.support.toy_bank import write_toy_bank


@pytest.fixture(scope="module")
def bank(orchestra_path: Path) -> Iterator[NoteBank]:
    with NoteBank.open(orchestra_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def synthesizer(bank: NoteBank) -> Synthesizer:
    """A model that has learned nothing."""
    torch.manual_seed(0)
    config = load_config("orchestra", ["model.encoder_width=16", "model.decoder_width=16"]).model
    info = ModelInfo(
        model=config,
        spectrogram=bank.config,
        vocabularies=bank.attributes,
        coverage=Coverage.of_bank(bank),
        provenance={},
    )
    sizes = {name: len(labels) for name, labels in bank.attributes.items()}
    model = build_model(config, bank.config, sizes).eval().requires_grad_(False)
    return Synthesizer(LoadedModel(info, model, {}), GriffinLim(bank.config))


def test_a_phrase_is_one_instrument_s_held_out_notes_at_known_places(bank: NoteBank) -> None:
    phrase = assemble_phrase(bank, "instrument", seed=3)
    again = assemble_phrase(bank, "instrument", seed=3)
    assert np.array_equal(phrase.waveform, again.waveform)
    assert np.abs(phrase.waveform).max() == pytest.approx(0.5)
    instrument = bank.attributes["instrument"].index(phrase.instrument)
    held_out = (bank.split == Split.TEST) & (bank.labels["instrument"] == instrument)
    assert set(phrase.midi_pitches) <= set(bank.midi_pitch[held_out].tolist())
    edge = round(0.3 * bank.config.sample_rate)
    assert phrase.onsets[0] == edge
    assert not phrase.waveform[:edge].any()
    assert not phrase.waveform[-edge:].any()
    lengths_s = np.diff(phrase.onsets) / bank.config.sample_rate
    assert (lengths_s >= 0.35 - 1e-3).all()
    assert (lengths_s <= 1.0 + 1e-3).all()


def test_recordings_and_a_phrase_come_back_at_their_pitches(bank: NoteBank, synthesizer: Synthesizer) -> None:
    recognizer = run_to_end(open_or_train(bank))
    stages: list[tuple[str, int, int]] = []
    report = run_to_end(
        evaluate_transform(synthesizer, bank, recognizer, n_notes=3, seed=0),
        lambda *event: stages.append(event),
    )
    assert ("re-making recordings", 3, 3) in stages
    assert len(report["rows"]) == report["recordings"]["notes"] == 3
    for row in report["rows"]:
        assert row["asked"] != row["own"]
        assert row["measured_pitch"] == row["midi_pitch"]
        assert row["heard_own"] == row["own"]
    assert report["recordings"]["pitch_measured_share"] == 1.0
    assert report["recordings"]["recording_recognized_share"] == 1.0
    phrase = report["phrase"]
    assert phrase["notes_found"] == phrase["notes_in_it"] == len(phrase["notes"])
    assert phrase["onset_error_ms_median"] <= 10.0
    assert phrase["asked"] != phrase["played_by"]


def test_a_bank_without_held_out_notes_is_refused(
    bank: NoteBank, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    recognizer = run_to_end(open_or_train(bank))
    with (
        NoteBank.open(write_toy_bank(tmp_path / "few.h5", 8)) as few,
        pytest.raises(InputError, match="no held-out notes with a pitch"),
    ):
        run_to_end(evaluate_transform(synthesizer, few, recognizer))
