"""Keys in the forms that services issue, by the rules that the library Kingfisher collects and keeps up."""

import re
import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from memory.privacy.kinds import DataKind, Finding

if TYPE_CHECKING:
    from kingfisher_sdk import Scanner

# The rules want a key to end at a space or a quote, as in code; in a sentence it ends at a comma or a full stop.
_ENDING: Final = re.compile(r"[,.!?:)\]](?=\s|$)")
# Some rules look back over the line, which takes the square of its length: they see it in pieces.
_PIECE, _OVERLAP = 8192, 512
_GAP: Final = re.compile(r"\s")


@dataclass
class _Place:
    folder: Path | None = None


_log = structlog.get_logger(__name__)
_making: Final = threading.Lock()
_place: Final = _Place()


def keep_rules_in(folder: Path) -> None:
    """Have this process keep the compiled rules in a folder, which is made where it is missing.

    To be said before the first text is looked through. Else the library keeps them in the user's cache folder, or where
    `KF_RULE_CACHE_DIR` says.
    """
    _place.folder = folder


def compile_rules() -> None:
    """Compile the rules, so that the first text does not wait: some seconds once a folder, half a second afterwards."""
    _scanner()


def service_keys(text: str) -> Iterator[Finding]:
    """Keys of services that are told by their own form, or by the name of the service beside them."""
    plain = _ENDING.sub(" ", text).encode(errors="replace").decode()
    scan = _scanner().scan
    for begin, end in _pieces(plain):
        piece = plain[begin:end]
        found = [one.location for one in scan(piece) if one.visible]
        if not found:
            continue
        places = list(accumulate((len(character.encode()) for character in piece), initial=0))
        for where in found:
            start = bisect_left(places, where["start_offset"])
            yield Finding(
                begin + start, begin + bisect_left(places, where["end_offset"], start), DataKind.SECRET
            )


def _scanner() -> "Scanner":
    with _making:
        return _compiled()


@cache
def _compiled() -> "Scanner":
    from kingfisher_sdk import Rules, Scanner  # takes a tenth of a second, and is not needed by most commands

    rules = Rules(cache_dir=_place.folder)
    if rules.cache_status == "bypassed":
        _log.warning(
            "the compiled rules for keys of services could not be kept and are compiled anew at each start: their folder "
            "has to be writable for this user and for nobody else",
            folder=str(_place.folder or "the user's cache folder"),
        )
    return Scanner(rules)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where the pieces begin and end: between words where that is near, each with the end of the one before it."""
    begin = 0
    while len(text) - begin > _PIECE:
        end = begin + _PIECE
        if gap := _GAP.search(text, end, end + _PIECE):
            end = gap.start()
        yield begin, end
        begin = end - _OVERLAP
    yield begin, len(text)
