"""What may be called a label: a bank and a model of strangers, tags, tables of words."""

import json
from pathlib import Path

import h5py
import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from aae.cli.console import SHIPPED_MODEL
from aae.cli.dataset import parse_tags
from aae.model.model_file import read_info
from aae.notes.bank import NoteBank
from aae.notes.bank_writer import NoteBankWriter
from aae.notes.labels import MAX_LABEL_LENGTH, label_problem
from datasets.reading.aliases import Vocabulary
from mcnn.errors import InputError
from tests.support.labels import SCRIPTS, SIGNS
from tests.support.toy_bank import CONFIG, write_toy_bank

NO_NAMES = {
    "arco\n<region> sample=/elsewhere/other.wav\n//": "a line break",
    "<REGION>": "a header of the SFZ format",
    "\x1b]0;owned\x07": "an escape character",
    "a\x00b": "a NUL",
    "a\tb": "a tab",
    "a\x9bb": "a control character",
    "\u202egnp.exe": "a change of the direction of writing",
    "caf\udce9": "a control character",
    "x" * (MAX_LABEL_LENGTH + 1): "longer than",
}


@pytest.mark.parametrize("name", SCRIPTS + SIGNS)
def test_names_of_any_script_are_labels(name: str) -> None:
    assert label_problem(name) is None


def _require_one_clear_line(message: str) -> None:
    assert message.isprintable()
    assert message.isascii()
    assert len(message) < 300


@pytest.mark.parametrize("name", NO_NAMES)
@pytest.mark.parametrize("place", ["attribute", "label", "title", "credits"])
def test_a_bank_with_a_label_that_is_none_is_refused(tmp_path: Path, place: str, name: str) -> None:
    if place in ("title", "credits") and len(name) > MAX_LABEL_LENGTH:
        return
    path = write_toy_bank(tmp_path / "notes.h5", 4)
    with h5py.File(path, "r+") as file:
        attributes = json.loads(file["attributes"][()])
        provenance = json.loads(file["provenance"][()])
        if place == "attribute":
            attributes[name] = attributes.pop("dynamics")
            file["notes/labels"].create_dataset("x", data=file["notes/labels/dynamics"][:])
            if "\0" not in name and "\udce9" not in name:
                file["notes/labels"].move("x", name)
        elif place == "label":
            attributes["dynamics"][0] = name
        else:
            provenance[place] = name
        for key, value in (("attributes", attributes), ("provenance", provenance)):
            del file[key]
            file[key] = json.dumps(value)
    with pytest.raises(InputError) as refused:
        NoteBank.open(path)
    message = str(refused.value)
    _require_one_clear_line(message.replace(str(tmp_path), ""))
    if place != "attribute":
        assert NO_NAMES[name] in message


@pytest.mark.parametrize("place", ["label", "title"])
def test_a_model_with_a_label_that_is_none_is_refused(tmp_path: Path, place: str) -> None:
    with safe_open(SHIPPED_MODEL, "pt") as file:
        metadata = dict(file.metadata())
        tensors = {"a": file.get_tensor(next(iter(file.keys())))}
    info = json.loads(metadata["info"])
    if place == "label":
        info["vocabularies"]["technique"][0] = "a\x1b[31m"
    else:
        info["provenance"]["notes"]["title"] = "a\x1b[31m"
    path = tmp_path / "model.safetensors"
    save_file(tensors, path, metadata | {"info": json.dumps(info)})
    with pytest.raises(InputError, match=r"(technique|title) 'a\\x1b\[31m' cannot be used: it holds an esc"):
        read_info(path)


def test_no_bank_with_such_a_label_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        NoteBankWriter(tmp_path / "notes.h5", CONFIG, {"instrument": ["a\nb"]})


def test_a_bank_of_a_folder_of_any_name_can_be_opened(tmp_path: Path) -> None:
    with NoteBankWriter(tmp_path / "notes.h5", CONFIG, {"instrument": ["a"]}) as writer:
        writer.finish({"source": "two\nlines", "title": None, "report": {"skips": ["a\nb"]}})
    with NoteBank.open(tmp_path / "notes.h5") as bank:
        assert bank.provenance["source"] == "two\\nlines"


@pytest.mark.parametrize("text", ["room=a\x1bb", "ro\x07om=church", "room=<region>"])
def test_tags_are_labels(text: str) -> None:
    with pytest.raises(InputError, match=r"--tag: .* cannot be used"):
        parse_tags([text])


def test_words_of_a_table_are_labels(tmp_path: Path) -> None:
    table = tmp_path / "words.toml"
    table.write_text('[technique]\n"a\\u001bb" = ["pizz"]\n', "utf-8")
    with pytest.raises(InputError, match=r"words.toml: technique 'a\\x1bb' cannot be used"):
        Vocabulary.standard(table)
