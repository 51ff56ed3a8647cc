"""Abbreviations of the field, and texts with them written out."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from pydantic import TypeAdapter, ValidationError

from knowledge.corpus import CorpusInvalid

_PACKAGED = "abbreviations.toml"
_Sections = TypeAdapter(dict[str, dict[str, str]])


class Abbreviations:
    """What abbreviations stand for, each one thing."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = {short.casefold(): (short, name) for short, name in names.items()}
        shorts = "|".join(re.escape(short) for short in sorted(self._names, key=len, reverse=True))
        self._pattern = (
            re.compile(rf"(?<![\w%$#-])({shorts})(s|es)?(?!\w)", re.IGNORECASE) if shorts else None
        )

    def written_out(self, text: str) -> str:
        """The text with each abbreviation in its long form, in the plural where it has one.

        One counts as it is usually written, or in capitals, and in any case in a text without capitals. One whose
        long form stands in the text already, as in `Negative Volume Index (NVI)`, is left as it is.
        """
        if self._pattern is None:
            return text
        folded = text.casefold()
        lowered = not any(letter.isupper() for letter in text)

        def written(match: re.Match[str]) -> str:
            short, name = self._names[match[1].casefold()]
            if not (lowered or match[1] in {short, short.upper()}) or name.casefold() in folded:
                return match[0]
            return _plural(name) if match[2] else name

        return self._pattern.sub(written, text)


@lru_cache(maxsize=1)
def packaged_abbreviations() -> Abbreviations:
    """Those that ship in the package. Raises CorpusInvalid."""
    text = files("knowledge").joinpath(_PACKAGED).read_text("utf-8")
    try:
        sections = _Sections.validate_python(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise CorpusInvalid(f"{_PACKAGED}: {error}") from error
    return Abbreviations({short: name for section in sections.values() for short, name in section.items()})


def _plural(name: str) -> str:
    return f"{name[:-1]}ies" if name.endswith("cy") else f"{name}s"
