import pytest
import torch

from tests.support.small_model import small_inputs, small_model
from tests.support.toy_bank import CONFIG


@pytest.mark.parametrize("kind", ["harmonic", "convolutional"])
def test_takes_change_the_note_and_are_read_from_it(kind: str) -> None:
    model = small_model(kind, take_size=5, attack_time=True)
    latent, condition, performance = small_inputs()
    log_mel = torch.randn(2, CONFIG.n_mels, 20)
    found, _, traits = model(log_mel, condition, performance)
    assert found.latent.shape == (2, 3)
    assert found.take.shape == found.take_log_variance.shape == (2, 5)
    torch.testing.assert_close(model.encoder(log_mel, performance.mask(20)), found.latent)
    assert traits.shape == (2, 5)
    mean, other = (model.decoder.mapping(latent, condition, take) for take in (None, torch.ones(2, 5)))
    torch.testing.assert_close(mean, model.decoder.mapping(latent, condition, torch.zeros(2, 5)))
    assert (mean - other).abs().max() > 0
    noisy, _, _ = model(log_mel, condition, performance, 0.0, torch.ones(2, 5))
    torch.testing.assert_close(noisy.take, found.take)
