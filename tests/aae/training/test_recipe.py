from pathlib import Path

import pytest

from aae.training.recipe import Config, load_config, preset_names
from mcnn.errors import InputError


def test_the_shipped_presets_are_the_paper_s_ablation_and_what_ships() -> None:
    assert preset_names() == [
        "orchestra",
        "violin",
        "wae-fader",
        "wae-mmd",
        "wae-note",
        "wae-style",
    ]


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_parses_and_says_what_it_is_for(name: str) -> None:
    config = load_config(name)
    assert config.about
    assert Config.model_validate_json(config.model_dump_json()) == config


def test_the_ablation_differs_only_in_what_it_is_named_for() -> None:
    changed = {
        name: (c.model.condition_on_note, c.model.condition_on_attributes, c.losses.fader)
        for name in preset_names()
        if (c := load_config(name)) and name.startswith("wae-")
    }
    assert changed == {
        "wae-mmd": (False, False, 0.0),
        "wae-note": (True, False, 0.0),
        "wae-style": (True, True, 0.0),
        "wae-fader": (True, True, 4.0),
    }


def test_settings_override_the_preset_in_order() -> None:
    config = load_config(
        "wae-fader", ["training.epochs=3", "training.epochs=4", "model.decoder=harmonic", "losses.mmd=0.5"]
    )
    assert (config.training.epochs, config.model.decoder, config.losses.mmd) == (4, "harmonic", 0.5)


@pytest.mark.parametrize(
    ("preset", "settings", "words"),
    [
        ("orchestr", [], "no preset 'orchestr'; there are orchestra"),
        ("missing.toml", [], "cannot be read"),
        ("orchestra", ["training.epochs"], "section.key=value"),
        ("orchestra", ["training.epoch=3"], "training.epoch"),
        ("orchestra", ["training.epochs=many"], "training.epochs"),
        ("orchestra", ["model.latent_size=0"], "model.latent_size"),
    ],
)
def test_wrong_settings_are_named(preset: str, settings: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_config(preset, settings)


def test_a_preset_of_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[model]\nlatent_size = 8\n")
    assert load_config(str(path)).model.latent_size == 8
