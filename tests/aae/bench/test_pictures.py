"""The picture of inversions shows held-out notes of every kind that a bank has."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from aae.bench.pictures import KINDS, draw_inversions, notes_of_kinds
from aae.model.autoencoder import build_model
from aae.model.config import ModelConfig
from aae.model.coverage import Coverage
from aae.model.model_file import LoadedModel
from aae.model.model_info import ModelInfo
from aae.notes.bank import NoteBank, NoteData, Split
from aae.notes.bank_writer import NoteBankWriter
from aae.synthesis.synthesizer import Synthesizer
from mcnn.network.config import SourceFilterConfig
from mcnn.network.source_filter import SourceFilterMcnn
from tests.support.toy_bank import CONFIG

LABELS = ("arco-col-legno-battuto", "normal", "pizz-normal", "subtone", "tremolo")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NoteBank]:
    """Of every kind two notes, one of them to train on; the other is the higher one."""
    path = tmp_path_factory.mktemp("kinds") / "notes.h5"
    tone = np.sin(2 * np.pi * 440 / CONFIG.sample_rate * np.arange(16 * CONFIG.hop_length)) * 0.1
    with NoteBankWriter(path, CONFIG, {"technique": LABELS}) as writer:
        for i in range(4 * len(LABELS)):
            writer.add(
                NoteData(
                    id=f"{i}.wav",
                    midi_pitch=50 + i,
                    labels={"technique": LABELS[i // 4]},
                    split=Split.TEST if i % 2 else Split.TRAIN,
                    level_db=-20.0,
                    tuning_cents=0.0,
                    waveform=tone.astype(np.float32),
                    log_mel=np.full((CONFIG.n_mels, 16), -2.0, np.float16),
                    f0_cents=np.zeros(16, np.float16),
                )
            )
        writer.finish({"source": "toy"})
    with NoteBank.open(path) as opened:
        yield opened


def test_one_held_out_note_of_each_kind(bank: NoteBank) -> None:
    found = notes_of_kinds(bank)
    assert list(found) == ["low", "high", *KINDS]
    assert (bank.split[list(found.values())] == Split.TEST).all()
    pitches = {kind: int(bank.midi_pitch[position]) for kind, position in found.items()}
    assert (pitches["low"], pitches["high"]) == (51, 69)
    technique = {kind: LABELS[(pitch - 50) // 4] for kind, pitch in pitches.items()}
    assert {kind: technique[kind] for kind in KINDS} == {
        "plucked": "pizz-normal",
        "tremolo": "tremolo",
        "breathy": "subtone",
        "percussive": "arco-col-legno-battuto",
    }


def test_recordings_stand_beside_what_is_made_of_them(bank: NoteBank, tmp_path: Path) -> None:
    model = ModelConfig(encoder_width=16, decoder_width=16, decoder_blocks=1, style_width=16)
    info = ModelInfo(
        model=model,
        spectrogram=CONFIG,
        vocabularies={"technique": LABELS},
        coverage=Coverage(attributes=("technique",), combinations=()),
        provenance={},
    )
    auto_encoder = build_model(model, CONFIG, {"technique": len(LABELS)}).eval().requires_grad_(False)
    inverter = SourceFilterMcnn(CONFIG, SourceFilterConfig(width=16, blocks=1, head_width=8)).eval()
    synthesizer = Synthesizer(LoadedModel(info, auto_encoder, {}, inverter), inverter)
    path = draw_inversions(synthesizer, bank, inverter, tmp_path / "new" / "pictures")
    assert path == tmp_path / "new" / "pictures" / "inversion.png"
    height, width, _ = imread(path).shape
    assert 1.0 < width / height < 1.5  # five sounds of six notes
