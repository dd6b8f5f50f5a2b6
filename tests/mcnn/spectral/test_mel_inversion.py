import numpy as np
import numpy.typing as npt
import pytest
import torch

from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.mel_inversion import MelBands
from mcnn.spectral.spectrogram import Spectrogram

SPECTROGRAM = Spectrogram(SpectrogramConfig())
BANDS = MelBands(SPECTROGRAM.mel_filters)


def mel_of(magnitude: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(magnitude @ SPECTROGRAM.mel_filters.numpy().T)


def partial(bin_index: int, n_frames: int = 3) -> npt.NDArray[np.float32]:
    magnitude = np.zeros((n_frames, SPECTROGRAM.config.n_bins), np.float32)
    magnitude[:, bin_index - 1 : bin_index + 2] = [0.5, 1.0, 0.5]
    return magnitude


@pytest.mark.parametrize("bin_index", [12, 60, 200, 700])
def test_a_partial_comes_back_where_it_was(bin_index: int) -> None:
    wanted = partial(bin_index)
    magnitude = BANDS.magnitude(mel_of(wanted))
    bins = np.arange(magnitude.shape[1])
    centre = (bins * magnitude[0] ** 2).sum() / (magnitude[0] ** 2).sum()
    assert centre == pytest.approx(bin_index, abs=0.25)
    np.testing.assert_allclose(mel_of(magnitude), mel_of(wanted), atol=1e-2)
    assert magnitude.min() >= 0.0


def test_silence_is_exact_and_stays_in_its_frames() -> None:
    wanted = partial(100, n_frames=40)
    wanted[5:35] = 0.0
    magnitude = BANDS.magnitude(mel_of(wanted))
    assert (magnitude[5:35] == 0.0).all()
    assert (magnitude[:5].max(1) > 0.5).all()


def test_frames_do_not_depend_on_their_neighbours() -> None:
    mel = np.random.default_rng(0).random((70, 512), dtype=np.float32)
    together = BANDS.magnitude(mel)
    np.testing.assert_array_equal(BANDS.magnitude(mel[33:41].copy()), together[33:41])


def test_matching_meets_the_bands_and_keeps_phases() -> None:
    random = np.random.default_rng(0)
    spectrum = random.standard_normal((4, 2 * 2049), dtype=np.float32)
    wanted = mel_of(random.random((4, 2049), dtype=np.float32) + np.float32(0.5))
    phases = np.angle(spectrum.view(np.complex64))
    for _ in range(30):
        BANDS.match(spectrum, wanted)
    matched = spectrum.view(np.complex64)
    np.testing.assert_allclose(mel_of(np.abs(matched)), wanted, rtol=1e-2)
    np.testing.assert_allclose(np.angle(matched)[:, 10:-10], phases[:, 10:-10], atol=1e-5)


def test_other_filters_are_refused() -> None:
    with pytest.raises(ValueError, match="expected triangles"):
        MelBands(torch.ones(3, 10))
