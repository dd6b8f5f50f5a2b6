import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from aae.evaluation.judges.judgement import JudgedNote, judge, recognizer_accuracy
from aae.evaluation.judges.progress import StageProgress, run_to_end
from aae.evaluation.judges.recognizer import Recognizer
from aae.evaluation.judges.recognizer_training import open_or_train
from aae.evaluation.measures.control import shared_labels
from aae.evaluation.measures.reconstruction import compare_log_mels
from aae.evaluation.measures.requests import (
    held_out_notes,
    in_usual_technique,
    plan_labels,
    plan_matched,
    plan_middle,
    plan_requests,
)
from aae.evaluation.measures.settings import EvaluationSettings
from aae.evaluation.run import Evaluated, evaluate
from aae.model.autoencoder import build_model
from aae.model.coverage import Coverage
from aae.model.model_file import save_model
from aae.model.model_info import ModelInfo
from aae.notes.bank import NoteBank, Split
from aae.synthesis.synthesizer import Synthesizer
from aae.training.recipe import load_config
from mcnn.errors import InputError
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.orchestra_bank import CONFIG, PITCHES, play
from tests.support.toy_bank import write_toy_bank

SMALL = ["model.encoder_width=16", "model.decoder_width=32"]


@pytest.fixture(scope="module")
def bank(orchestra_path: Path) -> Iterator[NoteBank]:
    with NoteBank.open(orchestra_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def recognizer(bank: NoteBank) -> Recognizer:
    return run_to_end(open_or_train(bank))


@pytest.fixture(scope="module")
def model_path(bank: NoteBank, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learned nothing."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    torch.manual_seed(0)
    config = load_config("orchestra", SMALL).model
    info = ModelInfo(
        model=config,
        spectrogram=bank.config,
        vocabularies=bank.attributes,
        coverage=Coverage.of_bank(bank),
        provenance={},
    )
    sizes = {name: len(labels) for name, labels in bank.attributes.items()}
    save_model(path, info, build_model(config, bank.config, sizes), {})
    return path


@pytest.fixture(scope="module")
def synthesizer(model_path: Path) -> Synthesizer:
    return Synthesizer.open(model_path)


TINY = EvaluationSettings(
    notes_per_instrument=2,
    notes_in_middle=1,
    notes_per_label=1,
    most_real=40,
    most_reconstructed=24,
    most_inverted=8,
    n_pyin=4,
    n_mixes=1,
    latents_per_mix=2,
    n_paths=1,
    most_training=60,
    most_drawn=60,
    most_disguised=24,
)


@pytest.fixture(scope="module")
def evaluated(
    model_path: Path, bank: NoteBank, recognizer: Recognizer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[StageProgress], Evaluated]:
    folder = tmp_path_factory.mktemp("out") / "report"
    *progress, last = evaluate(model_path, bank.path, folder, TINY, ["griffin-lim", "rtpghi"])
    assert isinstance(last, Evaluated)
    return [event for event in progress if isinstance(event, StageProgress)], last


def test_progress_counts_every_stage_to_its_end(
    evaluated: tuple[list[StageProgress], Evaluated],
) -> None:
    progress, _ = evaluated
    last = {event.stage: event for event in progress}
    assert all(event.done == event.total > 0 for event in last.values())
    assert last["judging new notes, over the range (rtpghi)"].total == 6
    assert last["judging new notes, technique (griffin-lim)"].total == 3


def test_the_report_is_a_page_in_two_forms_with_its_figures_and_pictures(
    evaluated: tuple[list[StageProgress], Evaluated], bank: NoteBank
) -> None:
    _, result = evaluated
    assert json.loads((result.folder / "report.json").read_text("utf-8")) == result.report
    page = (result.folder / "report.md").read_text("utf-8")
    whole = (result.folder / "report.html").read_text("utf-8")
    parts = ("Targets", "Reconstruction", "Pitch", "Recognition: instrument", "Recognition: technique")
    for heading in (*parts, "Latent space", "Mixing", "Distribution", "Artefacts", "Judge check"):
        assert f"## {heading}\n" in page
        assert f">{heading}</h2>" in whole
    assert str(bank.path.parent) not in page + whole
    pictures = re.findall(r"]\((\S+\.png)\)", page)
    assert len(pictures) == 8
    assert {path.name for path in result.folder.iterdir()} == {
        *pictures, "report.md", "report.html", "report.json",
    }  # fmt: skip
    for picture in pictures:
        assert (result.folder / picture).read_bytes().startswith(b"\x89PNG")
    assert whole.count('src="data:image/png') == len(pictures)
    assert "https:" not in whole.replace(bank.provenance.get("source", ""), "")
    assert "<script" not in whole


def test_sounds_lie_in_the_page_and_originals_only_if_they_may(
    evaluated: tuple[list[StageProgress], Evaluated], model_path: Path, bank: NoteBank, tmp_path: Path
) -> None:
    _, result = evaluated
    open_page = (result.folder / "report.html").read_text("utf-8")
    list(evaluate(model_path, bank.path, tmp_path, TINY, ["griffin-lim", "rtpghi"], originals=False))
    closed_page = (tmp_path / "report.html").read_text("utf-8")
    assert open_page.count("<label>original<audio") == 12
    assert closed_page.count("<label>original<audio") == 0
    assert closed_page.count("<label>model, rtpghi<audio") == 12
    assert closed_page.count("<audio") == 3 * 3 + 5 + 24
    assert (tmp_path / "report.json").read_bytes() == (result.folder / "report.json").read_bytes()
    assert (tmp_path / "confusion.png").read_bytes() == (result.folder / "confusion.png").read_bytes()
    uri = re.search(r'src="data:audio/mpeg;base64,([^"]+)"', closed_page)
    assert uri is not None
    waveform, sample_rate = soundfile.read(io.BytesIO(base64.b64decode(uri.group(1))))
    assert sample_rate == CONFIG.sample_rate
    assert len(waveform) > 1000


def test_real_notes_score_as_they_should(evaluated: tuple[list[StageProgress], Evaluated]) -> None:
    _, result = evaluated
    control = result.report["control"]
    for kind in ("real", "resynthesized"):
        summary = control["range"][kind]
        assert summary["recognized"]["instrument"] >= 0.9
        assert summary["pitch"]["swift-f0"]["within_share"] >= 0.95
        assert summary["note"]["semitone_share"] >= 0.95
        assert summary["note"]["octave_share"] >= 0.95
        assert summary["wholeness"]["broken_share"] == 0.0
    assert result.report["recognizer"]["instrument"]["share"] >= 0.95
    assert result.report["recognizer"]["instrument"]["guess_share"] == pytest.approx(1 / 3)
    assert result.report["reconstruction"]["all"]["notes"] == 24
    assert sum(map(sum, control["confusion"]["instrument"]["generated"])) == 6
    sound = result.report["reconstruction"]["sound"]
    assert sound["resynthesized"]["all"]["multi_resolution"] < sound["griffin-lim"]["all"]["multi_resolution"]
    frechet = result.report["distribution"]["frechet"]["recogniser, last hidden layer"]
    assert frechet["generated"]["griffin-lim"] > 2 * frechet["resynthesized"]


def test_perturbations_move_no_score(evaluated: tuple[list[StageProgress], Evaluated]) -> None:
    _, result = evaluated
    perturbed = dict(result.report["disguised"])
    assert perturbed.pop("notes") == 24
    plain = perturbed.pop("as recorded")
    assert plain["instrument"] >= 0.9
    assert len(perturbed) == 6
    for name, scores in perturbed.items():
        for attribute in ("instrument", "technique", "pitch"):
            assert scores[attribute] == pytest.approx(plain[attribute], abs=0.0101), (name, attribute)


def test_every_target_is_judged_for_every_inverter(
    evaluated: tuple[list[StageProgress], Evaluated],
) -> None:
    _, result = evaluated
    rows = result.report["targets"]
    by_inverter = [row["inverter"] for row in rows]
    assert by_inverter.count("griffin-lim") == by_inverter.count("rtpghi") == 6
    assert all(row["met"] in (True, False) for row in rows)
    recognised = next(row for row in rows if "instrument recognised" in row["what"])
    assert not recognised["met"]
    assert recognised["real"] >= 0.9


def asked(instrument: str, midi_pitch: int, play_pitch: int | None = None) -> JudgedNote:
    technique = "arco-normal" if instrument == "violin" else "normal"
    labels = {"instrument": instrument, "technique": technique, "dynamics": "forte"}
    return JudgedNote(play(labels, play_pitch or midi_pitch), midi_pitch, labels)


def test_right_notes_are_judged_right(recognizer: Recognizer) -> None:
    notes = [asked(instrument, pitch) for instrument in ("flute", "violin") for pitch in (57, 62, 67)]
    judged = run_to_end(judge(notes, recognizer, total=6, n_pyin=3))
    summary = judged.summary()
    assert summary["notes"] == 6
    assert summary["recognized"]["instrument"] == 1.0
    assert summary["pitch"]["swift-f0"]["within_share"] == 1.0
    assert summary["pitch"]["pyin"]["notes"] == 3
    by_label = judged.summary_by_label("instrument")
    assert set(by_label) == {"flute", "violin"}
    assert by_label["violin"]["notes"] == 3
    assert by_label["violin"]["pitch"]["swift-f0"]["within_share"] == 1.0


def test_wrong_notes_are_judged_wrong(recognizer: Recognizer) -> None:
    octave_off = asked("flute", 69, play_pitch=57)
    other = JudgedNote(asked("clarinet", 60).waveform, 60, {"instrument": "flute"})
    unpitched = JudgedNote(asked("flute", 60).waveform, None, {"instrument": "gong"})
    judged = run_to_end(judge([octave_off, other, unpitched], recognizer, total=3))
    assert judged.pitch["swift-f0"][0].cents == pytest.approx(-1200, abs=20)
    assert set(judged.pitch["swift-f0"]) == {0, 1}
    labels = list(recognizer.info.attributes["instrument"])
    assert judged.confusion("instrument")[labels.index("flute"), labels.index("clarinet")] == 1
    assert judged.recognized_share("instrument") == 0.5
    assert np.isnan(judged.recognized_share("dynamics", among=np.array([False, True, True])))
    assert judged.labels["instrument"][2] == -1


def test_requests_spread_over_the_trained_range_in_the_usual_technique(synthesizer: Synthesizer) -> None:
    requests = plan_requests(synthesizer, "instrument", ["flute", "violin"], 10, seed=1)
    assert requests == plan_requests(synthesizer, "instrument", ["flute", "violin"], 10, seed=1)
    assert requests != plan_requests(synthesizer, "instrument", ["flute", "violin"], 10, seed=2)
    violin = [request for request in requests if request.mix["instrument"] == {"violin": 1.0}]
    assert len(violin) == 10
    pitches = [request.midi_pitch for request in violin]
    assert all(pitch is not None for pitch in pitches)
    low, high = synthesizer.info.coverage.pitch_range(violin[0].mix) or (0, 0)
    ordered = [pitch or 0 for pitch in pitches]
    assert ordered == sorted(ordered)
    assert low <= ordered[0] < low + 2
    assert high - 2 < ordered[-1] <= high
    assert len({request.latent for request in requests}) == 20
    assert {tuple(request.mix["dynamics"]) for request in requests} == {("forte",), ("piano",)}
    assert all(synthesizer.info.coverage.is_trained(request.midi_pitch, request.mix) for request in requests)


def test_real_notes_are_held_out_and_in_the_usual_technique(bank: NoteBank) -> None:
    usual = {"violin": "arco-normal", "flute": "normal", "clarinet": "normal"}
    positions = held_out_notes(bank, 1000, seed=0)
    assert len(positions) == 48
    assert (bank.split[positions] == Split.TEST).all()
    chosen = positions[in_usual_technique(bank, positions, "instrument", usual)]
    assert len(chosen) == 24
    tremolo = bank.attributes["technique"].index("tremolo")
    assert not (bank.labels["technique"][chosen] == tremolo).any()
    assert len(held_out_notes(bank, 5, seed=0)) == 5


def test_every_label_is_asked_in_trained_combinations(synthesizer: Synthesizer) -> None:
    requests = plan_labels(synthesizer, "instrument", "technique", ["normal", "tremolo"], 6, seed=0)
    asked_for = [(next(iter(r.mix["technique"])), next(iter(r.mix["instrument"]))) for r in requests]
    assert [technique for technique, _ in asked_for] == ["normal"] * 6 + ["tremolo"] * 6
    assert sorted(player for technique, player in asked_for if technique == "normal") == (
        ["clarinet"] * 3 + ["flute"] * 3
    )
    assert all(synthesizer.info.coverage.is_trained(r.midi_pitch, r.mix) for r in requests)


def test_the_paper_s_protocol_stays_in_octaves_3_and_4(synthesizer: Synthesizer) -> None:
    requests = plan_middle(synthesizer, "instrument", ["flute", "violin"], 24, seed=0)
    assert [r.midi_pitch for r in requests] == [*range(48, 72)] * 2


def test_matched_notes_have_labels_and_pitch_of_real_ones(synthesizer: Synthesizer, bank: NoteBank) -> None:
    positions = held_out_notes(bank, 10, seed=0)
    for request, position in zip(plan_matched(synthesizer, bank, positions, 0), positions, strict=True):
        assert request.midi_pitch == bank.midi_pitch[position]
        for name, labels in bank.attributes.items():
            assert request.mix[name] == {labels[bank.labels[name][position]]: 1.0}


def test_log_mels_are_compared_in_decibels() -> None:
    spectrogram = Spectrogram(CONFIG)
    waveform = play({"instrument": "violin", "technique": "arco-normal", "dynamics": "forte"}, PITCHES[0])
    log_mel = spectrogram(torch.from_numpy(waveform)[None])[0].numpy()
    assert compare_log_mels(log_mel, log_mel, spectrogram) == (0.0, -200.0)
    loud = np.full_like(log_mel, 1.0)
    distance_db, convergence_db = compare_log_mels(loud + np.float32(np.log10(2.0)), loud, spectrogram)
    assert distance_db == pytest.approx(20 * np.log10(2.0), abs=0.01)
    assert convergence_db == pytest.approx(0.0, abs=0.01)


def test_the_recogniser_is_measured_against_guessing(recognizer: Recognizer, bank: NoteBank) -> None:
    accuracy = recognizer_accuracy(recognizer, bank)
    assert accuracy["technique"]["guess_share"] == pytest.approx(0.5)
    assert accuracy["technique"]["share"] > 0.9
    assert accuracy["technique"]["notes"] == 48


def _first(events: Any) -> None:
    next(iter(events))


def test_what_cannot_be_evaluated_is_refused_in_one_line(
    model_path: Path, bank: NoteBank, tmp_path: Path
) -> None:
    settings = EvaluationSettings.quick()
    with pytest.raises(InputError, match="no model file"):
        _first(evaluate(tmp_path / "none.safetensors", bank.path, tmp_path / "out", settings))
    with pytest.raises(InputError, match="no NoteBank"):
        _first(evaluate(model_path, tmp_path / "none.h5", tmp_path / "out", settings))
    with pytest.raises(InputError, match="no inverter 'vocoder'"):
        _first(evaluate(model_path, bank.path, tmp_path / "out", settings, ["vocoder"]))
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match="cannot be made"):
        _first(evaluate(model_path, bank.path, file / "out", settings))
    toy = write_toy_bank(tmp_path / "toy.h5", 8)
    with pytest.raises(InputError, match="no held-out notes"):
        _first(evaluate(model_path, toy, tmp_path / "out", settings))
    assert not (tmp_path / "out").exists()


def test_a_bank_of_other_instruments_is_refused(synthesizer: Synthesizer, recognizer: Recognizer) -> None:
    assert shared_labels(synthesizer, recognizer, "instrument") == ["clarinet", "flute", "violin"]
    other = Recognizer(
        recognizer.info.model_copy(update={"attributes": {"instrument": ("bright", "dark")}}),
        recognizer.network,
        recognizer.pair_shares,
    )
    with pytest.raises(InputError, match="no instrument in common"):
        shared_labels(synthesizer, other, "instrument")
