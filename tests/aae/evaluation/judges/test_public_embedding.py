import numpy as np
import pytest

from aae.evaluation.judges import public_embedding
from aae.evaluation.judges.public_embedding import PublicEmbedding
from mcnn.errors import InputError
from tests.support.synth import SAMPLE_RATE, TIMBRES, tone


def test_the_public_model_hears_timbre_and_not_level() -> None:
    embed = PublicEmbedding(SAMPLE_RATE)
    flute, clarinet = (tone(440.0, 0.6, amplitudes=TIMBRES[name]) for name in ("flute", "clarinet"))
    once, other = embed(flute), embed(clarinet)
    assert once.shape == (192,)
    assert np.abs(embed(0.01 * flute) - once).max() < 1e-3
    longer = embed(tone(440.0, 0.8, amplitudes=TIMBRES["flute"]))
    assert np.linalg.norm(longer - once) < 0.2 * np.linalg.norm(other - once)
    assert np.isfinite(embed(np.zeros(100, np.float32))).all()


def test_another_version_of_the_public_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_embedding, "_GRAPH_SHA256", "0" * 64)
    with pytest.raises(InputError, match=r"pip install swift-f0==0\.3\.0"):
        PublicEmbedding(SAMPLE_RATE)
