"""What may be called a label: one line of text that every format, file system and terminal takes as text.

Labels of a NoteBank or a model come from strangers and go into file names, instruments for samplers, pages
and messages. Each of these escapes what it must; what is no name in any of them is refused at the door.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mcnn.errors import InputError
from mcnn.plain import UNSHOWABLE, in_short, visible

MAX_LABEL_LENGTH = 1000
"""Letters; folders within folders make long ones."""
TERMS = ("source", "title", "licence", "credits")
"""What a provenance says to people."""
_MAX_SHOWN = 60
_SFZ_HEADER = re.compile(r"<\s*(control|global|master|group|region|curve|effect|midi|sample)\s*>", re.I)


@functools.lru_cache(maxsize=4096)
def label_problem(text: str) -> str | None:
    """Why a text is no label, such as `it holds a line break`; None if it is one."""
    if len(text) > MAX_LABEL_LENGTH:
        return f"it is longer than {MAX_LABEL_LENGTH} letters"
    return _text_problem(text)


def require_labels(owner: object, what: str, texts: Iterable[str]) -> None:
    """Refuses texts that are no labels.

    Args:
        owner: File or option that they are from, for the message.
        what: What each of them is: `instrument`, `attribute`.
        texts: The labels.

    Raises:
        InputError: Naming the first that is none.
    """
    for text in texts:
        _refuse(owner, what, text, label_problem(text))


def require_vocabulary(
    owner: object, attributes: Mapping[str, Iterable[str]], provenance: Mapping[str, Any]
) -> None:
    """Refuses a bank or model whose attributes, labels or terms are no names.

    Args:
        owner: The file, for the message.
        attributes: Attribute to its labels.
        provenance: Where its notes came from; only what it says to people is looked at.

    Raises:
        InputError: Naming the first that is none.
    """
    require_labels(owner, "attribute", attributes)
    for name, labels in attributes.items():
        require_labels(owner, name, labels)
    for term in TERMS:
        text = str(provenance.get(term, ""))
        _refuse(owner, term, text, _text_problem(text))


def with_visible_terms(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The same provenance, its terms on one line each: a folder or a library may be called anything."""
    terms = {term: visible(provenance[term]) for term in TERMS if isinstance(provenance.get(term), str)}
    return {**provenance, **terms}


def _text_problem(text: str) -> str | None:
    found = UNSHOWABLE.search(text)
    if found:
        return f"it holds {_KINDS.get(found[0], 'a control character')}"
    return "it holds a header of the SFZ format" if _SFZ_HEADER.search(text) else None


def _refuse(owner: object, what: str, text: str, problem: str | None) -> None:
    if problem:
        shown = in_short(ascii(text), _MAX_SHOWN)
        raise InputError(f"{owner}: {what} {shown} cannot be used: {problem}; a name is one line of text")


_KINDS = {
    "\n": "a line break",
    "\r": "a line break",
    "\u2028": "a line break",
    "\u2029": "a line break",
    "\t": "a tab",
    "\x1b": "an escape character",
    "\0": "a NUL",
} | dict.fromkeys(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "a change of the direction of writing"
)
