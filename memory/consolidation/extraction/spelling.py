"""Chat English as rules read it."""

import re
from typing import Final

_FULL: Final = {
    "im": "I'm", "ive": "I've", "dont": "don't", "doesnt": "doesn't", "didnt": "didn't", "cant": "can't", "wont": "won't",
    "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't", "havent": "haven't", "hasnt": "hasn't", "thats": "that's",
    "weve": "we've", "youre": "you're", "theyre": "they're", "u": "you", "ur": "your", "pls": "please", "plz": "please",
    "n": "and", "cos": "because", "cuz": "because", "gonna": "going to", "wanna": "want to", "yrs": "years",
}  # fmt: skip
_WORD: Final = re.compile(
    rf"(?<![\w'.@/-])(?:{'|'.join((*_FULL, *map(str.capitalize, _FULL)))})(?![\w'@/-]|\.\w)"
)
_WISH: Final = re.compile(
    r"(?<![\w'])id(?=\s+(?:love|like|rather|prefer|never|say|really|appreciate)\b)", re.IGNORECASE
)
_HAVE: Final = re.compile(r"\b(I|we)(?:'ve| have)(?: got\b|(?= (?:an?|no|\d[\w.,]*)\b))", re.IGNORECASE)
_ASIDE: Final = re.compile(
    r"(?:(?<=^)|(?<=[\s,.!?]))(?:btw|by the way|tbh|to be honest|lol|haha|imo|ngl|not going to lie|fyi|just so you know|"
    r"heads up|for context|if it helps|if you must know|in case it matters|honestly)\b(?!\s+(?:is|are|was)\b)[,:]?\s*",
    re.IGNORECASE | re.MULTILINE,
)


def spelt_out(text: str) -> str:
    """The text with the common short forms in full, and without asides such as "btw"."""
    text = _WISH.sub("I'd", _WORD.sub(lambda match: _FULL[match.group().casefold()], text))
    return _HAVE.sub(r"\1 have", _ASIDE.sub("", text).replace(" w/ ", " with "))
