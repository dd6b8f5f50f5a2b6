"""Compiled loops beside the torch code whose twins they are, part by part; `test_voices` has the whole."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mcnn.compiled import Floats
from mcnn.inversion.inverter import InverterConditioning
from mcnn.network.config import SourceFilterConfig
from mcnn.network.excitation import FINE_STEPS
from mcnn.network.source_filter import SourceFilterMcnn
from mcnn.spectral.config import SpectrogramConfig
from mcnn.streaming.cached_network import NO_END, START, STOP, CachedNetwork
from mcnn.streaming.overlap_add_synthesis import OverlapAddSynthesis
from mcnn.streaming.voice_frames import VoiceFrames

CONFIG = SpectrogramConfig(sample_rate=22_050, n_fft=1024, hop_length=128, n_mels=64, max_frames=24)
SHAPE = SourceFilterConfig(width=16, blocks=2, kernel_size=5, head_width=8)
N_FRAMES = 24


@pytest.fixture(scope="module")
def network() -> SourceFilterMcnn:
    """One whose weights are random, those that begin at 0 too."""
    torch.manual_seed(0)
    made = SourceFilterMcnn(CONFIG, SHAPE).requires_grad_(False)
    for weight in made.parameters():
        weight.add_(0.2 * torch.randn(weight.shape))
    return made


def note(seed: int, n_frames: int = N_FRAMES) -> tuple[Tensor, InverterConditioning]:
    random = torch.Generator().manual_seed(seed)
    log_mel = -3.5 + 2.0 * torch.rand(1, CONFIG.n_mels, n_frames, generator=random)
    f0_hz = 200.0 + 100.0 * torch.rand(1, n_frames, generator=random)
    noise = torch.rand(1, CONFIG.n_mels, n_frames, generator=random)
    return log_mel, InverterConditioning(f0_hz, torch.tensor([1e-4]), noise, (seed,))


def parts(n_frames: int, seed: int) -> Iterator[tuple[int, int]]:
    """Bounds of parts of random lengths."""
    inner = np.random.default_rng(seed).choice(np.arange(1, n_frames), 5, replace=False)
    yield from pairwise([0, *sorted(inner.tolist()), n_frames])


def gains_of(network: SourceFilterMcnn, log_mel: Tensor, conditioning: InverterConditioning) -> list[Floats]:
    """Before they are limited, `(frames, bins)` of partials and noise."""
    seen = network.trunk(log_mel, conditioning)
    return [head(seen)[0].numpy() for head in (network.partials, network.noise)]


@torch.no_grad()
def test_gains_of_notes_that_advance_together_are_those_of_whole_notes(network: SourceFilterMcnn) -> None:
    notes = [note(seed) for seed in range(2)]
    features = [network.features(*one)[0].T for one in notes]
    cached = CachedNetwork(network, n_voices=2, max_frames=2 * N_FRAMES)
    collected: list[list[list[Floats]]] = [[[], []], [[], []]]
    for start, stop in parts(N_FRAMES, 0):
        count, end = stop - start, N_FRAMES if stop == N_FRAMES else NO_END
        for voice in range(2):
            cached.features[voice * count : (voice + 1) * count] = features[voice][start:stop]
        gains, spans = cached.advance([(0, count, end), (1, count, end)])
        lengths = (spans[:, STOP] - spans[:, START]).tolist()
        for head in range(2):
            for voice, rows in enumerate(np.split(gains[head], [lengths[0]])):
                assert len(rows) == lengths[voice]
                collected[voice][head].append(rows.copy())
    for made, one in zip(collected, notes, strict=True):
        for pieces, expected in zip(made, gains_of(network, *one), strict=True):
            assert np.abs(expected).max() > 0.1
            np.testing.assert_allclose(np.concatenate(pieces), expected, atol=1e-5)


@torch.no_grad()
def test_frames_become_the_network_s_features_and_the_two_parts_magnitudes(
    network: SourceFilterMcnn,
) -> None:
    log_mel, conditioning = note(3)
    assert conditioning.f0_hz is not None
    assert conditioning.noise is not None
    features = network.features(log_mel, conditioning)[0]
    frames = VoiceFrames(CONFIG, len(features))
    for start, stop in parts(N_FRAMES, 1):
        part = slice(start, stop)
        known = InverterConditioning(
            conditioning.f0_hz[:, part], None, conditioning.noise[:, :, part], conditioning.seeds
        )
        frames.push(log_mel[0, :, part], features[2 * CONFIG.n_mels :, part], known, 0)
    np.testing.assert_allclose(frames.features[:N_FRAMES], features.T, atol=1e-6)
    mel = network.spectrogram.audible_mel(log_mel)[0].T
    noisy = mel * conditioning.noise[0].T
    np.testing.assert_allclose(frames.noisy[:N_FRAMES], noisy, atol=1e-6)
    np.testing.assert_allclose(frames.tonal[:N_FRAMES], mel - noisy, atol=1e-6)


@torch.no_grad()
def test_scaled_excitations_and_their_sum_are_those_of_the_network(network: SourceFilterMcnn) -> None:
    """Without the trunk: gains of 0 leave excitations as they are, others scale them."""
    log_mel, conditioning = note(5)
    excitation = network.excitations(log_mel, conditioning)
    assert excitation.partials is not None
    assert excitation.noise is not None
    for scale in (0.0, 1.0):
        gains = [scale * torch.randn(N_FRAMES, network.excitations.fine_n_fft // 2 + 1) for _ in range(2)]
        most = SHAPE.most_gain
        expected = sum(
            (most * torch.tanh(gain / most)).exp().repeat_interleave(FINE_STEPS, 0) * drawn[0]
            for gain, drawn in zip(gains, (excitation.partials, excitation.noise), strict=True)
        )
        assert isinstance(expected, Tensor)
        synthesis = _shape(network, log_mel, conditioning, (gains[0].numpy(), gains[1].numpy()))
        size = float(expected.abs().max())
        np.testing.assert_allclose(synthesis.spectrum / size, expected / size, atol=1e-5)
        made = np.zeros(N_FRAMES * CONFIG.hop_length, np.float32)
        sums = np.zeros((4, synthesis.hop), np.float32)
        n_rows = len(synthesis.spectrum)
        synthesis.transform(n_rows)
        spare = np.zeros(0, np.float32)
        assert synthesis.add_up(slice(n_rows), 0, n_rows, sums, made, 0, spare, 0) == (len(made), 0)
        fine_n_fft = network.excitations.fine_n_fft
        whole = torch.istft(
            expected.T[None] * (fine_n_fft / 4.0),
            fine_n_fft,
            synthesis.hop,
            window=torch.hann_window(fine_n_fft),
            length=len(made),
        )[0]
        np.testing.assert_allclose(made, whole, atol=1e-5)


def _shape(
    network: SourceFilterMcnn,
    log_mel: Tensor,
    conditioning: InverterConditioning,
    gains: tuple[Floats, Floats],
) -> OverlapAddSynthesis:
    """Scaled spectra of a whole note."""
    generator = network.excitations
    frames = VoiceFrames(CONFIG, network.entry.in_channels)
    pitch = nn.functional.pad(log_mel[0, :0], (0, 0, 0, network.entry.in_channels - 2 * CONFIG.n_mels))
    frames.push(log_mel[0], pitch, conditioning, 0)
    frames.finish()
    series = generator.partials.series(1e-4)
    synthesis = OverlapAddSynthesis(generator, SHAPE.most_gain, N_FRAMES)
    span = 0, N_FRAMES, N_FRAMES - 1
    start = generator.noise.start(conditioning.seed(0))
    synthesis.shape(frames.known, (series.stretch, series.start), span, start, gains, 0)
    return synthesis
