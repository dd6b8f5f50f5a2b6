import pytest
from pydantic import ValidationError

from mcnn.errors import InputError
from mcnn.spectral.config import SpectrogramConfig


def test_derived_sizes() -> None:
    config = SpectrogramConfig()
    assert (config.n_bins, config.max_samples) == (2049, 98_304)
    assert config.frame_rate_hz == pytest.approx(86.1328125)


def test_survives_json() -> None:
    config = SpectrogramConfig(n_mels=300)
    assert SpectrogramConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    "wrong", [{"hop_length": 500}, {"hop_length": 2048}, {"n_mels": 0}, {"log_floor": 0.0}, {"hop": 512}]
)
def test_contradictions_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        SpectrogramConfig.model_validate(wrong)


def test_a_mismatch_is_named() -> None:
    ours, theirs = SpectrogramConfig(), SpectrogramConfig(n_mels=256, sample_rate=22_050)
    ours.require_equal(SpectrogramConfig(), "a", "b")
    with pytest.raises(
        InputError, match=r"^the model and the bank have .*sample_rate 44100 and 22050.*n_mels 512 and"
    ):
        ours.require_equal(theirs, "the model", "the bank")
