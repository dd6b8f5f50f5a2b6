"""What wraps the network keeps its memory to itself, and gives way where compiled loops may not stand in."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from mcnn.inversion.inverter import Inverter, InverterConditioning
from mcnn.inversion.phase_inverters import RtpghiInverter
from mcnn.network.config import SourceFilterConfig
from mcnn.network.source_filter import SourceFilterMcnn
from mcnn.spectral.config import SpectrogramConfig
from mcnn.streaming.contract import StreamingInverter
from mcnn.streaming.playable import PlayableMcnn, playable

CONFIG = SpectrogramConfig(sample_rate=22_050, n_fft=1024, hop_length=128, n_mels=64, max_frames=24)
SHAPE = SourceFilterConfig(width=16, blocks=1, head_width=8)


def note(n_frames: int = 12, f0_hz: float = 220.0, seed: int = 0) -> tuple[Tensor, InverterConditioning]:
    log_mel = -3.5 + 2.0 * torch.rand(
        1, CONFIG.n_mels, n_frames, generator=torch.Generator().manual_seed(seed)
    )
    pitch = torch.full((1, n_frames), f0_hz)
    return log_mel, InverterConditioning(pitch, None, torch.full_like(log_mel, 0.3), (seed,))


@pytest.fixture
def inverter() -> PlayableMcnn:
    torch.manual_seed(0)
    network = SourceFilterMcnn(CONFIG, SHAPE).requires_grad_(False)
    for weight in network.parameters():
        weight.add_(0.2 * torch.randn(weight.shape))
    return PlayableMcnn(network)


def test_what_can_stream_is_wrapped_and_nothing_else() -> None:
    network, other = SourceFilterMcnn(CONFIG, SHAPE), RtpghiInverter(CONFIG)
    wrapped = playable(network)
    assert isinstance(wrapped, StreamingInverter)
    assert (wrapped.can_stream, wrapped.name, wrapped.uses_noise) == (True, "mcnn", True)
    assert playable(wrapped) is wrapped
    assert playable(other) is other
    assert not other.can_stream
    assert other.variants() == {}


@pytest.mark.parametrize("through_pickle", [True, False], ids=["pickled", "copied"])
@torch.no_grad()
def test_a_copy_has_the_weights_and_none_of_the_memory(inverter: PlayableMcnn, through_pickle: bool) -> None:
    fresh = len(pickle.dumps(inverter))
    before = inverter(*note())
    assert len(pickle.dumps(inverter)) == fresh
    twin = pickle.loads(pickle.dumps(inverter)) if through_pickle else copy.deepcopy(inverter)
    assert torch.equal(twin(*note()), before)
    for weight in twin.parameters():
        weight.zero_()
    assert torch.equal(inverter(*note()), before)


@torch.no_grad()
def test_threads_may_share_one(inverter: PlayableMcnn) -> None:
    notes = [note(seed=seed, f0_hz=110.0 * (seed + 1)) for seed in range(6)]
    alone = [inverter(*one) for one in notes]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda one: _invert(inverter, one), notes))
    assert all(torch.equal(*pair) for pair in zip(alone, together, strict=True))


@torch.no_grad()
def _invert(inverter: Inverter, one: tuple[Tensor, InverterConditioning]) -> Tensor:
    waveform: Tensor = inverter(*one)
    return waveform


def test_with_gradients_it_is_the_network(inverter: PlayableMcnn) -> None:
    log_mel, conditioning = note()
    made = inverter(log_mel.requires_grad_(), conditioning)
    assert torch.equal(made, inverter.network(log_mel, conditioning))
    made.square().sum().backward()
    assert log_mel.grad is not None
    assert log_mel.grad.abs().sum() > 0


@torch.no_grad()
def test_every_variant_makes_the_same_sound(inverter: PlayableMcnn) -> None:
    made, variants = inverter(*note()), inverter.variants()
    assert list(variants) == ["bf16", "eager", "TorchScript"]
    for name, variant in variants.items():
        tolerance = 0.05 if name == "bf16" else 1e-5
        torch.testing.assert_close(variant(*note()), made, atol=tolerance, rtol=0)
