"""The words and phrases a text is about."""

import re
from collections import Counter
from dataclasses import dataclass

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from agents.figures import check_numbers, csv_file, percent, table
from agents.sofia.charts import bar_chart
from agents.sofia.common_words import COMMON_WORDS
from agents.sofia.page import is_markup, read_page
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

LARGEST_TEXT = 1_000_000
LONGEST_PHRASE = 3
TWO_SIDES = (
    r"\bgaps?\b|\bcontrast\b|compar|vergleich|сравни|\black|\bmissing\b|fehlen|faltan"
    r"|\A(?=[\s\S]*\b(?:our(?! (?:competitors?|rivals?))|ours|my|mine|unser\w*|nuestr\w+|наш\w*)\b)(?=[\s\S]*\b(?:theirs?|competitors?|competition|rivals?|их|конкурент\w*)\b)"
)
"""Words of a request that holds one text against another."""
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_CLAUSE_END = re.compile(r"[.!?…;:,()\[\]\n\"“”]+")
_TITLE_WEIGHT = 3
_HEADING_WEIGHT = 2


class KeywordResearch(BaseModel):
    """The text whose keywords are wanted."""

    text: str = argument(
        "The text, or the HTML of a page",
        unit=Unit.QUOTED,
        cues=("keywords", "text", "page", "article"),
        holds=rf"(?s)\A(?!.*(?:{TWO_SIDES}))",
    )
    limit: int = argument(
        "How many keywords to list",
        unit=Unit.COUNT,
        cues=("top", "best", "keywords", "key phrases", "terms"),
        default=15,
    )


@dataclass(frozen=True)
class Keyword:
    """A word or phrase, how often it stands in the text, and its weight."""

    phrase: str
    count: int
    density: float
    """The share of the text's words that its occurrences take up."""
    weight: float


def keyword_research() -> BaseTool:
    """The keywords of a text."""
    return tool(
        "keyword_research",
        "Finds the keywords of a given text or page: words and phrases of up to three words by frequency, density and "
        "weight, as a table and CSV. It knows no search volumes.",
        KeywordResearch,
        _keyword_research,
        examples=(
            'Find the keywords in this text: "Organic coffee beans, roasted fresh. Our coffee beans are fair trade."',
            "Which keywords does this page target?",
            "Do keyword research on the following article",
            "Extract the top 10 key phrases and their keyword density from my copy",
            "What terms stand out in our competitor's page text?",
        ),
    )


def keywords(text: str, *, title: str = "", headings: tuple[str, ...] = ()) -> list[Keyword]:
    """Words and phrases of up to three words, heaviest first.

    A phrase stays inside one clause and neither starts nor ends with a common word. Its weight is its count times
    its number of words, times 3 if it stands in the title, else times 2 if in a heading. A shorter phrase that only
    ever stands inside a longer one of the same count is left out, as are phrases of several words found once.
    """
    total = len(_WORD.findall(text))
    counts = _phrases(text)
    kept = {phrase: count for phrase, count in counts.items() if len(phrase) == 1 or count > 1}
    inside = {part for phrase, count in kept.items() for part in _parts(phrase) if kept.get(part) == count}
    in_title = _phrases(title)
    in_headings = _phrases("\n".join(headings))
    found = [
        Keyword(
            phrase=" ".join(phrase),
            count=count,
            density=count * len(phrase) / total,
            weight=float(count * len(phrase))
            * (_TITLE_WEIGHT if phrase in in_title else _HEADING_WEIGHT if phrase in in_headings else 1),
        )
        for phrase, count in kept.items()
        if phrase not in inside
    ]
    return sorted(found, key=lambda keyword: (-keyword.weight, -keyword.count, keyword.phrase))


def _keyword_research(arguments: KeywordResearch) -> ToolOutput:
    check_numbers(arguments)
    if arguments.limit < 1:
        raise ToolRefused("Ask for at least one keyword.")
    if len(arguments.text) > LARGEST_TEXT:
        raise ToolRefused(f"The text has {len(arguments.text):,} characters; give at most {LARGEST_TEXT:,}.")
    found = keywords_of(arguments.text)
    if not found:
        raise ToolRefused("There are no words to look at; give the text in quotes or after a colon.")
    shown = found[: arguments.limit]
    rows = [(word.phrase, str(word.count), percent(word.density, 1), f"{word.weight:g}") for word in shown]
    leading = ", ".join(f"“{word.phrase}” ({word.count}×)" for word in shown[:3])
    text = (
        f"The text is mostly about {leading}.\n\n{table(('keyword', 'count', 'density', 'weight'), rows)}\n\n"
        "Weight is count × words in the phrase, × 3 if it stands in the page's title or × 2 if in a heading. Density is "
        "the share of all words. Search volume and competition are not in a text: look them up in a keyword planner."
    )
    data = {
        "keywords": [
            {
                "phrase": word.phrase,
                "count": word.count,
                "density": round(word.density, 5),
                "weight": word.weight,
            }
            for word in shown
        ]
    }
    exported = ((word.phrase, word.count, round(word.density, 5), word.weight) for word in shown)
    header = ("keyword", "count", "density", "weight")
    first = shown[0]
    return ToolOutput(
        text=text,
        data={**data},
        figures=(
            Figure(name="most frequent keyword's count", value=first.count, unit="times", decimals=0),
            Figure(name="most frequent keyword's density", value=first.density * 100, unit="%", decimals=1),
            Figure(name="keywords listed", value=len(shown), decimals=0),
        ),
        assumptions=("How often words stand in the text says what it is about.",),
        would_change=("Search volumes and the words that your customers use may put another keyword first.",),
        chart=bar_chart("Weight of the keywords", {word.phrase: word.weight for word in shown}, "weight"),
        artifacts=(csv_file("keywords.csv", header, exported),),
    )


def keywords_of(text: str) -> list[Keyword]:
    """The keywords of a text, or of the visible text of a page with its title and headings."""
    if not is_markup(text):
        return keywords(text)
    page = read_page(text)
    title = " ".join(page.titles)
    headings = tuple(heading for _, heading in page.headings)
    return keywords(f"{title}\n{page.text}", title=title, headings=headings)


def _phrases(text: str) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter()
    for clause in _CLAUSE_END.split(text.lower()):
        words = _WORD.findall(clause)
        for size in range(1, LONGEST_PHRASE + 1):
            for start in range(len(words) - size + 1):
                phrase = tuple(words[start : start + size])
                if _telling(phrase[0]) and _telling(phrase[-1]):
                    counts[phrase] += 1
    return counts


def _telling(word: str) -> bool:
    return len(word) > 1 and word not in COMMON_WORDS and not word.isdigit()


def _parts(phrase: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every shorter run of a phrase's words."""
    return [
        phrase[start : start + size]
        for size in range(1, len(phrase))
        for start in range(len(phrase) - size + 1)
    ]
