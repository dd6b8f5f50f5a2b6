"""Training of the recogniser on the real notes of a NoteBank's train split, once a bank.

Each note is seen as it is and with perturbations that must not matter: another level, a noise floor, a
low-pass like a codec's, a high-pass that takes the room's rumble or rumble of another room, cut short, with
silence around it, its spectrum slightly roughened; some also come back from Griffin-Lim, so that what
inversion leaves behind tells nothing.
"""

import contextlib
import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from aae.analysis.note_features import FloatArray, NoteFeatures
from aae.evaluation.judges.progress import Measurement, StageProgress
from aae.evaluation.judges.recognizer import RecognitionNetwork, Recognizer, RecognizerInfo
from aae.notes.bank import NOT_GIVEN, NoteBank, Split
from mcnn.errors import InputError
from mcnn.inversion.griffin_lim import GriffinLim

_N_PERTURBATIONS = 2
_NOISE_DB = (-75.0, -35.0)
"""Level of added white noise, relative to the note."""
_HAZE_DB = (-80.0, -66.0)
"""Magnitude under which every mel band of some perturbed notes is filled up, in dB of full scale."""
_HIGH_PASS_HZ = (20.0, 150.0)
"""Where the high-pass of some perturbed notes starts. Without it, rumble under 60 Hz tells the session, and
with it the instrument: taken away, only 64 % of real notes were recognised instead of 97 %."""
_HIGH_PASS_ORDER = (2.0, 8.0)
_RUMBLE_DB = (-75.0, -40.0)
"""Level of added rumble, relative to the note."""
_RUMBLE_HZ = (25.0, 100.0)
"""Where it starts to fall, by 12 dB an octave."""
_RESYNTHESISED_SHARE = 0.05
_RESYNTHESIS_ITERATIONS = 4
_N_EPOCHS = 14
_MIN_STEPS = 400
_BATCH_SIZE = 64
_PEAK_LEARNING_RATE = 2e-3
_WEIGHT_DECAY = 0.05
_LABEL_SMOOTHING = 0.05
_FEATURE_NOISE = 0.1
_MIN_SCALE = 0.05
_SIDE_WEIGHT = 0.5
_BALANCE = 0.5
"""0 draws every note alike, 1 every technique of every instrument alike."""
_UNLIKELY = -30.0


def bank_fingerprint(bank: NoteBank) -> str:
    """A hash that changes with anything the recogniser learns from: front end, notes, labels, splits."""
    digest = hashlib.sha256(bank.config.model_dump_json().encode())
    digest.update(repr((bank.attributes, bank.ids)).encode())
    columns = [bank.midi_pitch, bank.split, bank.level_db, bank.n_samples, *bank.labels.values()]
    for column in columns:
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def cached_path(bank: NoteBank, folder: Path) -> Path:
    """Where the recogniser of a bank is kept."""
    return folder / f".{bank.path.stem}.{bank_fingerprint(bank)[:12]}.recognizer.safetensors"


def open_or_train(bank: NoteBank, folder: Path | None = None, seed: int = 0) -> Measurement[Recognizer]:
    """The recogniser of a bank: the one kept beside it, or a new one, which is then kept.

    Args:
        bank: The notes.
        folder: Where to keep it; beside the bank if not given. One that cannot be written to keeps nothing.
        seed: Of the training.

    Yields:
        How far the training is.

    Returns:
        The recogniser.
    """
    path = cached_path(bank, bank.path.parent if folder is None else folder)
    with contextlib.suppress(InputError):
        kept = Recognizer.open(path)
        if kept.info.bank == bank_fingerprint(bank) and kept.info.seed == seed:
            return kept
    recognizer = yield from train(bank, seed)
    with contextlib.suppress(OSError):
        recognizer.save(path)
    return recognizer


def train(bank: NoteBank, seed: int = 0) -> Measurement[Recognizer]:
    """Trains a recogniser on the train split of a bank.

    Raises:
        InputError: If the bank has no attribute with labels, or no training notes.
    """
    indices = np.flatnonzero(bank.split == Split.TRAIN)
    attributes = {name: labels for name, labels in bank.attributes.items() if labels}
    if not attributes or not len(indices):
        raise InputError(f"{bank.path} has no labelled training notes: nothing can be recognised")
    info = RecognizerInfo(
        spectrogram=bank.config, attributes=attributes, bank=bank_fingerprint(bank), seed=seed
    )
    rows, note_of_row = yield from _training_features(bank, indices, seed)
    labels = {name: bank.labels[name][note_of_row].astype(np.int64) for name in attributes}
    pair_shares = _pair_shares(info, labels)
    network = yield from _fit(info, rows, labels, pair_shares, seed)
    return Recognizer(info, network, pair_shares)


def _training_features(
    bank: NoteBank, indices: npt.NDArray[np.int64], seed: int
) -> Measurement[tuple[FloatArray, npt.NDArray[np.int64]]]:
    """Feature vectors `(rows, features)` of all notes and their perturbations, and the note of each row."""
    random = np.random.default_rng(seed)
    features = NoteFeatures(bank.config)
    perturb = LogMelPerturbation(features)
    griffin_lim = GriffinLim(bank.config, iterations=_RESYNTHESIS_ITERATIONS)
    n_resynthesised = round(_RESYNTHESISED_SHARE * len(indices))
    resynthesised = set(random.choice(indices, n_resynthesised, replace=False).tolist())
    rows: list[FloatArray] = []
    note_of_row: list[int] = []
    for done, index in enumerate(indices.tolist()):
        log_mel = bank.log_mel(index)
        views = [log_mel, *(perturb(log_mel, random) for _ in range(_N_PERTURBATIONS))]
        if index in resynthesised:
            waveform = griffin_lim(torch.from_numpy(log_mel)[None])[0].numpy()
            views.append(features.log_mel(waveform))
        rows.extend(features.of_log_mel(view) for view in views)
        note_of_row.extend([index] * len(views))
        yield StageProgress("listening to real notes", done + 1, len(indices))
    return np.stack(rows), np.array(note_of_row)


class LogMelPerturbation:
    """Changes that must not matter, made to a log-mel `(mels, frames)` at the reference level.

    Args:
        features: Knows the front end.
    """

    def __init__(self, features: NoteFeatures) -> None:
        self.config = features.config
        generator = np.random.default_rng(0)
        noise = generator.standard_normal(self.config.max_samples).astype(np.float32)
        unit_log_mel = features.log_mel(noise)
        self._noise_mel = np.power(10.0, unit_log_mel) - self.config.log_floor
        self._mel_hz = _mel_centres_hz(self.config.sample_rate, self.config.n_mels)

    def __call__(self, log_mel: FloatArray, random: np.random.Generator) -> FloatArray:
        """One random perturbation."""
        mel = np.power(10.0, log_mel) - self.config.log_floor
        if random.random() < 0.5:
            mel = self._cut_short(mel, random)
        mel = np.pad(mel, ((0, 0), tuple(random.integers(0, 24, size=2))))
        mel = mel * 10.0 ** (random.normal(0.0, self._roughness_db(random), mel.shape) / 20.0)
        mel = mel * 10.0 ** (random.uniform(-3.0, 3.0) / 20.0)
        if random.random() < 0.5:
            cut_hz = random.uniform(0.6, 1.0) * self.config.sample_rate / 2
            mel = mel / np.sqrt(1.0 + (self._mel_hz / cut_hz) ** 32)[:, None]
        if random.random() < 0.6:
            cut_hz, order = _log_uniform(_HIGH_PASS_HZ, random), random.uniform(*_HIGH_PASS_ORDER)
            mel = mel / np.sqrt(1.0 + (cut_hz / self._mel_hz) ** (2 * order))[:, None]
        mel = self._with_noise(mel, random)
        if random.random() < 0.5:
            mel = self._with_noise(mel, random, _RUMBLE_DB, _log_uniform(_RUMBLE_HZ, random))
        if random.random() < 0.4:
            mel = np.maximum(mel, 10.0 ** (random.uniform(*_HAZE_DB) / 20.0))
        perturbed: FloatArray = np.log10(mel + self.config.log_floor).astype(np.float32)
        return perturbed

    @staticmethod
    def _roughness_db(random: np.random.Generator) -> float:
        return float(random.uniform(0.0, 2.0))

    def _cut_short(
        self, mel: npt.NDArray[np.float64], random: np.random.Generator
    ) -> npt.NDArray[np.float64]:
        """The beginning of the note, faded out over about 100 ms."""
        n_frames = max(1, round(mel.shape[1] * random.uniform(0.4, 1.0)))
        n_fade = min(n_frames, round(0.1 * self.config.frame_rate_hz))
        gain = np.ones(n_frames)
        gain[n_frames - n_fade :] = 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, n_fade))
        return mel[:, :n_frames] * gain

    def _with_noise(
        self,
        mel: npt.NDArray[np.float64],
        random: np.random.Generator,
        level_db: tuple[float, float] = _NOISE_DB,
        falls_from_hz: float | None = None,
    ) -> npt.NDArray[np.float64]:
        """A floor of noise under the note, white or falling from a frequency on; powers add."""
        n_frames = mel.shape[1]
        start = int(random.integers(0, self._noise_mel.shape[1]))
        noise = np.take(self._noise_mel, np.arange(start, start + n_frames), axis=1, mode="wrap")
        if falls_from_hz is not None:
            gain = 1.0 / (1.0 + (self._mel_hz / falls_from_hz) ** 2)
            # Rumble has all of its power below that frequency.
            noise = noise * gain[:, None] * np.sqrt(self.config.sample_rate / 2 / falls_from_hz)
        noise = noise * 10.0 ** (random.uniform(*level_db) / 20.0)
        combined: npt.NDArray[np.float64] = np.sqrt(mel**2 + noise**2)
        return combined


def _log_uniform(bounds: tuple[float, float], random: np.random.Generator) -> float:
    return float(np.exp(random.uniform(*np.log(bounds))))


def _mel_centres_hz(sample_rate: int, n_mels: int) -> npt.NDArray[np.float64]:
    import librosa

    centres: npt.NDArray[np.float64] = librosa.mel_frequencies(n_mels + 2, fmin=0.0, fmax=sample_rate / 2)[
        1:-1
    ]
    return centres


def _pair_shares(
    info: RecognizerInfo, labels: dict[str, npt.NDArray[np.int64]]
) -> dict[str, npt.NDArray[np.float32]]:
    """How often labels `(main labels, labels)` of each attribute are drawn beside each of the main one."""
    main = labels[info.main_attribute]
    drawn = _balanced(labels, info.main_attribute)
    found = {}
    for name, vocabulary in info.attributes.items():
        shares = np.zeros((len(info.attributes[info.main_attribute]), len(vocabulary)), np.float32)
        given = (main >= 0) & (labels[name] >= 0)
        np.add.at(shares, (main[given], labels[name][given]), drawn[given])
        found[name] = shares
    return found


def _fit(
    info: RecognizerInfo,
    rows: FloatArray,
    labels: dict[str, npt.NDArray[np.int64]],
    pair_shares: dict[str, npt.NDArray[np.float32]],
    seed: int,
) -> Measurement[RecognitionNetwork]:
    """Fits a network to feature vectors `(rows, features)` and label indices `(rows,)` of each attribute.

    Labels of the other attributes compete only with those that occur beside the same main label.
    """
    features = torch.from_numpy(rows)
    target = torch.from_numpy(np.stack(list(labels.values()), axis=1))
    main = list(labels).index(info.main_attribute)
    possible = [torch.from_numpy(pair_shares[name] > 0) for name in info.attributes]
    n_steps = max(_MIN_STEPS, _N_EPOCHS * len(features) // _BATCH_SIZE)
    drawn = np.random.default_rng([seed, 1]).choice(
        len(features), (n_steps, _BATCH_SIZE), p=_balanced(labels, info.main_attribute)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = RecognitionNetwork(features.shape[1], info.n_labels)
        network.mean.copy_(features.mean(dim=0))
        network.scale.copy_(features.std(dim=0) + _MIN_SCALE)
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=_WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _PEAK_LEARNING_RATE, total_steps=n_steps)
        for step, rows_drawn in enumerate(drawn):
            batch = torch.from_numpy(rows_drawn)
            seen = features[batch] + _FEATURE_NOISE * network.scale * torch.randn(
                _BATCH_SIZE, features.shape[1]
            )
            loss = _loss(network(seen), target[batch], main, possible)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            yield StageProgress("learning to recognise real notes", step + 1, n_steps)
    return network


def _balanced(labels: dict[str, npt.NDArray[np.int64]], main_attribute: str) -> npt.NDArray[np.float64]:
    """How often each row `(rows,)` is drawn: rare techniques of an instrument more often than they occur."""
    beside = labels.get("technique", labels[main_attribute])
    _, group, counts = np.unique(
        np.stack([labels[main_attribute], beside]), axis=1, return_inverse=True, return_counts=True
    )
    weights = np.power(counts[group.ravel()].astype(np.float64), -_BALANCE)
    shares: npt.NDArray[np.float64] = weights / weights.sum()
    return shares


def _loss(logits: tuple[Tensor, ...], target: Tensor, main: int, possible: list[Tensor]) -> Tensor:
    """Cross entropy of each attribute among its possible labels; what was not given costs nothing.

    Args:
        logits: `(batch, labels)` of each attribute.
        target: `(batch, attributes)` label indices, -1 where not given.
        main: Column of the main attribute.
        possible: `(main labels, labels)` of each attribute.
    """
    total = logits[0].new_zeros(())
    given_main = target[:, main] >= 0
    for column, scores in enumerate(logits):
        if column != main:
            beside = possible[column][target[:, main].clamp_min(0)] | ~given_main[:, None]
            scores = scores.masked_fill(~beside, _UNLIKELY)
        label = target[:, column]
        if (label >= 0).any():
            smoothing = _LABEL_SMOOTHING if column == main else 0.0
            weight = 1.0 if column == main else _SIDE_WEIGHT
            total = total + weight * nn.functional.cross_entropy(
                scores, label, ignore_index=NOT_GIVEN, label_smoothing=smoothing
            )
    return total
