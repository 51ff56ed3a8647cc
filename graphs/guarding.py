"""The guard: what a message must be before anybody works on it."""

import unicodedata

from graphs.errors import RequestRefused

_KEPT = frozenset("\n\t")
_VISIBLE = frozenset("LMNPS")
"""Letters, marks, numbers, punctuation and symbols, by the first letter of their Unicode category."""


def clean_message(message: str, *, longest: int) -> str:
    """The message in Unicode normal form C, without control characters, outer white space cut.

    Raises RequestRefused when nothing is left, when it is longer than `longest` characters, or when it holds
    surrogates, which are no text in any encoding.
    """
    if len(message) > longest:
        raise RequestRefused(
            f"the message has {len(message)} characters; at most {longest} are read. Shorten it or split it."
        )
    if any("\ud800" <= character <= "\udfff" for character in message):
        raise RequestRefused(
            "the message holds lone surrogates (U+D800 to U+DFFF), which are no text. Send valid Unicode."
        )
    normal = unicodedata.normalize("NFC", message.replace("\r\n", "\n"))
    text = "".join(c for c in normal if c in _KEPT or unicodedata.category(c) != "Cc").strip()
    if not any(unicodedata.category(character)[0] in _VISIBLE for character in text):
        raise RequestRefused("the message is empty. Say what you would like to know or have done.")
    return text
