"""How hard a text is to read, by the formula made for its language."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.language import written_in
from agents.sofia.charts import bar_chart
from agents.sofia.common_words import BY_LANGUAGE
from agents.sofia.page import visible_text
from agents.sofia.scales import SCALES, Counts, Scale, counted, huerta_ease
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

LARGEST_TEXT = 1_000_000
_SHOWN_CHARACTERS = 10_000
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n\s*\n")
_GERMAN_SIGNS = re.compile(r"[äöüß]", re.IGNORECASE)
_SPANISH_SIGNS = re.compile(r"[ñ¿¡áíó]", re.IGNORECASE)
_LONG_SENTENCE = 25
_FEW_WORDS = 100
_MOST_BARS = 60


class Readability(BaseModel):
    """The text to judge."""

    text: str = argument(
        "The text, or the HTML of a page, in English, German, Spanish or Russian",
        unit=Unit.QUOTED,
        cues=("text", "paragraph", "copy", "newsletter", "post", "article"),
    )


def readability() -> BaseTool:
    """How hard a text is to read."""
    return tool(
        "readability",
        "Measures how easy an English, German, Spanish or Russian text is to read by the formula of its language (Flesch, "
        "Amstad, Szigriszt-Pazos, Oborneva): reading ease, school grade, sentence and word lengths, and the sentences to shorten.",
        Readability,
        _readability,
        examples=(
            'How readable is this text: "Our product helps teams. It is simple."',
            'Is this easy to read: "The policy applies to all staff."',
            "What is the Flesch reading ease of this paragraph?",
            "Is my blog post too hard to read?",
            "Which school grade is this copy written for?",
            "Check the readability of the following newsletter",
        ),
    )


def sentences(text: str) -> list[str]:
    """Sentences with at least one word; they end at . ! ? or … before a blank, or at an empty line."""
    return [part.strip() for part in _SENTENCE_END.split(text) if _WORD.search(part)]


def text_language(text: str) -> str:
    """The English name of a text's language, by script, telling letters and function words; English where nothing tells."""
    text = text[:_SHOWN_CHARACTERS]
    language = written_in(text)
    if language not in {"English", "German", "Spanish"}:
        return language
    words = [word.lower() for word in _WORD.findall(text)]
    common = {
        name: sum(word in BY_LANGUAGE[name] for word in words) for name in ("English", "German", "Spanish")
    }
    signs = {"German": len(_GERMAN_SIGNS.findall(text)), "Spanish": len(_SPANISH_SIGNS.findall(text))}
    scores = {name: count + 2 * signs.get(name, 0) for name, count in common.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > scores[language] else language


def _readability(arguments: Readability) -> ToolOutput:
    if len(arguments.text) > LARGEST_TEXT:
        raise ToolRefused(f"The text has {len(arguments.text):,} characters; give at most {LARGEST_TEXT:,}.")
    text = visible_text(arguments.text)
    words = _WORD.findall(text)
    if not words:
        raise ToolRefused("There are no words to measure; give the text in quotes or after a colon.")
    language = text_language(text)
    scale = SCALES.get(language)
    if scale is None:
        raise ToolRefused(
            f"The text seems to be {language}; formulas are at hand for English, German, Spanish and Russian."
        )
    parts = sentences(text)
    return _report(scale, counted(words, len(parts), scale.syllables), parts)


def _report(scale: Scale, counts: Counts, parts: list[str]) -> ToolOutput:
    ease = scale.ease(counts)
    grade = scale.grade(counts) if scale.grade else None
    hard = counts.long_words / counts.words
    level = next((name for bound, name in scale.levels if ease >= bound), "very difficult")
    lengthy = _lengthy(parts)
    caution = (
        "" if counts.words >= _FEW_WORDS else f" With {counts.words} words the score is only a rough one."
    )
    graded = "" if grade is None else f", {scale.grade_name} {grade:.1f}"
    also = f"\n- By Fernández Huerta (1959) the ease is {huerta_ease(counts):.1f}" if grade is None else ""
    text = (
        f"The text is {level} to read: {scale.ease_name} {ease:.1f}{graded}.{caution}\n\n"
        f"- {counts.words:,} words in {counts.sentences:,} sentences, {counts.sentence_length:.1f} words a sentence\n"
        f"- {counts.word_length:.2f} syllables a word; {hard:.0%} of the words have three or more{also}\n"
        f"{_advice(lengthy)}"
        f"- {scale.language} text: {scale.source}; abbreviations with a full stop end a sentence."
    )
    data: dict[str, JsonValue] = {
        "language": scale.language,
        "formula": scale.ease_name,
        "level": level,
        "reading_ease": round(ease, 2),
        "grade": None if grade is None else round(grade, 2),
        "words": counts.words,
        "sentences": counts.sentences,
        "syllables": counts.syllables,
        "long_word_share": round(hard, 4),
        "long_sentences": [sentence for _, sentence in lengthy],
    }
    figures = [Figure(name="reading ease", value=ease, decimals=1)]
    figures += [] if grade is None else [Figure(name="grade", value=grade, decimals=1)]
    figures += [
        Figure(name="words a sentence", value=counts.sentence_length, unit="words", decimals=1),
        Figure(name="syllables a word", value=counts.word_length, unit="syllables"),
        Figure(name="long words", value=hard * 100, unit="%", decimals=0),
    ]
    lengths = {
        f"{number}. {_cut(part, 30)}": float(len(_WORD.findall(part)))
        for number, part in enumerate(parts[:_MOST_BARS], 1)
    }
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(figures),
        assumptions=(
            f"The text is {scale.language}.",
            "A formula sees lengths alone: not whether the words are known or the thought is clear.",
        ),
        would_change=(
            f"One word less a sentence raises the ease by {scale.per_word:g}; shorter words raise it faster.",
        ),
        chart=bar_chart("Words a sentence", lengths, "words") if len(parts) > 1 else None,
    )


def _lengthy(parts: list[str]) -> list[tuple[int, str]]:
    measured = [(len(_WORD.findall(part)), " ".join(part.split())) for part in parts]
    return sorted((item for item in measured if item[0] > _LONG_SENTENCE), key=lambda item: -item[0])[:3]


def _advice(lengthy: list[tuple[int, str]]) -> str:
    return "".join(f"- Shorten ({count} words): “{_cut(sentence, 80)}”\n" for count, sentence in lengthy)


def _cut(text: str, shown: int) -> str:
    return f"{text[:shown]}{'…' if len(text) > shown else ''}"
