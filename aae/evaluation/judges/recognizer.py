"""The recogniser: names the instrument and technique of a note, learned from real notes only.

It judges generated notes, so it is blind to what tells a file from a rendering (see
`aae.analysis.note_features`); `aae.evaluation.judges.recognizer_training` makes it.

Conventions: waveforms `(samples,)` at the front end's rate and any level; `(notes, labels)` scores and
`(notes,)` label indices that count like the NoteBank's; -1 stands for "not given".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from aae.analysis.note_features import NoteFeatures
from mcnn.errors import InputError
from mcnn.plain import Settings
from mcnn.spectral.config import SpectrogramConfig
from mcnn.weights_file import WeightsFormat

RECOGNIZER_FILE = WeightsFormat("clariolin-recognizer", 3, "recogniser", "clariolin evaluate")
"""Its version grows with every change of features, network or training: kept ones are then made anew."""

_BATCH_SIZE = 64
_IMPOSSIBLE = -1e4
_MIN_SHARE = 1e-9


class RecognizerInfo(Settings):
    """What a recogniser's file says about itself."""

    spectrogram: SpectrogramConfig
    """The front end."""
    attributes: dict[str, tuple[str, ...]]
    """Attribute to its labels, those of the NoteBank it learned from."""
    bank: str
    """Fingerprint of that NoteBank."""
    seed: int
    """Seed of its training."""

    @property
    def main_attribute(self) -> str:
        """The attribute that the others are judged under: `instrument`, or the first."""
        return "instrument" if "instrument" in self.attributes else next(iter(self.attributes))

    @property
    def n_labels(self) -> list[int]:
        """Number of labels of each attribute."""
        return [len(labels) for labels in self.attributes.values()]


class RecognitionNetwork(nn.Module):
    """A perceptron with one head an attribute.

    Args:
        n_features: Length of the feature vectors.
        n_labels: Number of labels of each attribute.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, n_features: int, n_labels: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        self.body = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(n_features, 256),
            nn.GELU(),
            nn.LayerNorm(256),
            nn.Dropout(0.3),
            nn.Linear(256, 128),
            nn.GELU(),
            nn.LayerNorm(128),
            nn.Dropout(0.3),
        )
        self.n_labels = list(n_labels)
        self.heads = nn.Linear(128, sum(self.n_labels))

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        """Logits `(notes, labels)` of each attribute in turn, of feature vectors `(notes, features)`."""
        logits: Tensor = self.heads(self.embed(features))
        return torch.split(logits, self.n_labels, dim=-1)

    def embed(self, features: Tensor) -> Tensor:
        """The last hidden layer `(notes, hidden)`."""
        hidden: Tensor = self.body((features - self.mean) / self.scale)
        return hidden


@dataclass(frozen=True)
class Recognition:
    """What was recognised in some notes.

    Attributes:
        scores: Attribute to logits `(notes, labels)`.
        pair_shares: Attribute to `(main labels, labels)`, how often each pair was heard in training; 0 for
            labels that do not occur together.
        main_attribute: The attribute that the others are judged under.
    """

    scores: Mapping[str, npt.NDArray[np.float32]]
    pair_shares: Mapping[str, npt.NDArray[np.float32]]
    main_attribute: str

    def labels(
        self, attribute: str, given_main: npt.NDArray[np.integer] | None = None, *, alike: bool = False
    ) -> npt.NDArray[np.int64]:
        """Most likely label index `(notes,)` of each note.

        Args:
            attribute: Which attribute.
            given_main: `(notes,)` known label indices of the main attribute; only labels that occur with them
                in the training notes are then considered.
            alike: Whether these are all as likely as each other beforehand, which they were not in training.

        Source:
            A. K. Menon et al., "Long-tail learning via logit adjustment", ICLR 2021 (arXiv 2007.07314).
        """
        scores = self.scores[attribute]
        if given_main is not None and attribute != self.main_attribute:
            if alike:
                beside = np.maximum(self.pair_shares[attribute][given_main], _MIN_SHARE)
                scores = scores - np.log(beside) * (given_main >= 0)[:, None]
            scores = np.where(self._possible(attribute, given_main), scores, _IMPOSSIBLE)
        best: npt.NDArray[np.int64] = scores.argmax(axis=1)
        return best

    def shares(self, attribute: str) -> npt.NDArray[np.float64]:
        """How much each label `(notes, labels)` is heard, 0 to 1, all labels together 1."""
        scores = self.scores[attribute].astype(np.float64)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        normalized: npt.NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
        return normalized

    def _possible(self, attribute: str, given_main: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """Labels `(notes, labels)` that occur beside the known main ones; all where none does."""
        possible = (self.pair_shares[attribute][given_main] > 0) | (given_main < 0)[:, None]
        either: npt.NDArray[np.bool_] = possible | ~possible.any(axis=1, keepdims=True)
        return either


class Recognizer:
    """Recognises the attributes of notes by their sound.

    Args:
        info: Front end and vocabularies.
        network: The trained network.
        pair_shares: Attribute to `(main labels, labels)`, how often each pair was heard in training.
    """

    def __init__(
        self,
        info: RecognizerInfo,
        network: RecognitionNetwork,
        pair_shares: Mapping[str, npt.NDArray[np.float32]],
    ) -> None:
        self.info = info
        self.features = NoteFeatures(info.spectrogram)
        self.network = network.eval()
        self.pair_shares = dict(pair_shares)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens a recogniser's file.

        Raises:
            InputError: If the file is missing, is no recogniser, is damaged, or is of another version.
        """
        info = RECOGNIZER_FILE.read_info(path, RecognizerInfo)
        tensors = RECOGNIZER_FILE.read_tensors(path)
        network = RecognitionNetwork(NoteFeatures(info.spectrogram).size, info.n_labels)
        RECOGNIZER_FILE.load_weights(path, network, tensors, "network.")
        try:
            pair_shares = {name: tensors[f"pair_shares.{name}"].numpy() for name in info.attributes}
        except KeyError as error:
            raise InputError(f"{path} is a damaged recogniser: it has no {error}") from None
        return cls(info, network, pair_shares)

    def save(self, path: Path) -> None:
        """Writes the recogniser to one file, whole or not at all."""
        tensors = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        for name, shares in self.pair_shares.items():
            tensors[f"pair_shares.{name}"] = torch.from_numpy(shares)
        RECOGNIZER_FILE.save(path, self.info, tensors)

    def recognize(self, waveforms: Iterable[npt.NDArray[np.float32]]) -> Recognition:
        """What notes sound like.

        Args:
            waveforms: `(samples,)` each, at the front end's sample rate and any level.
        """
        return self.recognize_features([self.features.of_waveform(waveform) for waveform in waveforms])

    def recognize_features(self, features: Iterable[npt.NDArray[np.float32]]) -> Recognition:
        """What notes sound like, of their feature vectors `(features,)`."""
        rows = torch.from_numpy(np.stack(list(features)))
        with torch.inference_mode():
            batches = [self.network(batch) for batch in torch.split(rows, _BATCH_SIZE)]
        logits = [torch.cat(parts).numpy() for parts in zip(*batches, strict=True)]
        scores = dict(zip(self.info.attributes, logits, strict=True))
        return Recognition(scores, self.pair_shares, self.info.main_attribute)

    def embed_features(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The last hidden layer `(notes, hidden)` of notes, of their vectors `(notes, features)`."""
        with torch.inference_mode():
            embedded: npt.NDArray[np.float32] = self.network.embed(torch.from_numpy(features)).numpy()
        return embedded


def confusion_matrix(
    asked: npt.NDArray[np.integer], heard: npt.NDArray[np.integer], n_labels: int
) -> npt.NDArray[np.int64]:
    """Counts `(asked labels, heard labels)`; notes whose asked label is -1 are left out."""
    matrix = np.zeros((n_labels, n_labels), dtype=np.int64)
    given = asked >= 0
    np.add.at(matrix, (asked[given], heard[given]), 1)
    return matrix
