"""Citation numbers in texts, exchanged as the text comes, so that what is streamed is what is kept."""

import re
from collections.abc import Callable, Mapping, Sequence

from graphs.events import Citation

_FENCE = "```"
_MARK = r"(?P<mark>(?P<blank> ?)\[(?P<number>\d{1,3})\](?!\())"
"""A citation; `[1](...)` is a link."""
_WHOLE = re.compile(rf"(?P<fence>{_FENCE})|(?P<code>`[^`\n]*`)|{_MARK}")
_GROWING = re.compile(
    rf"(?P<fence>{_FENCE})|(?P<open>(?:`[^`\n]*|``| | ?\[\d{{0,3}}| ?\[\d{{1,3}}\])\Z)|(?P<code>`[^`\n]*`)|{_MARK}"
)
"""The same while more is to come: what stands last may become code, a mark or a link."""


class Renumbering:
    """Exchanges the citation numbers of a text that comes in pieces.

    `number` gives the new number; a mark for which it gives None is taken out. Code stays as it is. What may still
    become a mark or code is held back until that is decided.
    """

    def __init__(self, number: Callable[[int], int | None]) -> None:
        self._number = number
        self._held = ""
        self._fenced = False

    def take(self, piece: str) -> str:
        """What is decided with this piece, which may be nothing."""
        self._held += piece
        return self._decided(_GROWING)

    def rest(self) -> str:
        """What was held back, when nothing more comes."""
        return self._decided(_WHOLE) + self._held

    def _decided(self, pieces: re.Pattern[str]) -> str:
        text, self._held = self._held, ""
        done, at = [], 0
        while at < len(text):
            if self._fenced:
                end = text.find(_FENCE, at)
                if end < 0:
                    end = len(text.rstrip("`")) if pieces is _GROWING else len(text)
                    done.append(text[at:end])
                    self._held = text[max(at, end) :]
                    break
                end += len(_FENCE)
                done.append(text[at:end])
                at, self._fenced = end, False
                continue
            match = pieces.search(text, at)
            if match is None:
                done.append(text[at:])
                break
            done.append(text[at : match.start()])
            if match.lastgroup == "open":
                self._held = match[0]
                break
            at = match.end()
            self._fenced = match.lastgroup == "fence"
            done.append(self._exchanged(match) if match.lastgroup == "mark" else match[0])
        return "".join(done)

    def _exchanged(self, match: re.Match[str]) -> str:
        number = self._number(int(match["number"]))
        return f"{match['blank']}[{number}]" if number else ""


class OrderOfUse:
    """New numbers for citations, from 1 in the order in which they are first asked for; None for others."""

    def __init__(self, citations: Sequence[Citation]) -> None:
        self._known = {citation.number: citation for citation in citations}
        self._numbers: dict[int, int] = {}
        self.unknown: set[int] = set()
        """Numbers that were asked for and are of no citation."""

    def __call__(self, number: int) -> int | None:
        """The new number of a citation."""
        if number not in self._known:
            self.unknown.add(number)
            return None
        return self._numbers.setdefault(number, len(self._numbers) + 1)

    def used(self) -> list[Citation]:
        """Those that were asked for, with their new numbers and in their order."""
        return [self._known[old].model_copy(update={"number": new}) for old, new in self._numbers.items()]


def renumbered(text: str, number: Callable[[int], int | None] | Mapping[int, int]) -> str:
    """The whole text with its citation numbers exchanged; a mark that stands for nothing is taken out."""
    marks = Renumbering(number.get if isinstance(number, Mapping) else number)
    return marks.take(text) + marks.rest()
