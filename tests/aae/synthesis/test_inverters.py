from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aae.model.autoencoder import build_model
from aae.model.config import ModelConfig
from aae.model.coverage import Combination, Coverage
from aae.model.model_file import load_model, save_model
from aae.model.model_info import ModelInfo
from aae.synthesis.inverters import UNTRAINED, choose_inverter, streaming_inverter
from aae.synthesis.request import NoteRequest
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError
from mcnn.network.config import McnnConfig, SourceFilterConfig
from mcnn.network.inverter_file import build_inverter
from mcnn.network.source_filter import SourceFilterMcnn
from mcnn.spectral.config import SpectrogramConfig
from mcnn.streaming.playable import playable

CONFIG = ModelConfig(encoder_width=16, decoder_width=16, decoder_blocks=1, style_width=16)
VOCABULARIES = {"dynamics": ("forte", "piano"), "instrument": ("cello", "violin")}


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights: what is chosen for it does not depend on them."""
    sizes = {name: len(labels) for name, labels in VOCABULARIES.items()}
    spectrogram = SpectrogramConfig()
    coverage = Coverage(
        attributes=tuple(VOCABULARIES),
        combinations=(Combination(labels=("forte", "violin"), low=55, high=90, count=9),),
    )
    info = ModelInfo(
        model=CONFIG, spectrogram=spectrogram, vocabularies=VOCABULARIES, coverage=coverage, provenance={}
    )
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save_model(path, info, build_model(CONFIG, spectrogram, sizes), {})
    return path


def test_a_model_without_an_inverter_falls_back_and_says_so(model_path: Path) -> None:
    chosen = choose_inverter("mcnn", load_model(model_path))
    assert chosen.inverter.name == "rtpghi"
    assert chosen.notice == "this model has no mcnn inverter of its own; rtpghi stands in for it"


@pytest.mark.parametrize("name", UNTRAINED)
def test_what_is_asked_for_is_chosen_in_silence(model_path: Path, name: str) -> None:
    chosen = choose_inverter(name, load_model(model_path))
    assert (chosen.inverter.name, chosen.notice) == (name, None)


@pytest.mark.parametrize(
    ("shape", "streams"),
    [(SourceFilterConfig(width=16, blocks=1, head_width=8), True), (McnnConfig(heads=1, layers=2), False)],
)
def test_a_model_is_streamed_by_its_own_inverter_or_not_at_all(
    model_path: Path, shape: SourceFilterConfig | McnnConfig, streams: bool
) -> None:
    loaded = load_model(model_path)
    assert streaming_inverter(loaded) is None
    own = replace(loaded, inverter=build_inverter(shape, loaded.info.spectrogram))
    found = streaming_inverter(own)
    assert (found is not None) == choose_inverter("mcnn", own).inverter.can_stream == streams


def test_another_name_is_refused(model_path: Path) -> None:
    with pytest.raises(InputError, match="no inverter 'magic'; there are griffin-lim, mcnn"):
        choose_inverter("magic", load_model(model_path))


def test_a_seed_is_a_take_by_every_inverter(model_path: Path) -> None:
    loaded = load_model(model_path)
    inverter = SourceFilterMcnn(
        loaded.info.spectrogram, SourceFilterConfig(width=16, blocks=1, head_width=8)
    ).eval()
    synthesizer = Synthesizer(loaded, playable(inverter))
    mix = synthesizer.info.complete({})
    first, again, other = synthesizer.render(
        [NoteRequest(60, mix, synthesizer.info.random_latent(0), seed) for seed in (5, 5, 6)]
    )
    assert np.array_equal(first, again)
    assert len(first) != len(other) or not np.array_equal(first, other)
