"""The bench of a model: known notes get known figures, whatever is to be measured is, nothing flatters."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from aae.bench.decoded import REAL, DecodedBench, DecodedRow, bench_decoded
from aae.bench.inversion import InversionBench, InversionRow, NoteFigures
from aae.bench.latency import N_VOICES, LatencyBench, LatencyRow, bench_latency
from aae.bench.notes import held_out_positions
from aae.bench.speed import ModelBench, SpeedRow, Timing, bench_model
from aae.bench.targets import targets
from aae.cli.bench import compare_in_words
from aae.model.autoencoder import build_model
from aae.model.config import ModelConfig
from aae.model.coverage import Combination, Coverage
from aae.model.model_file import LoadedModel
from aae.model.model_info import ModelInfo
from aae.notes.bank import NoteBank
from aae.synthesis.inverters import TRAINED, choose_inverter, streaming_inverter
from aae.synthesis.synthesizer import Synthesizer
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.inversion.inverter import NO_CONDITIONING, Inverter, InverterConditioning
from mcnn.inversion.phase_inverters import RtpghiInverter
from mcnn.network.config import SourceFilterConfig
from mcnn.network.source_filter import SourceFilterMcnn
from tests.support.toy_bank import CONFIG, DYNAMICS, INSTRUMENTS, write_toy_bank

VOCABULARIES = {"instrument": INSTRUMENTS, "dynamics": DYNAMICS}
INVERTER_SHAPE = SourceFilterConfig(width=16, blocks=1, head_width=8)


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    """Random weights; one combination has a pitch, another has none."""
    torch.manual_seed(0)
    model = ModelConfig(encoder_width=16, decoder_width=16, decoder_blocks=1, style_width=16)
    combinations = (
        Combination(labels=("bright", "forte"), low=57, high=76, count=9),
        Combination(labels=("dark", "piano"), low=-1, high=-1, count=9),
    )
    info = ModelInfo(
        model=model,
        spectrogram=CONFIG,
        vocabularies=VOCABULARIES,
        coverage=Coverage(attributes=tuple(VOCABULARIES), combinations=combinations),
        provenance={},
    )
    sizes = {name: len(labels) for name, labels in VOCABULARIES.items()}
    auto_encoder = build_model(model, CONFIG, sizes).eval().requires_grad_(False)
    return LoadedModel(
        info, auto_encoder, {}, SourceFilterMcnn(CONFIG, INVERTER_SHAPE).eval().requires_grad_(False)
    )


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NoteBank]:
    with NoteBank.open(write_toy_bank(tmp_path_factory.mktemp("toy") / "notes.h5")) as opened:
        yield opened


def test_every_part_is_timed_at_every_length_and_number_of_threads(loaded: LoadedModel) -> None:
    inverter = choose_inverter(TRAINED, loaded).inverter
    found = bench_model(loaded, inverter, repeats=2)
    parts = {"decoder, f32", "decoder, bf16", "mcnn", "mcnn, bf16", "mcnn, eager", "mcnn, TorchScript"}
    rows = {(row.part, row.n_threads) for row in found.rows}
    assert {(part, n) for part in parts for n in (1, 2)} <= rows
    assert {("decoder, f32 + mcnn", n) for n in (1, 2)} <= rows
    assert {row.note_s for row in found.rows} == {48 * 256 / 16_000}  # shorter than 2 s: one length
    assert found.n_inverter_parameters == sum(p.numel() for p in inverter.parameters())
    assert found.inverter_bytes == 4 * found.n_inverter_parameters
    assert found.n_decoder_parameters < found.n_parameters
    assert found.peak_memory_mib is None or found.peak_memory_mib > 100


def test_a_sum_is_that_of_its_parts(loaded: LoadedModel) -> None:
    found = bench_model(loaded, RtpghiInverter(CONFIG), repeats=1)
    ms = {row.part: row.timing.median_ms for row in found.rows if row.n_threads == 1}
    assert ms["decoder, f32 + rtpghi"] == pytest.approx(ms["decoder, f32"] + ms["rtpghi"])


def test_first_blocks_and_many_voices_are_timed_in_both_precisions(loaded: LoadedModel) -> None:
    inverter = streaming_inverter(loaded)
    assert inverter is not None
    done: list[int] = []
    found = bench_latency(loaded, inverter, n_notes=4, n_blocks=30, progress=done.append)
    assert [row.precision for row in found.rows] == ["f32", "bf16"]
    assert found.block_ms == 32.0  # 512 samples at 16 kHz
    assert done == [4, 34, 38, 68]
    for row in found.rows:
        assert (row.first_block.repeats, row.block.repeats) == (4, 30)
        assert row.margin == pytest.approx(1 - row.block.p99_ms / 32.0)


def test_percentiles_are_in_milliseconds() -> None:
    timing = Timing.of([0.001 * n for n in range(101)])
    assert (timing.median_ms, timing.p95_ms, timing.p99_ms) == pytest.approx((50.0, 95.0, 99.0))


class _Oracle(Inverter):
    """Returns recordings, one after the other, and remembers what it was told."""

    name: ClassVar[str] = "oracle"

    def __init__(self, bank: NoteBank, positions: list[int], gain: float = 1.0) -> None:
        super().__init__(bank.config)
        self.waveforms = [bank.waveform(position) * np.float32(gain) for position in positions]
        self.told: list[InverterConditioning] = []

    def forward(self, log_mel: Tensor, conditioning: InverterConditioning = NO_CONDITIONING) -> Tensor:
        self.told.append(conditioning)
        waveform = torch.from_numpy(self.waveforms[len(self.told) - 1])[None]
        missing = log_mel.shape[2] * self.config.hop_length - waveform.shape[1]
        return torch.nn.functional.pad(waveform, (0, missing))


class _Shaping(_Oracle):
    """Gives noise its grain itself."""

    uses_noise: ClassVar[bool] = True


def test_who_plays_the_recording_has_no_distance_from_it(loaded: LoadedModel, bank: NoteBank) -> None:
    positions = held_out_positions(bank, 3)
    order = [int(positions[0]), *positions.tolist()]  # the first one warms up
    inverters: dict[str, Inverter] = {
        "right": _Oracle(bank, order),
        "half": _Shaping(bank, order, 0.5),
        "silent": _Oracle(bank, order, 0.0),
    }
    synthesizer = Synthesizer(loaded, GriffinLim(CONFIG))
    found = bench_decoded(synthesizer, bank, positions, inverters)
    right, half, silent, real = (found.row(name) for name in (*inverters, REAL))
    assert (right.spectral_convergence, right.log_magnitude_db) == (0.0, 0.0)
    assert right.pitch_cents == real.pitch_cents
    assert right.pitch_cents == pytest.approx(0.0, abs=1.0)
    assert (right.click_share, right.broken_share) == (real.click_share, real.broken_share)
    assert half.spectral_convergence == pytest.approx(0.5, abs=1e-4)
    assert half.pitch_cents == pytest.approx(right.pitch_cents, abs=0.01)
    assert silent.spectral_convergence == pytest.approx(1.0)
    assert silent.pitch_cents == float("inf")
    assert real.realtime_factor is None
    assert right.realtime_factor is not None
    for name in ("right", "half"):
        inverter = inverters[name]
        assert isinstance(inverter, _Oracle)
        assert len(inverter.told) == 4
        assert all((conditioning.noise is not None) == inverter.uses_noise for conditioning in inverter.told)


def _row(method: str, convergence: float, level_db: float, realtime: float, **others: float) -> DecodedRow:
    values = {"click_share": 0.0, "broken_share": 0.0, "pitch_cents": 0.5, **others}
    return DecodedRow(
        method=method,
        n_notes=4,
        n_parameters=0,
        spectral_convergence=convergence,
        log_magnitude_db=level_db,
        front_end_db=-30.0,
        realtime_factor=realtime,
        **values,
    )


def test_words_say_worse_where_it_is_worse() -> None:
    mine, other = _row("mcnn", 0.2, 6.0, 50.0), _row("griffin-lim 100", 0.25, 5.5, 4.0)
    said = compare_in_words(mine, other)
    assert said == (
        "mcnn beside griffin-lim 100 (4 notes): spectral convergence 0.200, 0.050 better; "
        "log magnitude 6.00 dB, 0.50 dB worse; 12 times as fast."
    )
    unjudged = InversionRow.of("untrained", 3, [NoteFigures(duration_s=1.0, seconds=0.5)])
    assert compare_in_words(unjudged, other) == (
        "untrained beside griffin-lim 100 (one note): 0.5 times as fast."
    )


def _met(
    mine: DecodedRow, factor: float = 50.0, first_ms: float = 10.0, block_ms: float = 10.0
) -> list[bool]:
    """Which aims a model of these figures comes up to."""
    reference = _row("griffin-lim 100", 0.25, 5.5, 4.0)
    figures = {
        row.method: (
            NoteFigures(
                duration_s=1.0,
                seconds=1.0 / (row.realtime_factor or 1.0),
                spectral_convergence=row.spectral_convergence,
                log_magnitude_db=row.log_magnitude_db,
            ),
        )
        for row in (mine, reference)
    }
    rows = tuple(InversionRow.of(name, 0, notes) for name, notes in figures.items())
    first, block = (Timing(median_ms=ms, p95_ms=ms, p99_ms=ms, repeats=1) for ms in (first_ms, block_ms))
    speed = SpeedRow(part="a + b", note_s=2.0, n_threads=1, timing=first, realtime_factor=factor)
    found = targets(
        "mcnn",
        ModelBench(
            inverter="mcnn",
            n_parameters=1,
            n_decoder_parameters=1,
            n_inverter_parameters=1,
            inverter_bytes=8_000_000,
            peak_memory_mib=None,
            rows=(speed,),
        ),
        LatencyBench(
            block_samples=512,
            block_ms=11.6,
            n_voices=N_VOICES,
            rows=(LatencyRow(precision="f32", first_block=first, block=block, margin=1 - block_ms / 11.6),),
        ),
        InversionBench(n_notes=1, duration_s=1.0, n_threads=1, rows=rows, figures=figures),
        DecodedBench(n_notes=1, duration_s=1.0, n_threads=1, rows=(mine, reference)),
    )
    return [target.met for target in found]


def test_aims_are_met_or_short() -> None:
    better = _row("mcnn", 0.2, 5.0, 50.0)
    assert _met(better) == [True] * 7
    assert _met(better, factor=39.0, first_ms=15.1, block_ms=11.7) == [False] * 3 + [True] * 4
    assert _met(_row("mcnn", 0.2, 5.6, 50.0)) == [True, True, True, False, False, True, True]
    assert _met(_row("mcnn", 0.2, 5.0, 50.0, click_share=0.1)) == [True] * 4 + [False, True, True]
    assert _met(_row("mcnn", 0.2, 5.0, 50.0, pitch_cents=37.0)) == [True] * 5 + [False, True]


def test_a_bank_without_held_out_notes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from aae.cli.app import main
    from aae.model.model_file import save_model

    bank, model = write_toy_bank(tmp_path / "few.h5", n_notes=9), tmp_path / "model.safetensors"
    torch.manual_seed(0)
    config = ModelConfig(encoder_width=16, decoder_width=16, decoder_blocks=1, style_width=16)
    coverage = Coverage(attributes=tuple(VOCABULARIES), combinations=())
    info = ModelInfo(
        model=config, spectrogram=CONFIG, vocabularies=VOCABULARIES, coverage=coverage, provenance={}
    )
    save_model(model, info, build_model(config, CONFIG, {name: 2 for name in VOCABULARIES}), {})
    assert main(["bench", str(model), "--notes", str(bank), "--quick"]) == 2
    assert "few.h5 has no held-out notes" in capsys.readouterr().err
