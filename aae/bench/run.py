"""One run of `clariolin bench`: speed, latency, quality of the inversion, and the targets of real time.

Speed and latency come first: the memory that recordings take would be counted with the model's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aae.bench.decoded import DecodedBench, bench_decoded, inverters_of
from aae.bench.inversion import BenchNote, InversionBench, bench_inversion
from aae.bench.latency import LatencyBench, bench_latency
from aae.bench.methods import LIBROSA_NOTES, Method, OwnMethod, untrained_methods
from aae.bench.notes import held_out_positions, made_notes, recorded_notes
from aae.bench.speed import ModelBench, bench_model
from aae.bench.targets import Target, targets
from aae.model.model_file import LoadedModel, load_model
from aae.notes.bank import NoteBank, Split
from aae.synthesis.inverters import TRAINED, choose_inverter, streaming_inverter
from aae.synthesis.synthesizer import Synthesizer
from mcnn.errors import InputError
from mcnn.inversion.griffin_lim import GriffinLim
from mcnn.inversion.inverter import Inverter
from mcnn.network.inverter_file import load_inverter
from mcnn.network.published import PublishedMcnn
from mcnn.plain import Settings
from mcnn.spectral.spectrogram import Spectrogram
from mcnn.streaming.playable import playable

Show = Callable[[str, int, int], object]
"""Called with a stage, what is done of it, and how much there is."""


@dataclass(frozen=True)
class BenchBudget:
    """How much is measured."""

    n_notes: int = 24
    """Notes that are inverted."""
    librosa_notes: int = LIBROSA_NOTES
    """How many of them librosa is given."""
    repeats: int = 12
    """Whole notes that are timed, for each length and number of threads."""
    latency_notes: int = 500
    """Notes whose first block is timed."""
    blocks: int = 1000
    """Blocks of all voices that are timed."""


QUICK = BenchBudget(n_notes=3, librosa_notes=1, repeats=2, latency_notes=50, blocks=100)
"""About a tenth of the time."""


class BenchReport(Settings):
    """All figures of one run."""

    sound_of: str
    """Whose log-mels were inverted."""
    live: str
    """The inverter that the model plays with."""
    notices: tuple[str, ...]
    """What a person should know when reading the figures."""
    speed: ModelBench
    latency: LatencyBench | None
    """None where the inverter cannot be streamed."""
    recordings: InversionBench
    decoded: DecodedBench | None
    """None without held-out notes."""
    targets: tuple[Target, ...]


def run_bench(
    model: Path,
    notes: Path | None,
    budget: BenchBudget,
    n_threads: int = 1,
    inverter_files: Sequence[Path] = (),
    show: Show = lambda stage, done, total: None,
) -> BenchReport:
    """Measures a model.

    Args:
        model: Its file.
        notes: A NoteBank whose held-out notes are inverted; without, they are notes of the model's own.
        budget: How much is measured.
        n_threads: Threads of torch for what is not measured on one and two anyway.
        inverter_files: Trained inverters that are compared as well; the first that can be streamed becomes
            the model's where it has none.
        show: Hears of the progress.

    Raises:
        InputError: If a file cannot be used, or does not fit the model.
    """
    loaded, trained = _open(model, inverter_files)
    chosen = choose_inverter(TRAINED, loaded)
    spectrogram = Spectrogram(loaded.info.spectrogram)
    methods, notices = _methods(trained, spectrogram, budget)
    notices = [*([chosen.notice] if chosen.notice else []), *notices]
    with _Source(model, notes, loaded, budget.n_notes) as source:
        show("making whole notes", 0, 1)
        speed = bench_model(loaded, chosen.inverter, budget.repeats)
        show("making whole notes", 1, 1)
        latency = _latency(loaded, budget, show)
        heard = source.notes()
        recordings = bench_inversion(
            heard,
            spectrogram,
            methods,
            n_threads,
            lambda done: show("inverting log-mels", done, len(heard)),
        )
        decoded = source.decoded(trained, n_threads, show)
        notices += source.notices
    return BenchReport(
        sound_of=source.sound_of,
        live=chosen.inverter.name,
        notices=tuple(notices),
        speed=speed,
        latency=latency,
        recordings=recordings,
        decoded=decoded,
        targets=targets(chosen.inverter.name, speed, latency, recordings if notes else None, decoded),
    )


def _open(model: Path, inverter_files: Sequence[Path]) -> tuple[LoadedModel, dict[str, Inverter]]:
    """A model, and trained inverters by name, its own first."""
    loaded = load_model(model)
    trained = {} if loaded.inverter is None else {TRAINED: playable(loaded.inverter)}
    for path in inverter_files:
        info, inverter = load_inverter(path)
        loaded.info.spectrogram.require_equal(info.spectrogram, str(model), str(path))
        usable = playable(inverter)
        stands_in = TRAINED not in trained and usable.can_stream
        trained[TRAINED if stands_in else path.stem] = usable
        if stands_in:
            loaded = replace(loaded, inverter=inverter)
    return loaded, trained


def _methods(
    trained: dict[str, Inverter], spectrogram: Spectrogram, budget: BenchBudget
) -> tuple[list[Method], list[str]]:
    """What inverts recordings' log-mels, and what is to be said about it."""
    methods = untrained_methods(spectrogram, budget.librosa_notes)
    methods += [OwnMethod(name, inverter) for name, inverter in trained.items()]
    notices = []
    if budget.librosa_notes < budget.n_notes:
        notices.append(
            "librosa's mel inversion takes many times as long as a note: it was given "
            f"{budget.librosa_notes} of the {budget.n_notes} notes; sentences with it are about these"
        )
    if not any(isinstance(inverter, PublishedMcnn) for inverter in trained.values()):
        untrained = PublishedMcnn(spectrogram.config).eval()
        methods.append(OwnMethod(untrained.name, untrained, judged=False))
        notices.append(
            f"{untrained.name} is untrained: its speed means something, its sound does not (`clariolin mcnn "
            "train --network published` trains one for --inverter-file)"
        )
    return methods, notices


def _latency(loaded: LoadedModel, budget: BenchBudget, show: Show) -> LatencyBench | None:
    """Times playing live, where the model has an inverter that can be streamed."""
    inverter = streaming_inverter(loaded)
    if inverter is None:
        return None
    total = 2 * (budget.latency_notes + budget.blocks)
    return bench_latency(
        loaded,
        inverter,
        budget.latency_notes,
        budget.blocks,
        lambda done: show("playing live", done, total),
    )


class _Source:
    """The notes of a NoteBank, or of the model. Use it as a context manager.

    Args:
        model: The model's file.
        path: The NoteBank's.
        loaded: The model.
        count: How many notes.
    """

    def __init__(self, model: Path, path: Path | None, loaded: LoadedModel, count: int) -> None:
        self.synthesizer = Synthesizer(loaded, GriffinLim(loaded.info.spectrogram))
        self.count = count
        self.bank = None if path is None else NoteBank.open(path)
        self.notices: list[str] = []
        self.sound_of = f"notes that {model.name} made" if path is None else f"held-out notes of {path.name}"
        if self.bank is not None and path is not None:
            loaded.info.spectrogram.require_equal(self.bank.config, str(model), str(path))
            if not (self.bank.split == Split.TEST).any():
                raise InputError(f"{path} has no held-out notes to measure on")

    def __enter__(self) -> "_Source":
        return self

    def __exit__(self, *_error: object) -> None:
        if self.bank is not None:
            self.bank.close()

    def notes(self) -> list[BenchNote]:
        """What is inverted."""
        if self.bank is None:
            return made_notes(self.synthesizer, self.count)
        return recorded_notes(self.bank, held_out_positions(self.bank, self.count))

    def decoded(self, trained: dict[str, Inverter], n_threads: int, show: Show) -> DecodedBench | None:
        """The model's own log-mels of the same notes, where there are recordings beside them."""
        if self.bank is None:
            self.notices.append(
                "without --notes there are no recordings: what is inverted was made with griffin-lim, which "
                "favours it, and the decoder's notes have nothing to be held against"
            )
            return None
        positions = held_out_positions(self.bank, self.count)
        return bench_decoded(
            self.synthesizer,
            self.bank,
            positions,
            inverters_of(self.synthesizer, trained),
            n_threads,
            lambda done: show("inverting decoded log-mels", done, len(positions)),
        )
