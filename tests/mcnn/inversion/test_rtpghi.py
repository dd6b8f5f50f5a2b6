import heapq
import math

import numpy as np
import numpy.typing as npt
import pytest
import torch

from mcnn.inversion.pghi import phase_gradient
from mcnn.inversion.rtpghi import Rtpghi
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.overlap_add import OverlapAdd
from mcnn.spectral.spectrogram import Spectrogram

CONFIG = SpectrogramConfig(n_fft=2048, hop_length=256, n_mels=128)
SPECTROGRAM = Spectrogram(CONFIG)
N_FRAMES = 80
N_SAMPLES = N_FRAMES * CONFIG.hop_length
CLICK = 9777
BOTH = pytest.mark.parametrize("lookahead", [0, 1])

Floats = npt.NDArray[np.float32]


def magnitude(*waveforms: torch.Tensor) -> Floats:
    frames = SPECTROGRAM.magnitude(torch.stack(waveforms)).transpose(1, 2)
    return np.ascontiguousarray(frames.numpy())


def integrator(n_notes: int, lookahead: int, smoothing: float = 0.0, smooth: bool = False) -> Rtpghi:
    return Rtpghi(CONFIG.n_bins, CONFIG.n_fft, CONFIG.hop_length, n_notes, lookahead, smoothing, smooth)


def phases(wanted: Floats, lookahead: int, smoothing: float = 0.0, smooth: bool = False) -> Floats:
    one = integrator(len(wanted), lookahead, smoothing, smooth)
    return np.concatenate([one.advance(wanted), one.flush()], axis=1)


def resynthesised(waveform: torch.Tensor, lookahead: int, smoothing: float = 0.0) -> torch.Tensor:
    """The waveform made from a waveform's magnitudes alone."""
    wanted = magnitude(waveform)
    phase = phases(wanted, lookahead, smoothing)
    spectrum = torch.polar(torch.from_numpy(wanted[0]), torch.from_numpy(phase[0]))
    return OverlapAdd(CONFIG, N_FRAMES).synthesise(spectrum)


def convergence_db(waveform: torch.Tensor, lookahead: int, smoothing: float = 0.0) -> float:
    wanted = magnitude(waveform)
    made = magnitude(resynthesised(waveform, lookahead, smoothing))
    return float(20 * np.log10(np.linalg.norm(made - wanted) / np.linalg.norm(wanted)))


def tone(f0_hz: float) -> torch.Tensor:
    turns = f0_hz / CONFIG.sample_rate * torch.arange(N_SAMPLES, dtype=torch.float64)
    return (0.3 * torch.cos(2 * math.pi * turns)).float()


def click() -> torch.Tensor:
    waveform = torch.zeros(N_SAMPLES)
    waveform[CLICK] = 1.0
    return waveform


def noise() -> torch.Tensor:
    return 0.1 * torch.randn(N_SAMPLES, generator=torch.Generator().manual_seed(0))


def frequency_hz(waveform: torch.Tensor) -> float:
    """Frequency of a steady tone, by the parabola through the logarithms around a long spectrum's peak."""
    middle = waveform[4096:-4096].double().numpy()
    levels = np.log(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 8 * len(middle))) + 1e-12)
    peak = int(levels.argmax())
    left, centre, right = levels[peak - 1 : peak + 2]
    offset = 0.5 * (left - right) / (left - 2 * centre + right)
    return float((peak + offset) * CONFIG.sample_rate / (8 * len(middle)))


def by_heap(
    before: Floats, here: Floats, per_frame: tuple[Floats, Floats], per_bin: Floats, phase: Floats
) -> Floats:
    """One frame's phases as in the paper, with a heap."""
    made = np.full(len(here), np.nan)
    heap = [(-level, "before", k) for k, level in enumerate(before)]
    heapq.heapify(heap)
    while heap:
        _, where, k = heapq.heappop(heap)
        if where == "before":
            steps = [(k, phase[k] + (per_frame[0][k] + per_frame[1][k]) / 2)]
        else:
            steps = [
                (there, made[k] + (there - k) * (per_bin[k] + per_bin[there]) / 2)
                for there in (k - 1, k + 1)
                if 0 <= there < len(here)
            ]
        for there, reached in steps:
            if np.isnan(made[there]):
                made[there] = reached
                heapq.heappush(heap, (-here[there], "here", there))
    return made


def test_two_passes_give_the_order_of_a_heap() -> None:
    random = np.random.default_rng(0)
    wanted = np.exp(random.normal(-3, 1.5, (1, 12, CONFIG.n_bins))).astype(np.float32)
    got = phases(wanted, lookahead=1)[0]
    per_frame, per_bin = phase_gradient(np.log(wanted[0]), CONFIG.n_fft, CONFIG.hop_length)
    per_frame[:, [0, -1]] = 2 * math.pi * np.array([0, CONFIG.n_bins - 1]) * CONFIG.hop_length / CONFIG.n_fft
    for t in range(2, 11):
        expected = by_heap(
            wanted[0, t - 1], wanted[0, t], (per_frame[t - 1], per_frame[t]), per_bin[t], got[t - 1]
        )
        np.testing.assert_allclose(np.exp(1j * got[t]), np.exp(1j * expected), atol=2e-3)


@BOTH
@pytest.mark.parametrize("f0_hz", [440.0, 97.3, 3000.0])
def test_a_tone_comes_back_in_tune(f0_hz: float, lookahead: int) -> None:
    made = resynthesised(tone(f0_hz), lookahead, 0.6)
    assert abs(1200 * math.log2(frequency_hz(made) / f0_hz)) < 0.1


@pytest.mark.parametrize(("lookahead", "off", "at_least"), [(0, 64, 0.6), (1, 2, 0.98)])
def test_a_click_stays_a_click(lookahead: int, off: int, at_least: float) -> None:
    power = resynthesised(click(), lookahead).square()
    assert abs(int(power.argmax()) - CLICK) <= off
    assert power[CLICK - 128 : CLICK + 129].sum() > at_least * power.sum()


@pytest.mark.parametrize(
    ("waveform", "at_most_db"),
    # a click's phase is a random one: its low end depends on which, and so on the last bit of its magnitudes
    [(tone(440.0), (-20, -27)), (tone(97.3), (-20, -27)), (click(), (-8, -8)), (noise(), (-8, -10))],
)
def test_sounds_come_back(waveform: torch.Tensor, at_most_db: tuple[float, float]) -> None:
    for lookahead in (0, 1):
        assert convergence_db(waveform, lookahead) < at_most_db[lookahead]


@BOTH
def test_noise_stays_noise(lookahead: int) -> None:
    made = resynthesised(noise(), lookahead)[4096:-4096].double()
    assert made.square().mean().sqrt().item() == pytest.approx(0.1, rel=0.1)
    kurtosis = (made**4).mean() / made.square().mean() ** 2
    assert kurtosis.item() == pytest.approx(3.0, abs=0.2)


@BOTH
@pytest.mark.parametrize("smooth", [False, True])
def test_any_split_gives_the_same_phases(lookahead: int, smooth: bool) -> None:
    wanted = magnitude(tone(440.0) + click() + 0.1 * noise(), noise())
    whole = phases(wanted, lookahead, 0.5, smooth)
    assert whole.shape == wanted.shape
    one = integrator(2, lookahead, 0.5, smooth)
    parts = [one.advance(part) for part in np.split(wanted, [1, 2, 2, 3, 9, 10, 47], axis=1)]
    assert np.array_equal(np.concatenate([*parts, one.flush()], axis=1), whole)


def test_lookahead_is_what_it_costs() -> None:
    wanted = magnitude(tone(440.0))
    assert integrator(1, 0).advance(wanted[:, :1]).shape[1] == 1
    late = integrator(1, 1)
    assert [late.advance(wanted[:, t : t + 1]).shape[1] for t in range(3)] == [0, 1, 1]
    assert late.flush().shape[1] == 1
    assert integrator(1, 0).flush().shape == integrator(1, 1).flush().shape == (1, 0, CONFIG.n_bins)


@BOTH
def test_notes_do_not_feel_each_other(lookahead: int) -> None:
    wanted = magnitude(tone(440.0), noise(), click())
    together = phases(wanted, lookahead, 0.5, smooth=True)
    for note in range(3):
        alone = phases(wanted[note : note + 1], lookahead, 0.5, smooth=True)
        assert np.array_equal(alone[0], together[note])


@BOTH
def test_a_voice_starts_over_alone(lookahead: int) -> None:
    wanted = magnitude(tone(440.0), noise())
    voices = integrator(2, lookahead)
    voices.advance(wanted[:, :30])
    voices.reset(1)
    restarted = voices.advance(wanted)
    fresh = integrator(2, lookahead).advance(wanted)
    assert np.array_equal(restarted[1, lookahead:], fresh[1])
    voices.reset()
    assert np.array_equal(voices.advance(wanted), fresh)


def test_after_silence_a_note_begins_as_new() -> None:
    wanted = magnitude(tone(440.0) + 0.1 * noise())
    quiet = np.zeros((1, 20, CONFIG.n_bins), np.float32)
    late = phases(np.concatenate([wanted, quiet, wanted], axis=1), 1)[:, -N_FRAMES:]
    difference = np.exp(1j * (late - phases(wanted, 1)))
    # Each frame's phases turned by one and the same angle: only where it starts is arbitrary.
    loud = wanted > 1e-3 * wanted.max()
    assert abs(difference[loud].mean()) > 0.999


def test_smooth_noise_gets_random_phases_and_a_tone_in_it_does_not() -> None:
    level = np.full((1, 60, CONFIG.n_bins), 1e-3, np.float32)
    level[0, :, 99:102] = [0.25, 0.5, 0.25]
    phase = phases(level, 1, smooth=True)[0]
    advance = np.exp(1j * np.diff(phase[10:], axis=0))
    assert abs(advance[:, 100].mean()) > 0.999
    assert abs(advance[:, 300:].mean()) < 0.02


def test_noise_of_another_seed_is_another() -> None:
    level = np.full((3, 30, CONFIG.n_bins), 1e-3, np.float32)
    voices = integrator(3, 1, smooth=True)
    voices.reset(2, seed=1)
    first, second, other = voices.advance(level)
    assert np.array_equal(first, second)
    assert abs(np.exp(1j * (other - first))[10:, 10:-10].mean()) < 0.05


def test_silence_has_finite_phases() -> None:
    for smooth in (False, True):
        assert np.isfinite(phases(np.zeros((2, 5, CONFIG.n_bins), np.float32), 1, smooth=smooth)).all()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\(1, 4, 80\); expected \(2, frames, 1025\)"):
        integrator(2, 0).advance(np.zeros((1, 4, 80), np.float32))
    with pytest.raises(ValueError, match="lookahead 2; expected 0 or 1"):
        integrator(1, 2)
    with pytest.raises(ValueError, match="smoothing -1; expected 0 or more"):
        integrator(1, 1, -1)
