"""Text as people write it, brought to one form, so that it can be compared."""

import unicodedata


def without_accents(text: str) -> str:
    """The same letters without accents, whether a file system writes them in one sign or in two."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))
