"""Numbers and dates of a text in plain words, for tools that read a request by themselves."""

from dataclasses import dataclass

from models.chat.extractive.dates import DateMention, read_dates
from models.chat.extractive.plain import put_plainly
from models.chat.extractive.quantities import Quantity, read_quantities
from models.chat.extractive.texts import left_as_written


@dataclass(frozen=True)
class Amounts:
    """What figures a text holds, in order and apart from each other."""

    text: str
    """Put plainly: English words, numbers with a point and without groups; all places are in it."""
    quantities: tuple[Quantity, ...]
    dates: tuple[DateMention, ...]


def read_amounts(text: str) -> Amounts:
    """The numbers with their units and the dates of a text in English, Russian, Spanish or German."""
    plain = put_plainly(text, left_as_written(text)).text
    return Amounts(plain, tuple(read_quantities(plain)), read_dates(plain))
