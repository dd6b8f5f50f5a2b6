import pytest

from aae.training.inverter.recipe import FINETUNE, PRETRAIN, InverterRecipe, load_recipe
from mcnn.errors import InputError
from mcnn.network.config import PUBLISHED_SIZES, McnnConfig, SourceFilterConfig


def test_every_recipe_is_a_recipe() -> None:
    assert set(PRETRAIN) == {"primed", "light", "published"}
    for name, base in PRETRAIN.items():
        recipe = load_recipe(base)
        assert recipe.shape == PUBLISHED_SIZES.get(name, SourceFilterConfig())
        assert recipe.decoded == 0
    together = load_recipe(FINETUNE)
    assert together.decoded > 0
    assert together.decoder_learning_rate > 0


def test_settings_reach_the_recipe_and_its_shape() -> None:
    recipe = load_recipe(PRETRAIN["primed"], ["steps=7", "shape.width=16", "seed=3"])
    assert (recipe.steps, recipe.seed) == (7, 3)
    assert recipe.shape == SourceFilterConfig(width=16)
    assert load_recipe(PRETRAIN["light"], ["shape.heads=2"]).shape == McnnConfig(
        heads=2, layers=7, filter_width=9
    )
    assert PRETRAIN["primed"] == {}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("steps=0", "setting steps: .*greater than or equal to 1, given 0"),
        ("depth=3", "setting depth: "),
        ("shape.width=2", r"setting shape.*width"),
        ("shape.depth=2", r"setting shape.*depth"),
        ("steps", "'steps' is not of the form section.key=value"),
        ("shape=5", "setting shape"),
    ],
)
def test_impossible_settings_are_refused_by_name(setting: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_recipe(PRETRAIN["primed"], [setting])


def test_a_recipe_comes_back_from_json_with_the_same_network() -> None:
    for base in (*PRETRAIN.values(), FINETUNE):
        recipe = load_recipe(base)
        assert InverterRecipe.model_validate_json(recipe.model_dump_json()) == recipe
