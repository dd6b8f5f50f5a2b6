"""Models side by side; what they are compared by is tested where it is measured."""

from pathlib import Path

import pytest
import torch

from aae.evaluation.compare import Compared, compare, row_name
from aae.evaluation.judges.progress import StageProgress
from aae.evaluation.measures.settings import EvaluationSettings
from aae.model.autoencoder import build_model
from aae.model.coverage import Coverage
from aae.model.model_file import save_model
from aae.model.model_info import ModelInfo
from aae.notes.bank import NoteBank
from aae.training.recipe import load_config
from mcnn.errors import InputError
from tests.support.toy_bank import CONFIG as TOY_CONFIG

SMALL = ["model.encoder_width=16", "model.decoder_width=16", "model.decoder_blocks=1"]
TINY = EvaluationSettings(
    notes_per_instrument=1,
    notes_in_middle=1,
    notes_per_label=1,
    most_real=24,
    most_reconstructed=8,
    n_paths=1,
    most_training=60,
)


def save_untrained(path: Path, bank: NoteBank, preset: str, seed: int) -> Path:
    torch.manual_seed(seed)
    config = load_config(preset, [*SMALL, f"training.seed={seed}"])
    info = ModelInfo(
        model=config.model,
        spectrogram=bank.config,
        vocabularies=bank.attributes,
        coverage=Coverage.of_bank(bank),
        provenance={"recipe": config.model_dump(), "steps": 10 + seed},
    )
    sizes = {name: len(labels) for name, labels in bank.attributes.items()}
    save_model(path, info, build_model(config.model, bank.config, sizes), {})
    return path


def test_seeds_of_a_recipe_are_one_row_with_their_spread(tmp_path: Path, orchestra_path: Path) -> None:
    path = orchestra_path
    with NoteBank.open(path) as bank:
        models = [
            save_untrained(tmp_path / "a.safetensors", bank, "orchestra", 0),
            save_untrained(tmp_path / "b.safetensors", bank, "orchestra", 1),
            save_untrained(tmp_path / "c.safetensors", bank, "wae-note", 0),
        ]
    *progress, last = compare(models, path, tmp_path / "out", TINY, "rtpghi")
    assert isinstance(last, Compared)
    rows = {row["row"]: row for row in last.report["rows"]}
    assert {name: row["models"] for name, row in rows.items()} == {
        "orchestra, harmonic": 2,
        "wae-note, convolutional": 1,
    }
    steps = rows["orchestra, harmonic"]["figures"]["training steps"]
    assert steps == {"mean": 10.5, "spread": pytest.approx(0.5**0.5)}
    assert rows["wae-note, convolutional"]["figures"]["training steps"] == {"mean": 10.0, "spread": None}
    assert any(isinstance(e, StageProgress) and e.stage.startswith("3 of 3: ") for e in progress)
    page = (tmp_path / "out" / "comparison.md").read_text("utf-8")
    assert "orchestra, harmonic (2)" in page
    assert "semitone, 3 and 4 (%)" in page

    (tmp_path / "out" / "comparison.md").unlink()
    again = list(compare(models, path, tmp_path / "out", TINY, "rtpghi"))
    assert len(again) == 1, "what was measured is not measured again"
    assert (tmp_path / "out" / "comparison.md").read_text("utf-8") == page


def test_other_front_ends_are_refused_before_anything_is_measured(
    tmp_path: Path, orchestra_path: Path
) -> None:
    with NoteBank.open(orchestra_path) as bank:
        model = save_untrained(tmp_path / "a.safetensors", bank, "orchestra", 0)
        other_bank_config = TOY_CONFIG.model_copy(update={"hop_length": 128})
        config = load_config("orchestra", SMALL)
        info = ModelInfo(
            model=config.model,
            spectrogram=other_bank_config,
            vocabularies=bank.attributes,
            coverage=Coverage.of_bank(bank),
            provenance={},
        )
        assert row_name(info) == "unknown recipe, harmonic"
        sizes = {name: len(labels) for name, labels in bank.attributes.items()}
        save_model(tmp_path / "b.safetensors", info, build_model(config.model, other_bank_config, sizes), {})
    with pytest.raises(InputError, match="different front ends: hop_length"):
        next(iter(compare([model, tmp_path / "b.safetensors"], orchestra_path, tmp_path / "out", TINY)))
    assert not (tmp_path / "out").exists()
