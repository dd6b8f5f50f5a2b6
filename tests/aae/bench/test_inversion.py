"""Figures whose answer is known: equals, halves, detuned tones; which methods were given what."""

import numpy as np
import pytest
import torch
from torch import Tensor

from aae.bench.inversion import (
    BenchNote,
    InversionBench,
    InversionRow,
    NoteFigures,
    bench_inversion,
    compare,
    pitch_curve_cents,
    pitch_error_cents,
)
from aae.bench.methods import Method, OwnMethod, untrained_methods, variants
from mcnn.inversion.inverter import InverterConditioning
from mcnn.inversion.phase_inverters import RtpghiInverter
from mcnn.network.config import SourceFilterConfig
from mcnn.network.source_filter import SourceFilterMcnn
from mcnn.spectral.config import SpectrogramConfig
from mcnn.spectral.spectrogram import Spectrogram
from mcnn.streaming.playable import PlayableMcnn
from tests.support.synth import tone

CONFIG = SpectrogramConfig(n_fft=1024, hop_length=128, n_mels=128)
SPECTROGRAM = Spectrogram(CONFIG)


def _waveform(f0_hz: float = 440.0, duration_s: float = 0.4, **others: float) -> Tensor:
    return torch.from_numpy(tone(f0_hz, duration_s, **others))[None]  # type: ignore[arg-type]


def test_equals_have_no_distance() -> None:
    real = _waveform()
    found = compare(real, real, 0.5, SPECTROGRAM)
    assert (found.spectral_convergence, found.log_magnitude_db) == (0.0, 0.0)
    assert found.front_end_db == pytest.approx(-200.0)
    assert found.duration_s == pytest.approx(0.4)


def test_half_the_level_is_6_db_and_half_the_norm() -> None:
    real = 0.5 * torch.randn(1, 8192, generator=torch.Generator().manual_seed(0))
    found = compare(0.5 * real, real, 0.5, SPECTROGRAM)
    assert found.spectral_convergence == pytest.approx(0.5, abs=1e-5)
    assert found.front_end_db == pytest.approx(-6.02, abs=0.01)
    assert found.log_magnitude_db == pytest.approx(6.02, abs=0.02)


def test_a_detuned_tone_is_off_by_as_much() -> None:
    wanted = pitch_curve_cents(_waveform(), 440.0, SPECTROGRAM)
    flat = _waveform(430.66)  # what a network that repeats every 512 samples makes of 440 Hz
    assert pitch_error_cents(flat, 440.0, wanted, SPECTROGRAM) == pytest.approx(37.1, abs=0.5)
    silent = torch.zeros_like(flat)
    assert pitch_error_cents(silent, 440.0, wanted, SPECTROGRAM) == float("inf")
    assert pitch_error_cents(flat, 440.0, np.full_like(wanted, np.nan), SPECTROGRAM) is None


class _Scaled(Method):
    """Knows the note, and makes it too quiet."""

    def __init__(self, name: str, real: Tensor, gain: float, seconds: float, most_notes: int | None) -> None:
        super().__init__(name, most_notes=most_notes)
        self.real, self.gain, self.seconds = real, gain, seconds

    def invert(self, log_mel: Tensor) -> tuple[Tensor, float]:
        return self.gain * self.real[:, : log_mel.shape[2] * CONFIG.hop_length], self.seconds


def test_methods_are_compared_on_the_notes_that_both_were_given() -> None:
    waveform = tone(440.0, 0.4)
    hop = CONFIG.hop_length
    n_samples = (-(-len(waveform) // hop) + 1) * hop
    real = torch.nn.functional.pad(torch.from_numpy(waveform)[None], (0, n_samples - len(waveform)))
    methods = [_Scaled("all", real, 0.9, 0.1, None), _Scaled("first", real, 0.5, 0.4, 1)]
    found = bench_inversion([BenchNote(waveform, 440.0)] * 3, SPECTROGRAM, methods)
    assert [row.n_notes for row in found.rows] == [3, 1]
    mine, other = found.beside("all", "first")
    assert (mine.n_notes, other.n_notes) == (1, 1)
    assert mine.spectral_convergence == pytest.approx(0.1, abs=1e-4)
    assert other.spectral_convergence == pytest.approx(0.5, abs=1e-4)
    assert mine.pitch_cents == pytest.approx(0.0, abs=0.01)
    assert found.rows[0].realtime_factor == pytest.approx(n_samples / 44_100 / 0.1)


def test_what_means_nothing_is_not_judged() -> None:
    method = OwnMethod("untrained", RtpghiInverter(CONFIG), judged=False)
    (row,) = bench_inversion([BenchNote(tone(440.0, 0.2), 440.0)], SPECTROGRAM, [method]).rows
    assert row.spectral_convergence is row.log_magnitude_db is row.front_end_db is row.pitch_cents is None
    assert row.realtime_factor is not None


def test_a_row_is_the_mean_and_the_median_of_pitch() -> None:
    notes = [
        NoteFigures(duration_s=1.0, seconds=0.5, spectral_convergence=c, pitch_cents=p)
        for c, p in ((0.1, 1.0), (0.3, 2.0), (0.2, float("inf")), (0.2, None))
    ]
    row = InversionRow.of("one", 7, notes)
    assert row.spectral_convergence == pytest.approx(0.2)
    assert (row.pitch_cents, row.realtime_factor, row.n_notes) == (2.0, 2.0, 4)
    assert row.log_magnitude_db is None


@pytest.fixture(scope="module")
def bench() -> InversionBench:
    notes = [BenchNote(tone(f0_hz, 0.15, noise=1e-3), f0_hz) for f0_hz in (261.6, 523.3)]
    return bench_inversion(notes, SPECTROGRAM, untrained_methods(SPECTROGRAM, librosa_notes=1))


def test_everything_untrained_is_measured(bench: InversionBench) -> None:
    measured = {row.method: row.n_notes for row in bench.rows}
    both = ("griffin-lim 32", "griffin-lim 100", "rtpghi", "pghi")
    assert measured == {**dict.fromkeys(both, 2), "librosa 32": 1, "librosa 100": 1}
    assert bench.duration_s == pytest.approx(2 * 53 * 128 / 44_100)  # 0.15 s in whole frames, and one more


def test_started_from_integrated_phases_it_is_nearer_than_librosa(bench: InversionBench) -> None:
    ours, theirs = bench.beside("griffin-lim 32", "librosa 32")
    assert ours.front_end_db is not None
    assert theirs.front_end_db is not None
    assert ours.front_end_db < theirs.front_end_db - 3


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    method = OwnMethod("rtpghi", RtpghiInverter(CONFIG))
    bench_inversion([BenchNote(tone(440.0, 0.05), None)], SPECTROGRAM, [method], before + 1)
    assert torch.get_num_threads() == before


@torch.inference_mode()
def test_every_variant_of_an_inverter_makes_the_same_sound() -> None:
    config = SpectrogramConfig(n_mels=64)
    inverter = SourceFilterMcnn(config, SourceFilterConfig(width=16, blocks=1, head_width=8)).eval()
    for layer in inverter.parameters():
        torch.nn.init.normal_(layer, std=0.1, generator=torch.Generator().manual_seed(layer.numel()))
    log_mel = Spectrogram(config)(_waveform(330.0))
    conditioning = InverterConditioning(
        torch.full((1, log_mel.shape[2]), 330.0), None, torch.full_like(log_mel, 0.1), (3,)
    )
    made = {name: invert(log_mel, conditioning) for name, invert in variants(PlayableMcnn(inverter)).items()}
    assert list(made) == ["mcnn", "mcnn, bf16", "mcnn, eager", "mcnn, TorchScript"]
    loudest = float(made["mcnn"].abs().max())
    assert loudest > 0
    for name, waveform in made.items():
        error = float((waveform - made["mcnn"]).abs().max()) / loudest
        assert error < (0.2 if "bf16" in name else 1e-3), name


def test_other_inverters_have_one_variant() -> None:
    inverter = RtpghiInverter(CONFIG)
    assert variants(inverter) == {"rtpghi": inverter}
