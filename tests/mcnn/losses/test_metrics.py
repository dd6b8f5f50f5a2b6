import math

import pytest
import torch

from mcnn.losses.metrics import (
    log_magnitude_distance_db,
    log_spectral_distance_db,
    multi_resolution_stft,
    spectral_convergence,
    spectral_convergence_db,
    spectrum,
)

TARGET = torch.rand(2, 30, 9, generator=torch.Generator().manual_seed(0)) + 0.1
COSINE = torch.cos(2 * math.pi * 0.05 * torch.arange(8192.0))[None]


def test_a_tenth_too_loud() -> None:
    input = 1.1 * TARGET
    ratio_db = 20 * math.log10(1.1)
    assert spectral_convergence_db(input, TARGET).tolist() == pytest.approx([-20.0] * 2, abs=1e-3)
    assert log_magnitude_distance_db(input, TARGET, floor=0.0).tolist() == pytest.approx(
        [ratio_db] * 2, rel=1e-4
    )
    assert log_spectral_distance_db(input, TARGET, floor=0.0).tolist() == pytest.approx(
        [ratio_db] * 2, rel=1e-4
    )


def test_equals_and_silence() -> None:
    assert spectral_convergence_db(TARGET, TARGET).tolist() == [-200.0] * 2
    assert spectral_convergence_db(torch.zeros_like(TARGET), TARGET).tolist() == pytest.approx(
        [0.0] * 2, abs=1e-5
    )
    assert log_magnitude_distance_db(TARGET, TARGET).tolist() == [0.0] * 2
    assert log_spectral_distance_db(TARGET, TARGET).tolist() == [0.0] * 2


def test_spectral_convergence_is_relative_to_the_target() -> None:
    assert spectral_convergence_db(2 * TARGET, TARGET)[0] == pytest.approx(0.0, abs=1e-5)
    assert spectral_convergence_db(TARGET, 2 * TARGET)[0] == pytest.approx(-6.0206, abs=1e-3)


def test_spectral_convergence_beside_silence_is_relative_to_the_quietest_sound() -> None:
    silence = torch.zeros_like(TARGET)
    one_bin = silence.clone()
    one_bin[:, 3] = 0.5
    assert spectral_convergence(one_bin, silence, quietest=0.1).tolist() == pytest.approx([5.0] * 2)
    assert spectral_convergence(one_bin, 2 * one_bin, quietest=0.1).tolist() == pytest.approx([0.5] * 2)
    assert spectral_convergence(silence, silence).tolist() == [0.0] * 2


def test_a_unit_sinusoid_has_magnitude_1_at_any_resolution() -> None:
    for n_fft, hop_length, win_length in ((400, 100, None), (2000, 300, 400)):
        peaks = spectrum(COSINE, n_fft, hop_length, win_length).abs().amax(dim=1)[0, 5:-5]
        assert peaks.tolist() == pytest.approx([1.0] * len(peaks), abs=1e-4)


def test_distances_over_frames_differ_in_their_mean() -> None:
    target = torch.ones(1, 4, 2)
    input = target.clone()
    input[0, 0, 0] = 10.0  # one bin of the first frame, 20 dB too loud
    assert log_magnitude_distance_db(input, target, floor=0.0).item() == pytest.approx(20 / 8)
    assert log_spectral_distance_db(input, target, floor=0.0).item() == pytest.approx(math.sqrt(400 / 4) / 2)


def test_what_is_under_the_floor_hardly_counts() -> None:
    quiet, quieter = torch.full((1, 3, 3), 1e-6), torch.full((1, 3, 3), 1e-9)
    assert log_spectral_distance_db(quieter, quiet).item() == pytest.approx(20 * math.log10(1.01), rel=2e-2)


def test_both_multi_resolution_terms_of_half_the_level() -> None:
    assert [term.item() for term in multi_resolution_stft(COSINE, COSINE)] == [0.0, 0.0]
    convergence, log_magnitude = multi_resolution_stft(0.5 * COSINE, COSINE, floor=1e-12)
    assert convergence.item() == pytest.approx(0.5, abs=1e-5)
    assert log_magnitude.item() == pytest.approx(math.log(2), abs=2e-3)
