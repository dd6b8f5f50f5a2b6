import numpy as np
import pytest

from mcnn.compiled import Floats
from mcnn.network.window_lobe import LOBE_BINS, LOBE_STEPS, drawn_lobe_table, lobe_table

N_FFT, HOP_LENGTH = 1024, 256
WINDOW = np.hanning(N_FFT + 1)[:-1]
BINS = np.arange(1 - LOBE_BINS, LOBE_BINS + 1)


def ripple_db(table: Floats, offset: float) -> float:
    """How far a steady partial, `offset` above a bin, is from steady after windowing and overlap."""
    row = table[round(offset * LOBE_STEPS)] * np.where(BINS % 2, -1.0, 1.0)
    turns = (np.arange(N_FFT) - N_FFT / 2) / N_FFT
    frame = 0.5 * WINDOW * (np.exp(2j * np.pi * turns[:, None] * BINS) @ row)
    # Seen from the partial, every frame is the same: a period of the overlap says it all.
    still = frame * np.exp(-2j * np.pi * turns * offset)
    period = still.reshape(-1, HOP_LENGTH).sum(0) / np.square(WINDOW).reshape(-1, HOP_LENGTH).sum(0)
    return 20 * float(np.log10(np.abs(period - 1.0).max() + 1e-9))


@pytest.mark.parametrize("offset", [0.125, 0.5, 0.75])
def test_a_steady_partial_stays_steady(offset: float) -> None:
    assert ripple_db(drawn_lobe_table(N_FFT), offset) < -65
    assert ripple_db(lobe_table(), offset) > -60


def test_a_partial_on_a_bin_is_the_windows_own_transform() -> None:
    exact = 2 * np.fft.rfft(np.fft.ifftshift(WINDOW))[:3].real / N_FFT
    for table in (lobe_table(), drawn_lobe_table(N_FFT)):
        row = table[0] * np.where(BINS % 2, -1.0, 1.0)
        # The transform alternates in sign from bin to bin, the table has that taken out.
        assert row[LOBE_BINS - 1 : LOBE_BINS + 2] == pytest.approx(np.abs(exact), abs=1e-6)
