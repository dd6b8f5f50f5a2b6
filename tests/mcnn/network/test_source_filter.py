import copy
import math
import pickle
import warnings

import pytest
import torch

from mcnn.inversion.inverter import InverterConditioning
from mcnn.network.config import SourceFilterConfig
from mcnn.network.excitation import fill_unvoiced
from mcnn.network.frozen import frozen_copy
from mcnn.network.source_filter import SourceFilterMcnn, pitch_waves
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram

CONFIG = SpectrogramConfig()
SPECTROGRAM = Spectrogram(CONFIG)
SMALL = SourceFilterConfig(width=16, blocks=2, head_width=8)
N_FRAMES = 64


@pytest.fixture(scope="module")
def inverter() -> SourceFilterMcnn:
    torch.manual_seed(0)
    return SourceFilterMcnn(CONFIG, SMALL).eval()


def tone(f0_hz: float) -> torch.Tensor:
    seconds = torch.arange(N_FRAMES * CONFIG.hop_length, dtype=torch.float64) / CONFIG.sample_rate
    return 0.3 * torch.cos(2 * math.pi * f0_hz * seconds)[None].float()


def sounding_hz(waveform: torch.Tensor) -> float:
    """Frequency of the strongest sinusoid, between the bins of one long transform."""
    middle = waveform[len(waveform) // 4 : 3 * len(waveform) // 4]
    level = torch.fft.rfft(middle * torch.hann_window(len(middle)), 8 * len(middle)).abs().log()
    k = int(level.argmax())
    left, peak, right = level[k - 1 : k + 2].tolist()
    offset = 0.5 * (left - right) / (left - 2 * peak + right)
    return float((k + offset) * CONFIG.sample_rate / (8 * len(middle)))


def pitch_hints(f0_hz: float, noise: float) -> InverterConditioning:
    f0 = torch.full((1, N_FRAMES), f0_hz)
    return InverterConditioning(f0, torch.zeros(1), torch.full((1, CONFIG.n_mels, N_FRAMES), noise))


@pytest.mark.parametrize("f0_hz", [65.4, 440.0, 1975.5])
@pytest.mark.parametrize("known", [True, False])
@torch.no_grad()
def test_a_steady_tone_keeps_its_pitch(inverter: SourceFilterMcnn, f0_hz: float, known: bool) -> None:
    conditioning = pitch_hints(f0_hz, 0.0) if known else InverterConditioning()
    made = inverter(SPECTROGRAM(tone(f0_hz)), conditioning)[0]
    assert abs(1200 * math.log2(sounding_hz(made) / f0_hz)) < 1


@torch.no_grad()
def test_silence_is_exactly_silence(inverter: SourceFilterMcnn) -> None:
    silence = torch.full((1, CONFIG.n_mels, N_FRAMES), math.log10(CONFIG.log_floor))
    assert not inverter(silence).any()
    assert not inverter(silence, pitch_hints(440.0, 0.5)).any()


@torch.no_grad()
def test_untrained_it_changes_no_level(inverter: SourceFilterMcnn) -> None:
    log_mel = SPECTROGRAM(tone(440.0))
    made = SPECTROGRAM(inverter(log_mel, pitch_hints(440.0, 0.0)))
    inside = slice(8, -8)
    assert float(made[0, :, inside].max()) == pytest.approx(float(log_mel[0, :, inside].max()), abs=0.01)


@torch.no_grad()
def test_a_note_is_the_same_alone_and_among_others(inverter: SourceFilterMcnn) -> None:
    log_mels = torch.cat([SPECTROGRAM(tone(220.0)), SPECTROGRAM(tone(660.0))])
    both = InverterConditioning(torch.tensor([[220.0], [0.0]]).expand(2, N_FRAMES), seeds=(7, 8))
    together = inverter(log_mels, both)
    for i in range(2):
        torch.testing.assert_close(inverter(log_mels[i : i + 1], both.one(i))[0], together[i])


def test_gradients_reach_every_weight_in_use_and_the_log_mel(inverter: SourceFilterMcnn) -> None:
    log_mel = SPECTROGRAM(tone(330.0)).requires_grad_()
    made = inverter(log_mel, pitch_hints(330.0, 0.3))
    (made - tone(330.0)).square().sum().backward()
    assert log_mel.grad is not None
    assert log_mel.grad.isfinite().all()
    assert log_mel.grad.abs().sum() > 0
    for head in (inverter.partials, inverter.noise):
        assert head.out.weight.grad is not None
        assert head.out.weight.grad.abs().sum() > 0


def test_louder_mels_are_louder_by_their_gradient(inverter: SourceFilterMcnn) -> None:
    """The gradient by the levels is that of the drawn spectrum: its sum is the energy's derivative."""
    log_mel = SPECTROGRAM(tone(440.0)).requires_grad_()
    energy = inverter(log_mel, pitch_hints(440.0, 0.0)).square().sum()
    energy.backward()
    assert log_mel.grad is not None
    assert float(log_mel.grad.sum()) == pytest.approx(2 * math.log(10) * energy.item(), rel=0.02)


def test_octaves_share_a_wave_and_silence_has_none() -> None:
    waves = pitch_waves(torch.tensor([[110.0, 220.0, 0.0]]))
    assert torch.allclose(waves[0, 7:9, 0], waves[0, 7:9, 1], atol=1e-5)
    assert not waves[0, :, 2].any()


def test_gaps_in_a_pitch_curve_are_bridged() -> None:
    bridged = fill_unvoiced(torch.tensor([0.0, 100.0, 0.0, 200.0, 0.0]).numpy())
    assert bridged is not None
    assert bridged.tolist() == [100, 100, 150, 200, 200]
    assert fill_unvoiced(torch.zeros(3).numpy()) is None


def test_another_number_of_bands_is_refused(inverter: SourceFilterMcnn) -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 80, 9\); expected \(batch, 512, frames\)"):
        inverter(torch.zeros(1, 80, 9))


def test_weights_of_gains_for_each_drawn_frame_are_taken_as_their_mean() -> None:
    network = SourceFilterMcnn(SpectrogramConfig())
    state = network.state_dict()
    older = dict(state)
    for name in ("partials.out.weight", "noise.out.bias"):
        one = torch.rand_like(state[name])
        older[name] = torch.cat([state[name] + one, state[name] - one])
    network.load_state_dict(older)
    for name, tensor in network.state_dict().items():
        assert torch.allclose(tensor, state[name], atol=1e-6)


@torch.no_grad()
def test_a_copy_and_a_pickle_are_the_same_network(inverter: SourceFilterMcnn) -> None:
    given = SPECTROGRAM(tone(330.0)), pitch_hints(330.0, 0.3)
    before = inverter(*given)
    for twin in (copy.deepcopy(inverter), pickle.loads(pickle.dumps(inverter))):
        assert list(twin.state_dict()) == list(inverter.state_dict())
        assert torch.equal(twin(*given), before)
        for weight in twin.parameters():
            weight.fill_(1.0)
    assert torch.equal(inverter(*given), before)


@torch.no_grad()
def test_trunk_and_heads_are_torchscript(inverter: SourceFilterMcnn) -> None:
    """Traced as a whole they take any length; block by block and head by head they can be scripted."""
    given = SPECTROGRAM(tone(330.0)), pitch_hints(330.0, 0.3)
    network = copy.deepcopy(inverter)
    for weight in network.parameters():
        weight.add_(0.1 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel())))
    frozen = frozen_copy(network)
    entries = [one.get_submodule("entry") for one in (network, frozen)]
    assert [isinstance(entry, torch.nn.Conv1d) for entry in entries] == [True, False]
    torch.testing.assert_close(frozen(*given), network(*given), atol=1e-5, rtol=0)
    h = torch.randn(1, 7, SMALL.width)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its age
        for part in (*network.blocks, network.integrated, network.partials, network.noise):
            torch.testing.assert_close(torch.jit.script(part)(h), part(h))
