import pytest
import torch

from mcnn.bench import InversionBench, bench_inversion
from mcnn.config import SpectrogramConfig
from tests.synth import tone

CONFIG = SpectrogramConfig(n_fft=1024, hop_length=128, n_mels=128)


@pytest.fixture(scope="module")
def bench() -> InversionBench:
    notes = [tone(f0_hz, 0.15, noise=1e-3) for f0_hz in (261.6, 523.3)]
    return bench_inversion(notes, CONFIG, ours=(8, 32), librosas=(8, 32), threads=(1,))


def test_every_method_is_measured_once(bench: InversionBench) -> None:
    measured = {(row.method, row.source) for row in bench.rows}
    expected = {(f"{who} {n}", "linear") for who in ("clariolin", "librosa") for n in (8, 32)}
    expected |= {("clariolin 8", "log-mel"), ("clariolin 32", "log-mel"), ("librosa 32", "log-mel")}
    assert measured == expected
    assert len(bench.rows) == len(expected)
    assert bench.n_notes == 2
    assert bench.duration_s == pytest.approx(2 * 53 * 128 / 44_100)  # 0.15 s in whole frames, and one more
    assert all(row.realtime_factor > 0 for row in bench.rows)


@pytest.mark.parametrize("source", ["linear", "log-mel"])
def test_started_from_integrated_phases_it_is_nearer_than_librosa(bench: InversionBench, source: str) -> None:
    ours, theirs = (bench.row(method, source, 1) for method in ("clariolin 32", "librosa 32"))
    assert ours.spectral_convergence_db < theirs.spectral_convergence_db - 3


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    bench_inversion([tone(440.0, 0.05)], CONFIG, ours=(0,), librosas=(1,), threads=(1,))
    assert torch.get_num_threads() == before
