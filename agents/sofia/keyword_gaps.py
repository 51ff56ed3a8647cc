"""What texts of others speak of and ours does not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from agents.figures import csv_file, percent, table
from agents.sofia.charts import grouped_bars
from agents.sofia.keywords import LARGEST_TEXT, TWO_SIDES, Keyword, keywords_of
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

MOST_TEXTS = 10
_SHOWN = 15
_CHARTED = 10
_OURS = r"ours?(?! (?:competitors?|rivals?))|my|mine|we|us|own|page\s?1|text\s?1|unser\w*|mein\w*|nuestr[ao]s?|mi|mis|наш\w*|мой|моя|мое|моего"
_THEIRS = (
    r"theirs?|they|them|competitors?|competition|rivals?|others?|page\s?(?:[2-9]|10)|text\s?(?:[2-9]|10)|ihre?|wettbewerber\w*|konkurren\w*|"
    r"ellos|suy[ao]s?|competencia|competidor\w*|их|конкурент\w*"
)
_CUE = re.compile(rf"\b(?:(?P<ours>{_OURS})|(?P<theirs>{_THEIRS}))\b", re.IGNORECASE)
_LABEL = re.compile(
    rf"(?:^|[.;\n:,?!]|\band\b)\s*(?:(?P<ours>{_OURS})|(?P<theirs>{_THEIRS}))(?:['’]s?)?(?:\s+(?:page|text|site|copy|website|article|landing page|seite|página|texto|текст|страница|\d+)){{0,2}}"
    r"\s*[:=]\s*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|```[\w-]*\n(.*?)```", re.DOTALL)
_PAGE = re.compile(r"<(?:!doctype|html)\b.*?</html\s*>", re.IGNORECASE | re.DOTALL)
_AROUND = 80


class KeywordGap(BaseModel):
    """Our text and those of others."""

    texts: str = argument(
        "Our text and the others' under their labels, quoted: ours “…”, theirs “…”, theirs “…”; each a text or the HTML of a page; "
        "the whole request will do",
        unit=Unit.REQUEST,
        holds=TWO_SIDES,
    )


@dataclass(frozen=True)
class Compared:
    """A keyword with its share of our words and of each other text's; 0 where it is not in it."""

    phrase: str
    ours: float
    theirs: tuple[float, ...]

    @property
    def spread(self) -> int:
        """In how many of the others it stands."""
        return sum(share > 0 for share in self.theirs)

    @property
    def mean(self) -> float:
        """Its mean share over the others."""
        return sum(self.theirs) / len(self.theirs)


def keyword_gap() -> BaseTool:
    """Keywords of others that ours lacks."""
    return tool(
        "keyword_gap",
        "Compares the keywords of our page or text with those of competitors' pages or texts: which of theirs ours lacks, which "
        "are ours alone, which are shared, with densities.",
        KeywordGap,
        _keyword_gap,
        examples=(
            'Compare keywords: ours "Fresh bread from our oven", theirs "Fresh sourdough bread and rye bread daily"',
            'Which keywords does the competitor have that we lack? Our page: "Running shoes". Their page: "Trail running shoes"',
            'Keyword gap between my text "We repair bikes" and the competitor\'s text "Bike repair and e-bike service"',
            "What does their page have that ours lacks? Ours: cheap hosting. Theirs: cheap hosting with free domain and support",
        ),
    )


def read_sides(text: str) -> tuple[str, tuple[str, ...]]:
    """Our text and the others', out of a request that names them.

    Quotations, fences and whole pages go to the side that is named last before them; without any, what stands after "ours:" and
    "theirs:" is taken. Two texts of which none is named are ours and theirs in this order. Raises ToolRefused where either lacks.
    """
    ours: list[str] = []
    theirs: list[str] = []
    pieces = _pieces(text)
    if pieces:
        for start, end, piece in pieces:
            said = list(_CUE.finditer(text, max(end, start - _AROUND), start))
            side = said[-1] if said else None
            (ours if side is not None and side["ours"] else theirs).append(piece)
        if not ours and len(theirs) > 1 and not any(_CUE.finditer(text, 0, pieces[0][0])):
            ours.append(theirs.pop(0))
    else:
        labels = list(_LABEL.finditer(text))
        ends = [label.start() for label in labels[1:]] + [len(text)]
        for label, end in zip(labels, ends, strict=False):
            part = text[label.end() : end].strip(" \n.;,")
            if part:
                (ours if label["ours"] else theirs).append(part)
    if not ours or not theirs:
        raise ToolRefused(
            "Give our text and at least one of theirs, each quoted after its label: ours “…”, theirs “…”."
        )
    if len(theirs) > MOST_TEXTS:
        raise ToolRefused(f"At most {MOST_TEXTS} texts of others can be compared, got {len(theirs)}.")
    return "\n".join(ours), tuple(theirs)


def gaps(ours: Sequence[Keyword], theirs: Sequence[Sequence[Keyword]]) -> list[Compared]:
    """All keywords of both sides; those in most of the others first, then by their mean share there."""
    own = {word.phrase: word.density for word in ours}
    others = [{word.phrase: word.density for word in side} for side in theirs]
    phrases = dict.fromkeys([*own, *(phrase for side in others for phrase in side)])
    found = [
        Compared(phrase, own.get(phrase, 0.0), tuple(side.get(phrase, 0.0) for side in others))
        for phrase in phrases
    ]
    return sorted(found, key=lambda word: (-word.spread, -word.mean, -word.ours, word.phrase))


def _keyword_gap(arguments: KeywordGap) -> ToolOutput:
    if len(arguments.texts) > LARGEST_TEXT:
        raise ToolRefused(
            f"The texts have {len(arguments.texts):,} characters together; give at most {LARGEST_TEXT:,}."
        )
    our_text, their_texts = read_sides(arguments.texts)
    ours, theirs = keywords_of(our_text), [keywords_of(each) for each in their_texts]
    if not ours or not all(theirs):
        raise ToolRefused("One of the texts has no words to look at; give whole texts.")
    words = gaps(ours, theirs)
    lacking = [word for word in words if not word.ours]
    shared = [word for word in words if word.ours and word.spread]
    alone = sorted((word for word in words if not word.spread), key=lambda word: -word.ours)
    overlap = len(shared) / len(words)
    named = ", ".join(f"“{word.phrase}”" for word in lacking[:3])
    first = (
        f"Ours lacks {len(lacking)} of the {len(lacking) + len(shared)} keywords that {_others(theirs)} use{'s' * (len(theirs) == 1)}"
        + (f", above all {named}." if lacking else ".")
    )
    header = (
        "keyword",
        "ours",
        *(f"theirs {n}" if len(theirs) > 1 else "theirs" for n in range(1, len(theirs) + 1)),
    )
    parts = [first]
    for title, some in (
        ("Theirs, not ours", lacking),
        ("In both", shared),
        ("Ours alone", alone),
    ):
        if some:
            more = f" (the first {_SHOWN} of {len(some)})" if len(some) > _SHOWN else ""
            parts.append(f"{title}{more}:\n\n{table(header, map(_row, some[:_SHOWN]))}")
    parts.append(
        "Figures are each keyword's share of the text's words; keywords are words and phrases of up to three words as "
        "`keyword_research` finds them. What others write about is no proof that people search for it: check volumes in a "
        "keyword planner, and take up only what you offer."
    )
    exported = (
        (word.phrase, round(word.ours, 5), *(round(share, 5) for share in word.theirs)) for word in words
    )
    return ToolOutput(
        text="\n\n".join(parts),
        data={
            "lacking": [word.phrase for word in lacking],
            "shared": [word.phrase for word in shared],
            "ours_alone": [word.phrase for word in alone],
            "texts_of_others": len(theirs),
            "overlap": round(overlap, 4),
        },
        figures=(
            Figure(name="keywords that ours lacks", value=len(lacking), decimals=0),
            Figure(name="shared keywords", value=len(shared), decimals=0),
            Figure(name="keywords of ours alone", value=len(alone), decimals=0),
        ),
        assumptions=("The same thing said in other words counts as another keyword.",),
        would_change=("Longer texts, or more of the others' pages, may show other gaps.",),
        chart=grouped_bars(
            "Share of words",
            [
                (word.phrase, series, share * 100)
                for word in (lacking or words)[:_CHARTED]
                for series, share in (("ours", word.ours), ("theirs (mean)", word.mean))
            ],
            "share of words, %",
        ),
        artifacts=(csv_file("keyword-gap.csv", header, exported),),
    )


def _pieces(text: str) -> list[tuple[int, int, str]]:
    """Whole pages, else quotations and fences: (start, end of the one before, text)."""
    matches = list(_PAGE.finditer(text)) or list(_QUOTED.finditer(text))
    found, before = [], 0
    for match in matches:
        piece = (
            match[0] if match.re is _PAGE else next(group for group in match.groups() if group is not None)
        )
        if piece.strip():
            found.append((match.start(), before, piece))
        before = match.end()
    return found


def _row(word: Compared) -> tuple[str, ...]:
    return (word.phrase, *(percent(share, 1) if share else "-" for share in (word.ours, *word.theirs)))


def _others(theirs: Sequence[object]) -> str:
    return "the other text" if len(theirs) == 1 else f"the {len(theirs)} others"
