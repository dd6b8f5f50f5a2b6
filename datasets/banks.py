"""Banks made of banks: several joined into one, or one taken apart by an attribute."""

import hashlib
import json
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aae.notes.bank import NOT_GIVEN, NoteBank, NoteData, Split
from aae.notes.bank_writer import NoteBankWriter, quantise
from aae.notes.safe_names import compared, not_reserved, shortened_stem
from mcnn.atomic import atomic_path
from mcnn.errors import InputError

from .reading.aliases import Vocabulary
from .reading.recording import as_label
from .report import BuildProgress

_TERMS = ("title", "licence", "credits")


@dataclass(frozen=True)
class BanksFinished:
    """The last event of a merge or a split.

    Attributes:
        banks: What was made, and how many notes are in each.
        duplicates: Notes that were left out because an earlier bank has the very same sound.
        renamed: Labels that were rewritten, as `(attribute, label, word)`.
    """

    banks: Mapping[Path, int]
    duplicates: int = 0
    renamed: Sequence[tuple[str, str, str]] = ()


@dataclass
class _Chosen:
    """Notes of one bank that go into a new one."""

    bank: NoteBank
    indices: list[int]
    prefix: str = ""
    vocabulary: Vocabulary | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def labels(self, index: int) -> dict[str, str]:
        """A note's labels in the new bank."""
        own = {
            name: labels[self.bank.labels[name][index]]
            for name, labels in self.bank.attributes.items()
            if self.bank.labels[name][index] != NOT_GIVEN
        }
        return {**(self.vocabulary.apply(own) if self.vocabulary else own), **self.tags}

    def note(self, index: int) -> NoteData:
        """A note as the new bank takes it."""
        bank = self.bank
        return NoteData(
            id=self.prefix + bank.ids[index],
            midi_pitch=int(bank.midi_pitch[index]),
            labels=self.labels(index),
            split=Split(int(bank.split[index])),
            level_db=float(bank.level_db[index]),
            clipped=int(bank.clipped[index]),
            tuning_cents=float(bank.tuning_cents[index]),
            waveform=bank.waveform(index),
            log_mel=bank.log_mel(index).astype("float16"),
            f0_cents=bank.f0_cents(index).astype("float16"),
        )


def merge(
    paths: Sequence[Path],
    out: Path,
    *,
    vocabulary: Vocabulary | None = None,
    tags: Mapping[str, str] | None = None,
) -> Iterator[BuildProgress | BanksFinished]:
    """Joins banks into one. Each note keeps its split; its id gets the name of its library in front.

    Args:
        paths: The banks, at least two.
        out: The bank to make; it appears whole or not at all.
        vocabulary: Rewrites the labels, so that the libraries speak of the same things in the same words.
        tags: Attributes given to every note.

    Yields:
        `BuildProgress` events, then one `BanksFinished`.

    Raises:
        InputError: If a bank cannot be read, or the banks were made with different front ends.
    """
    if len(paths) < 2:
        raise InputError("one bank is merged already: give two or more")
    if out.resolve() in {path.resolve() for path in paths}:
        raise InputError(f"{out} is one of the banks to merge: choose another name")
    with ExitStack() as stack:
        banks = [stack.enter_context(NoteBank.open(path)) for path in paths]
        for path, bank in zip(paths[1:], banks[1:], strict=True):
            banks[0].config.require_equal(bank.config, str(paths[0]), str(path))
        total = sum(len(bank) for bank in banks)
        prefixes = _prefixes(banks)
        seen: set[bytes] = set()
        chosen = []
        done = 0
        for bank, prefix in zip(banks, prefixes, strict=True):
            fresh = []
            for index in range(len(bank)):
                digest = _digest(bank, index)
                if digest not in seen:
                    seen.add(digest)
                    fresh.append(index)
                done += 1
                if done % 500 == 0 or done == total:
                    yield BuildProgress("comparing", done, total)
            chosen.append(_Chosen(bank, fresh, prefix, vocabulary, tags or {}))
        n_notes = sum(len(part.indices) for part in chosen)
        yield from _write(out, chosen, _joined_provenance(banks))
        yield BanksFinished({out: n_notes}, total - n_notes, _renamed(banks, vocabulary))


def split_by(path: Path, attribute: str, out: Path) -> Iterator[BuildProgress | BanksFinished]:
    """Takes a bank apart: one bank for each label of an attribute; notes without a label go nowhere.

    Args:
        path: The bank.
        attribute: One of its attributes.
        out: Folder for the banks, which are named by the labels.

    Yields:
        `BuildProgress` events, then one `BanksFinished`.

    Raises:
        InputError: If the bank cannot be read or has no such attribute, or the folder cannot be made.
    """
    with NoteBank.open(path) as bank:
        if attribute not in bank.attributes:
            known = ", ".join(bank.attributes) or "none"
            raise InputError(f"{path} has no attribute {attribute!r}: it has {known}")
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{out} cannot be made a folder: {error.strerror}") from error
        rows: dict[int, list[int]] = defaultdict(list)
        for index, label in enumerate(bank.labels[attribute].tolist()):
            rows[label].append(index)
        names = _file_names(bank.attributes[attribute])
        made: dict[Path, int] = {}
        for number, name in enumerate(names):
            if rows[number]:
                label = bank.attributes[attribute][number]
                provenance = {**bank.provenance, "part": {attribute: label}, "fingerprint": ""}
                target = out / name
                yield from _write(target, [_Chosen(bank, rows[number])], provenance)
                made[target] = len(rows[number])
        yield BanksFinished(made)


def _write(out: Path, chosen: Sequence[_Chosen], provenance: Mapping[str, Any]) -> Iterator[BuildProgress]:
    """Writes a bank of chosen notes."""
    attributes: dict[str, set[str]] = defaultdict(set)
    for part in chosen:
        for index in part.indices:
            for name, label in part.labels(index).items():
                attributes[name].add(label)
    total, done = sum(len(part.indices) for part in chosen), 0
    vocabularies = {name: sorted(labels) for name, labels in attributes.items()}
    config = chosen[0].bank.config
    with atomic_path(out) as partial, NoteBankWriter(partial, config, vocabularies) as bank:
        for part in chosen:
            for index in part.indices:
                bank.add(part.note(index))
                done += 1
                if done % 200 == 0 or done == total:
                    yield BuildProgress(f"writing {out.name}", done, total)
        bank.finish(provenance)


def _digest(bank: NoteBank, index: int) -> bytes:
    """What is the same for the same sound."""
    steps, _scale = quantise(bank.waveform(index))
    return hashlib.sha256(steps.tobytes()).digest()


def _prefixes(banks: Sequence[NoteBank]) -> list[str]:
    """A folder's name for each bank, all different; none for banks that are merged ones."""
    prefixes: list[str] = []
    for bank in banks:
        if "banks" in bank.provenance:
            prefixes.append("")
            continue
        name = as_label(str(bank.provenance.get("source") or bank.path.stem)) or "notes"
        distinct, count = name, 1
        while f"{distinct}/" in prefixes:
            count += 1
            distinct = f"{name}-{count}"
        prefixes.append(f"{distinct}/")
    return prefixes


def _joined_provenance(banks: Sequence[NoteBank]) -> dict[str, Any]:
    """Where the notes of all banks came from; every licence is named once."""
    origins = [origin for bank in banks for origin in bank.provenance.get("banks", [bank.provenance])]
    terms = {
        name: " + ".join(dict.fromkeys(str(origin.get(name, "Not stated")) for origin in origins))
        for name in _TERMS
    }
    fingerprint = hashlib.sha256(json.dumps(origins, sort_keys=True).encode()).hexdigest()
    sources = " + ".join(str(origin.get("source")) for origin in origins)
    return {"source": sources, "format": "merged", **terms, "fingerprint": fingerprint, "banks": origins}


def _renamed(banks: Sequence[NoteBank], vocabulary: Vocabulary | None) -> list[tuple[str, str, str]]:
    if vocabulary is None:
        return []
    words = {(name, label) for bank in banks for name, labels in bank.attributes.items() for label in labels}
    return [
        (name, label, vocabulary.word(name, label))
        for name, label in sorted(words)
        if vocabulary.word(name, label) != label
    ]


def _file_names(labels: Iterable[str]) -> list[str]:
    """A file's name for each label, all different on every file system."""
    names: dict[str, str] = {}
    for label in labels:
        letters = unicodedata.normalize("NFC", label)
        safe = "".join(letter if letter.isalnum() or letter in "-+." else "-" for letter in letters)
        safe = not_reserved(safe.strip("-.")[:80] or "label")
        ending, count = ".h5", 1
        while compared(name := shortened_stem(safe, ending) + ending) in names:
            count += 1
            ending = f"-{count}.h5"
        names[compared(name)] = name
    return list(names.values())
