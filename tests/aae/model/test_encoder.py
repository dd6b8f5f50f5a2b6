import torch

from tests.support.small_model import small_model
from tests.support.toy_bank import CONFIG


def test_the_encoder_is_blind_to_padding() -> None:
    encoder = small_model("harmonic").encoder
    log_mel = torch.rand(1, CONFIG.n_mels, 24) - 2
    short = encoder(log_mel, torch.ones(1, 24))
    padded = torch.cat([log_mel, torch.full((1, CONFIG.n_mels, 16), -4.0)], 2)
    mask = torch.cat([torch.ones(1, 24), torch.zeros(1, 16)], 1)
    torch.testing.assert_close(encoder(padded, mask), short, rtol=1e-4, atol=1e-5)


def test_frames_are_encoded_alike_whatever_else_is_in_the_batch() -> None:
    encoder = small_model("harmonic", take_size=2).encoder
    log_mel = torch.rand(3, CONFIG.n_mels, 24) - 2
    together = encoder.encode(log_mel, torch.ones(3, 24))
    alone = encoder.encode(log_mel[1:2], torch.ones(1, 24))
    assert together.take is not None
    assert alone.take is not None
    torch.testing.assert_close(alone.latent, together.latent[1:2], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(alone.take, together.take[1:2], rtol=1e-4, atol=1e-5)
