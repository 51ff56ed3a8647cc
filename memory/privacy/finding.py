"""All kinds of personal data in a text, without overlaps."""

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterator
from typing import Final

from memory.privacy.addresses import emails, ips, urls
from memory.privacy.credentials import credentials
from memory.privacy.kinds import DataKind, Finding, NameRecogniser, marks
from memory.privacy.numbers import cards, ibans, ssns
from memory.privacy.phones import phones
from memory.privacy.seed_phrases import seed_phrases, word_lists
from memory.privacy.services import compile_rules, service_keys
from memory.privacy.wallets import wallets

_FINDERS: Final[dict[Callable[[str], Iterator[Finding]], frozenset[DataKind]]] = {
    emails: frozenset({DataKind.EMAIL}),
    urls: frozenset({DataKind.URL}),
    ips: frozenset({DataKind.IP}),
    cards: frozenset({DataKind.CARD}),
    ibans: frozenset({DataKind.IBAN}),
    ssns: frozenset({DataKind.SSN}),
    phones: frozenset({DataKind.PHONE}),
    credentials: frozenset({DataKind.SECRET}),
    service_keys: frozenset({DataKind.SECRET}),
    wallets: frozenset({DataKind.WALLET, DataKind.SECRET}),
    seed_phrases: frozenset({DataKind.SEED_PHRASE}),
}
# These have no checksum and no form of their own: they give way to all others.
_LEAST_CERTAIN: Final = frozenset({DataKind.PHONE, DataKind.NAME})


def prepare() -> None:
    """Have all at hand that is read or compiled once, so that the first text does not wait: some seconds once a folder."""
    word_lists()
    compile_rules()


def find(
    text: str, *, kinds: Collection[DataKind] | None = None, names: NameRecogniser | None = None
) -> list[Finding]:
    """Personal data of these kinds (all by default) in order of the text; names only with a recogniser.

    Of findings that overlap the more certain stays, then the longer. Placeholders of an earlier redaction are left
    alone. Takes time in proportion to the text, whatever it says: about 1 s a megabyte, 5 s at worst. Long
    texts belong in a thread.
    """
    wanted = frozenset(DataKind) if kinds is None else frozenset(kinds)
    found = [
        finding
        for finder, gives in _FINDERS.items()
        if gives & wanted
        for finding in finder(text)
        if finding.kind in wanted
    ]
    if names is not None and DataKind.NAME in wanted:
        found += [Finding(start, end, DataKind.NAME) for start, end in names.names(text)]
    found.sort(
        key=lambda finding: (finding.kind in _LEAST_CERTAIN, finding.start - finding.end, finding.start)
    )
    taken = list(marks(text))
    chosen = [finding for finding in found if _take(taken, finding.start, finding.end)]
    return sorted(chosen)


def _take(taken: list[tuple[int, int]], start: int, end: int) -> bool:
    """Take the span where it is free; `taken` is kept in order."""
    place = bisect_left(taken, (start, start))
    if place and taken[place - 1][1] > start:
        return False
    if place < len(taken) and taken[place][0] < end:
        return False
    insort(taken, (start, end))
    return True
