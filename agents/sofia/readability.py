"""How hard an English text is to read."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from agents.sofia.page import visible_text
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

LARGEST_TEXT = 1_000_000
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LATIN = re.compile(r"[a-zA-Z]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n\s*\n")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<=[^aeiouy])(?<![^aeiouy]l)e$"
    r"|(?<=[^aeioutdy])(?<![^aeiouyl]l)ed$"
    r"|(?<=[^aeiouysxzcg])(?<![sc]h)(?<![^aeiouy]l)es$"
)
_HIATUS = re.compile(r"(?<![ctsgx])(?<!ll)i[aou]|(?<!g)eo(?!p)|(?<=[^aeiouyqg])ua|crea(?=t)|[aeouy]ing$")
_LEVELS = (
    (90, "very easy"),
    (80, "easy"),
    (70, "fairly easy"),
    (60, "plain English"),
    (50, "fairly difficult"),
    (30, "difficult"),
)
_LONG_SENTENCE = 25
_LONG_WORD = 3
_FEW_WORDS = 100


class Readability(BaseModel):
    """The text to judge."""

    text: str = argument(
        "The text, or the HTML of a page", unit=Unit.QUOTED, cues=("text", "paragraph", "copy")
    )


def readability() -> BaseTool:
    """How hard a text is to read."""
    return tool(
        "readability",
        "Measures how easy an English text is to read: Flesch reading ease, Flesch-Kincaid grade, sentence and word "
        "lengths, and the sentences to shorten.",
        Readability,
        _readability,
        examples=(
            'How readable is this text: "Our product helps teams. It is simple."',
            "What is the Flesch reading ease of this paragraph?",
            "Is my blog post too hard to read?",
            "Which school grade is this copy written for?",
            "Check the readability of the following newsletter",
        ),
    )


def syllables(word: str) -> int:
    """Syllables of an English word, by rule; right for about nine common words in ten.

    Each run of vowels (a, e, i, o, u, y) counts one. A final -e, -ed or -es is silent unless the word needs it
    to be spoken (-le after a consonant, -ed after t or d, -es after s, x, z, c, g, sh, ch). Vowel pairs that
    are mostly spoken apart (ia, io, iu outside -tion and the like, eo, ua, crea-t, -ing after a vowel)
    count one more. No word has fewer than one.
    """
    lower = re.sub(r"['’]s$", "", word.lower())
    count = len(_VOWELS.findall(lower)) + len(_HIATUS.findall(lower))
    return max(1, count - len(_SILENT.findall(lower)))


def sentences(text: str) -> list[str]:
    """Sentences with at least one word; they end at . ! ? or … before a blank, or at an empty line."""
    return [part.strip() for part in _SENTENCE_END.split(text) if _WORD.search(part)]


def reading_ease(words: int, sentence_count: int, syllable_count: int) -> float:
    """Flesch reading ease; higher is easier (Flesch 1948, A new readability yardstick, Journal of Applied
    Psychology 32).
    """  # noqa: D205  the reference does not fit the line
    return 206.835 - 1.015 * words / sentence_count - 84.6 * syllable_count / words


def grade_level(words: int, sentence_count: int, syllable_count: int) -> float:
    """Flesch-Kincaid grade, US school years (Kincaid, Fishburne, Rogers and Chissom 1975, report 8-75)."""
    return 0.39 * words / sentence_count + 11.8 * syllable_count / words - 15.59


def _readability(arguments: Readability) -> ToolOutput:
    if len(arguments.text) > LARGEST_TEXT:
        raise ToolRefused(f"The text has {len(arguments.text):,} characters; give at most {LARGEST_TEXT:,}.")
    text = visible_text(arguments.text)
    words = _WORD.findall(text)
    if not words:
        raise ToolRefused("There are no words to measure; give the text in quotes or after a colon.")
    if sum(bool(_LATIN.search(word)) for word in words) < len(words) / 2:
        raise ToolRefused("Flesch's formulas are made for English; give an English text.")
    parts = sentences(text)
    counts = [syllables(word) for word in words]
    ease = reading_ease(len(words), len(parts), sum(counts))
    grade = grade_level(len(words), len(parts), sum(counts))
    hard = sum(count >= _LONG_WORD for count in counts) / len(words)
    level = next((name for bound, name in _LEVELS if ease >= bound), "very difficult")
    lengthy = _lengthy(parts)
    caution = "" if len(words) >= _FEW_WORDS else f" With {len(words)} words the score is only a rough one."
    text = (
        f"The text is {level} to read: Flesch reading ease {ease:.1f}, Flesch-Kincaid grade {grade:.1f}.{caution}\n\n"
        f"- {len(words):,} words in {len(parts):,} sentences, {len(words) / len(parts):.1f} words a sentence\n"
        f"- {sum(counts) / len(words):.2f} syllables a word; {hard:.0%} of the words have three or more\n"
        f"{_advice(lengthy)}"
        "- Ease = 206.835 - 1.015 words/sentence - 84.6 syllables/word (Flesch 1948); grade = 0.39 words/sentence "
        "+ 11.8 syllables/word - 15.59 (Kincaid et al. 1975). Syllables are counted as runs of vowels, less silent "
        "endings, plus vowel pairs spoken apart; abbreviations with a full stop end a sentence."
    )
    data = {
        "reading_ease": round(ease, 2),
        "grade": round(grade, 2),
        "words": len(words),
        "sentences": len(parts),
        "syllables": sum(counts),
        "long_word_share": round(hard, 4),
        "long_sentences": [sentence for _, sentence in lengthy],
    }
    return ToolOutput(text=text, data=data)


def _lengthy(parts: list[str]) -> list[tuple[int, str]]:
    counted = [(len(_WORD.findall(part)), " ".join(part.split())) for part in parts]
    return sorted((item for item in counted if item[0] > _LONG_SENTENCE), key=lambda item: -item[0])[:3]


def _advice(lengthy: list[tuple[int, str]]) -> str:
    shown = 80
    return "".join(
        f"- Shorten ({count} words): “{sentence[:shown]}{'…' if len(sentence) > shown else ''}”\n"
        for count, sentence in lengthy
    )
