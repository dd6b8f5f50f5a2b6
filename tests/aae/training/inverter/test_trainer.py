import os
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from aae.model.autoencoder import build_model
from aae.model.config import ModelConfig
from aae.model.coverage import Coverage
from aae.model.model_file import LoadedModel, load_model, save_model
from aae.model.model_info import ModelInfo
from aae.model.noise_fluctuation import n_starts
from aae.notes.bank import NoteBank, Split
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from aae.training.data import TrainingNotes
from aae.training.events import Event, Finished, Progress, Started, Validated
from aae.training.inverter.recipe import FINETUNE, PRETRAIN, InverterRecipe, load_recipe
from aae.training.inverter.tensorboard import InverterLog
from aae.training.inverter.trainer import InverterJob, InverterTrainer, _InverterTask
from aae.training.losses import delta_l1, masked_l1
from aae.training.objective import decode_notes, texture_distance
from aae.training.previews import InverterPreview, make_inverter_previews
from aae.training.recipe import LossConfig, load_config
from aae.training.texture import TextureLoss
from mcnn.errors import InputError
from mcnn.inversion.inverter import NO_CONDITIONING, Inverter, InverterConditioning
from mcnn.network.inverter_file import build_inverter, load_inverter
from mcnn.spectral.spectrogram import Spectrogram
from tests.support.toy_bank import CONFIG, write_toy_bank

SMALL = [
    "steps=14",
    "batch_size=4",
    "frames=24",
    "validate_every=6",
    "warmup_steps=2",
    "shape.width=16",
    "shape.blocks=1",
    "shape.head_width=8",
]
SMALL_PUBLISHED = [*SMALL[:-3], "shape.heads=2", "shape.layers=4"]
SMALL_MODEL = ModelConfig(encoder_width=8, decoder_width=8, decoder_blocks=1, style_width=8)

DIES_WHILE_SAVING = """
import os, signal, sys
from pathlib import Path
import torch
from aae.training.inverter.recipe import load_recipe
from aae.training.inverter.trainer import InverterJob, InverterTrainer
bank, out, dies_at, *settings = sys.argv[1:]
saves, save = 0, torch.save
def save_or_die(state, path):
    global saves
    saves += 1
    if saves == int(dies_at):
        Path(path).write_bytes(b"half a checkpoint")
        os.kill(os.getpid(), signal.SIGKILL)
    save(state, path)
torch.save = save_or_die
list(InverterTrainer(InverterJob(load_recipe({}, settings), Path(bank), Path(out)), "cpu").fit())
"""


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_toy_bank(tmp_path_factory.mktemp("bank") / "toy.h5")


@pytest.fixture(scope="module")
def loaded(bank: Path) -> LoadedModel:
    """An untrained auto-encoder of the toy bank's notes."""
    with NoteBank.open(bank) as opened:
        torch.manual_seed(0)
        sizes = {name: len(labels) for name, labels in opened.attributes.items()}
        info = ModelInfo(
            model=SMALL_MODEL,
            spectrogram=opened.config,
            vocabularies=opened.attributes,
            coverage=Coverage.of_bank(opened),
            provenance={"steps": 0},
        )
    model = build_model(SMALL_MODEL, info.spectrogram, sizes).eval().requires_grad_(False)
    path = bank.parent / "model.safetensors"
    save_model(path, info, model, {"latent": np.zeros((48, 3), np.float32)})
    return load_model(path)


def _recipe(*settings: str) -> InverterRecipe:
    return load_recipe({}, [*SMALL, *settings])


def _finetuning(bank: Path, loaded: LoadedModel, out: Path, *settings: str) -> InverterJob:
    torch.manual_seed(1)
    recipe = load_recipe({**FINETUNE, "decoded": 0.7}, [*SMALL, *settings])
    return InverterJob(recipe, bank, out, build_inverter(recipe.shape, CONFIG), loaded)


def _fit(job: InverterJob, max_minutes: float | None = None) -> list[Event]:
    return list(InverterTrainer(job, "cpu").fit(max_minutes))


def _process(bank: Path, out: Path, dies_at: int) -> subprocess.Popen[bytes]:
    """A training in a process of its own, which is killed in the middle of its n-th checkpoint."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[4])}
    arguments = ["-W", "ignore", "-c", DIES_WHILE_SAVING, str(bank), str(out), str(dies_at), *SMALL]
    with out.with_suffix(".log").open("a") as log:
        return subprocess.Popen([sys.executable, *arguments], stdout=log, stderr=log, env=environment)


def _weights(job_folder: Path) -> dict[str, Tensor]:
    state = torch.load(job_folder / "checkpoint.pt", weights_only=True)
    return {f"{part}.{name}": tensor for part in ("pair", "average") for name, tensor in state[part].items()}


def _require_equal_weights(one: Inverter, other: Inverter) -> None:
    first, second = one.state_dict(), other.state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def _require_same_run(one: Path, other: Path) -> None:
    """Both files' trainings have the same weights, bit for bit, and the same curve."""
    folders = [path.with_name(f"{path.name}.training") for path in (one, other)]
    first, second = (_weights(folder) for folder in folders)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (folders[0] / "metrics.csv").read_text() == (folders[1] / "metrics.csv").read_text()


def _validated(events: Sequence[Event]) -> list[Validated]:
    return [event for event in events if isinstance(event, Validated)]


def test_training_learns_and_leaves_an_inverter(bank: Path, tmp_path: Path) -> None:
    out = tmp_path / "inverter.safetensors"
    events = _fit(InverterJob(_recipe("learning_rate=1e-2"), bank, out))
    assert isinstance(events[0], Started)
    assert (events[0].n_train, events[0].n_validation, events[0].step, events[0].n_steps) == (48, 6, 0, 14)
    assert isinstance(events[-1], Finished)
    assert (events[-1].reason, events[-1].step, events[-1].model_path) == ("complete", 14, out)
    assert any(isinstance(event, Progress) and event.notes_per_s > 0 for event in events)
    distances = [event.metrics["validation/distance"] for event in _validated(events)]
    assert len(distances) == 3
    assert distances[-1] < distances[0]
    info, _ = load_inverter(out)
    assert info.provenance["steps"] == 14
    assert info.provenance["notes"] == {"source": "toy"}
    assert info.provenance["validation"] == {"validation/distance": distances[-1]}
    assert info.spectrogram == CONFIG


def test_killed_and_continued_is_as_if_nothing_had_happened(bank: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.safetensors", tmp_path / "killed.safetensors"
    processes = _process(bank, whole, 0), _process(bank, killed, 2)
    assert processes[0].wait(120) == 0, whole.with_suffix(".log").read_text()
    assert processes[1].wait(120) == -signal.SIGKILL, killed.with_suffix(".log").read_text()
    assert _process(bank, killed, 0).wait(120) == 0, killed.with_suffix(".log").read_text()
    _require_same_run(whole, killed)
    files = [load_inverter(path) for path in (whole, killed)]
    assert files[0][0] == files[1][0]
    _require_equal_weights(*(inverter for _, inverter in files))


@pytest.mark.parametrize(("after", "continued_at"), [(Progress, 6), (Finished, 14)])
def test_finetuning_left_at_any_event_continues_exactly(
    after: type[Event], continued_at: int, bank: Path, loaded: LoadedModel, tmp_path: Path
) -> None:
    whole, left = (_finetuning(bank, loaded, tmp_path / name) for name in ("whole", "left"))
    _fit(whole)
    events = InverterTrainer(left, "cpu").fit()
    assert isinstance(events, Generator)
    while not isinstance(next(events), after):
        pass
    events.close()
    started = _fit(left)[0]
    assert isinstance(started, Started)
    assert started.step == continued_at
    _require_same_run(whole.out, left.out)


def test_a_finetuned_model_file_renders(bank: Path, loaded: LoadedModel, tmp_path: Path) -> None:
    job = _finetuning(
        bank, loaded, tmp_path / "model.safetensors", "decoder_learning_rate=1e-3", "adversarial=0"
    )
    _fit(job)
    opened = load_model(job.out)
    assert opened.inverter is not None
    assert opened.info.inverter is not None
    assert opened.info.inverter.shape == job.recipe.shape
    assert opened.info.provenance == loaded.info.provenance
    assert np.array_equal(opened.latents["latent"], loaded.latents["latent"])
    mix = {"instrument": {"bright": 1.0}, "dynamics": {"forte": 1.0}}
    request = NoteRequest(69, mix, (0.0, 0.0, 0.0))
    (waveform,) = Synthesizer(opened, opened.inverter).render([request])
    assert np.isfinite(waveform).all()
    assert np.abs(waveform).max() > 1e-3
    for name, tensor in opened.model.state_dict().items():
        same = torch.equal(tensor, loaded.model.state_dict()[name])
        assert same or not name.startswith("encoder."), "the latent space must not move"
    decoders = [b.model.decoder.state_dict() for b in (opened, loaded)]
    assert any(not torch.equal(decoders[0][name], decoders[1][name]) for name in decoders[0])


def test_a_decoder_that_is_not_to_learn_stays(bank: Path, loaded: LoadedModel, tmp_path: Path) -> None:
    job = _finetuning(
        bank,
        loaded,
        tmp_path / "model.safetensors",
        "decoder_learning_rate=0",
        "adversarial=0",
        "steps=3",
        "warmup_steps=0",
    )
    _fit(job)
    opened, before = load_model(job.out), loaded.model.state_dict()
    assert all(torch.equal(tensor, before[name]) for name, tensor in opened.model.state_dict().items())
    assert opened.inverter is not None
    assert job.start is not None
    start = job.start.state_dict()
    assert any(not torch.equal(tensor, start[name]) for name, tensor in opened.inverter.state_dict().items())


def test_a_decoder_is_held_to_the_objective_that_its_model_was_trained_with(
    bank: Path, loaded: LoadedModel, tmp_path: Path
) -> None:
    config = load_config("orchestra", ["losses.attack=7.0", "losses.deviation=0"])
    info = loaded.info.model_copy(update={"provenance": {"recipe": config.model_dump()}})
    heavy = replace(loaded, info=info)
    untold, told = (_finetuning(bank, one, tmp_path / "model.safetensors") for one in (loaded, heavy))
    assert untold.decoder_losses == LossConfig()
    assert told.decoder_losses == config.losses
    with NoteBank.open(bank) as opened:
        task = _InverterTask(told, Fabric(accelerator="cpu", devices=1), opened)
        batch = task.train.notes.batch(np.arange(4))
        with torch.no_grad():
            error = task.train.cut(np.arange(4), np.random.default_rng(0), loaded.model).decoder_error
            decoded = decode_notes(loaded.model, batch)
            mask = batch.performance.mask(batch.log_mel.shape[2])
            level = masked_l1(decoded.log_mel, batch.log_mel, mask)
            changes = delta_l1(decoded.log_mel, batch.log_mel, mask)
            texture = TextureLoss(Spectrogram(CONFIG))
            start = int(np.random.default_rng(0).integers(2**31)) % n_starts(batch.log_mel.shape[2])
            textures = texture_distance(texture, decoded, batch, start)
    assert error is not None
    torch.testing.assert_close(error, level + 7.0 * changes + told.recipe.texture * textures)


def test_the_published_network_trains(bank: Path, tmp_path: Path) -> None:
    recipe = load_recipe(PRETRAIN["light"], [*SMALL_PUBLISHED, "steps=2"])
    _fit(InverterJob(recipe, bank, tmp_path / "light.safetensors"))
    assert load_inverter(tmp_path / "light.safetensors")[1].name == "mcnn-published"


def test_time_limit_ends_in_a_checkpoint_and_a_file(bank: Path, tmp_path: Path) -> None:
    job = InverterJob(_recipe(), bank, tmp_path / "inverter.safetensors")
    last = _fit(job, max_minutes=0)[-1]
    assert isinstance(last, Finished)
    assert (last.reason, last.step) == ("time", 1)
    assert job.out.exists()
    assert (job.folder / "checkpoint.pt").exists()


def test_a_file_that_was_taken_away_is_written_again(bank: Path, tmp_path: Path) -> None:
    job = InverterJob(_recipe("steps=2"), bank, tmp_path / "inverter.safetensors")
    _fit(job)
    before = load_inverter(job.out)[1]
    job.out.unlink()
    events = _fit(job)
    assert [type(event) for event in events] == [Started, Validated, Finished]
    _require_equal_weights(load_inverter(job.out)[1], before)


def test_another_origin_or_recipe_is_refused(bank: Path, loaded: LoadedModel, tmp_path: Path) -> None:
    job = _finetuning(bank, loaded, tmp_path / "model.safetensors", "steps=1")
    _fit(job)
    with pytest.raises(InputError, match=r"another run \(config\.seed: 0 there, 5 now\)"):
        _fit(_finetuning(bank, loaded, job.out, "steps=1", "seed=5"))
    torch.manual_seed(2)
    other = InverterJob(job.recipe, bank, job.out, build_inverter(job.recipe.shape, CONFIG), loaded)
    with pytest.raises(InputError, match=r"another run \(trained_from: "):
        _fit(other)


def test_too_few_notes_leave_nothing_behind(tmp_path: Path) -> None:
    few = write_toy_bank(tmp_path / "few.h5", 6)
    with pytest.raises(InputError, match="6 notes to train on; at least 8"):
        _fit(InverterJob(_recipe(), few, tmp_path / "inverter.safetensors"))
    assert [path.name for path in tmp_path.iterdir()] == ["few.h5"]


def test_without_notes_to_validate_on_the_latest_is_kept(tmp_path: Path) -> None:
    few = write_toy_bank(tmp_path / "few.h5", 8)
    events = _fit(InverterJob(_recipe("steps=2", "validate_every=1"), few, tmp_path / "inverter.safetensors"))
    assert [event.best for event in _validated(events)] == [True, True]
    assert all(event.previews == [] for event in _validated(events))
    assert load_inverter(tmp_path / "inverter.safetensors")[0].provenance["steps"] == 2


def test_judged_by_discriminators_the_latest_is_kept(
    bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distances = iter([0.0, 1.0, 2.0])  # the first is the best by distance

    def measured(_run: object) -> float:
        return next(distances)

    settings = ("steps=3", "validate_every=1", "adversarial=0.5", "adversarial_from=0.6")
    job = InverterJob(_recipe(*settings), bank, tmp_path / "inverter.safetensors")
    monkeypatch.setattr("aae.training.inverter.trainer._InverterTask._validation_distance", measured)
    assert [event.best for event in _validated(_fit(job))] == [True, True, True]
    calm = InverterJob(_recipe(*settings[:2]), bank, tmp_path / "calm.safetensors")
    distances = iter([0.0, 1.0, 2.0])
    assert [event.best for event in _validated(_fit(calm))] == [True, False, False]


class _Echo(Inverter):
    """Every sample is the mean of its frame's log-mel, or its pitch where that is known."""

    name = "echo"

    def forward(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> Tensor:
        frames = log_mel.mean(1) if conditioning.f0_hz is None else conditioning.f0_hz
        return frames.repeat_interleave(CONFIG.hop_length, 1)


def test_previews_are_whole_notes_beside_their_recordings(bank: Path, loaded: LoadedModel) -> None:
    with NoteBank.open(bank) as opened:
        notes = TrainingNotes(opened, Split.VALIDATION)
        device = torch.device("cpu")
        recorded = make_inverter_previews(_Echo(CONFIG), None, notes, opened, device)
        decoded = make_inverter_previews(_Echo(CONFIG), loaded.model, notes, opened, device)
        assert [preview.name for preview in recorded] == [preview.name for preview in decoded]
        waveforms = [opened.waveform(int(i)) for i in notes.bank_indices]
    assert len(recorded) == 6
    assert recorded[0].name.startswith("1 ")
    assert "bright" in recorded[0].name
    for preview, other in zip(recorded, decoded, strict=True):
        assert len(preview.made) == len(preview.target) == len(other.made)
        known = [w for w in waveforms if np.array_equal(w[:500], preview.target[:500].numpy())]
        assert len(known) == 1
        kept = min(len(known[0]), len(preview.target))
        np.testing.assert_array_equal(preview.target[:kept].numpy(), known[0][:kept])
        assert -4 < preview.made.mean() < 0
        assert 200 < other.made.mean() < 700


def test_curves_pictures_and_sounds_reach_tensorboard(bank: Path, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    job = InverterJob(_recipe("validate_every=10", "steps=20"), bank, tmp_path / "inverter.safetensors")
    log = InverterLog(job.folder, CONFIG, every=1)
    for event in InverterTrainer(job, "cpu").fit():
        log.consume(event)
    written = EventAccumulator(str(job.folder / "tensorboard")).Reload()
    tags = written.Tags()
    assert {"loss/distance", "validation/distance"} <= set(tags["scalars"])
    assert len(tags["images"]) == 6
    made = [tag for tag in tags["audio"] if "/made" in tag]
    recorded = [tag for tag in tags["audio"] if "/recorded" in tag]
    assert (len(made), len(recorded)) == (6, 6)
    assert len(written.Audio(made[0])) == 2
    assert len(written.Audio(recorded[0])) == 1


def test_a_picture_shows_the_recording_left_and_what_was_made_right(tmp_path: Path) -> None:
    t = torch.arange(20 * CONFIG.hop_length) / CONFIG.sample_rate
    tone = 0.5 * torch.sin(2 * torch.pi * 440 * t)
    image = InverterLog(tmp_path, CONFIG).picture(InverterPreview("A4", tone, torch.zeros_like(tone)))
    left, right = image[0, :, :20], image[0, :, -20:]
    assert left.max() > 0.8
    assert right.max() == 0
