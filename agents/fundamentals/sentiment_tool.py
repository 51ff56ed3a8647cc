"""The tool that reads the tone of given texts."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import table
from agents.fundamentals.sentiment import Tone, tone_of
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

_MOST_TEXTS = 200
_FEWEST_WORDS = 2
_SHOWN = 8
_QUOTED = re.compile(r"[\"“«]([^\"”»]{3,})[\"”»]")
_FOREIGN = re.compile(r"[\u0400-\u04ff\u4e00-\u9fff\u3040-\u30ff\u0600-\u06ff]")


class SentimentArguments(BaseModel):
    """The texts."""

    texts: str = argument(
        "English texts to judge: in quotes, one a line, or after a colon", unit=Unit.REQUEST
    )


def text_sentiment(arguments: SentimentArguments) -> ToolOutput:
    """The tone of each text, with the words that make it."""
    texts = texts_of(arguments.texts)
    if not texts:
        raise ToolRefused(
            'There is no text to judge. Give headlines or posts in quotes, one a line, or after a colon: sentiment of "..."'
        )
    if any(_FOREIGN.search(text) for text in texts):
        raise ToolRefused("The lexicon is English; give English texts, or translate them first.")
    tones = [tone_of(text) for text in texts]
    mean = sum(tone.score for tone in tones) / len(tones)
    counts = {
        label: sum(tone.label == label for tone in tones) for label in ("positive", "neutral", "negative")
    }
    overall = "positive" if mean >= _CLEAR else "negative" if mean <= -_CLEAR else "neutral"
    known = sum(bool(tone.felt) for tone in tones)
    headline = f"The tone is {overall}: {mean:.2f} on a scale from -1 to 1" + (
        f" over {len(texts)} texts ({counts['positive']} positive, {counts['neutral']} neutral, "
        f"{counts['negative']} negative)."
        if len(texts) > 1
        else "."
    )
    rows = [
        (_short(text), f"{tone.score:.2f}", tone.label, _evidence(tone))
        for text, tone in list(zip(texts, tones, strict=True))[:_SHOWN]
    ]
    notes = (
        f"{known} of {len(texts)} texts hold words of the lexicon. Each word has a weight from -4 to 4, turned and weakened by a "
        'negation up to three words before it, scaled by words of degree, and halved before a "but"; the sum s becomes '
        "s / sqrt(s^2 + 15) (after Hutto and Gilbert, 2014). It knows no irony and no context, and the tone of texts is what "
        "people write and no forecast of a price."
    )
    return ToolOutput(
        text="\n\n".join([headline, table(("text", "score", "tone", "because of"), rows), notes]),
        data={
            "score": mean,
            "tone": overall,
            "counts": dict(counts),
            "texts": [_data(text, tone) for text, tone in zip(texts, tones, strict=True)],
        },
        figures=(
            Figure(name="mean tone", value=mean),
            *(Figure(name=f"{label} texts", value=count, decimals=0) for label, count in counts.items()),
        ),
        assumptions=("Every text counts the same, whoever wrote it.",),
    )


def sentiment_tool() -> BaseTool:
    """`text_sentiment` as a tool."""
    return tool(
        "text_sentiment",
        "Judges the tone (positive, neutral, negative) of given headlines, posts or news texts and shows the words it rests on.",
        SentimentArguments,
        text_sentiment,
        examples=(
            'sentiment of "Bitcoin soars to a record on ETF inflows"',
            "how positive are these headlines: exchange hacked, funds stolen; SEC approves ETF; fees fall",
            "is this news bullish or bearish: the protocol was not exploited and withdrawals are safe",
            "analyse the tone of these tweets",
        ),
    )


_CLEAR = 0.05


def texts_of(request: str) -> list[str]:
    """The texts of a request: what stands in quotes; else its lines after the first; else what follows a colon."""
    quoted = [match.strip() for match in _QUOTED.findall(request)]
    if quoted:
        return _kept(quoted)
    lines = [line.strip(" -*•\t") for line in request.splitlines() if line.strip()]
    if len(lines) > 1:
        return _kept(lines[1:] if lines[0].rstrip().endswith((":", "?")) or _asks(lines[0]) else lines)
    _, colon, rest = request.partition(":")
    if colon and rest.strip():
        return _kept([part.strip() for part in re.split(r";\s+|\s\|\s", rest)])
    return [] if _asks(request) else _kept([request.strip()])


def _kept(texts: list[str]) -> list[str]:
    return [text for text in texts if len(text.split()) >= _FEWEST_WORDS or tone_of(text).felt][:_MOST_TEXTS]


def _asks(line: str) -> bool:
    return (
        re.search(
            r"\b(?:sentiment|tone|how positive|how negative|analy[sz]e|judge|bullish or bearish)\b",
            line,
            re.IGNORECASE,
        )
        is not None
    )


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57].rstrip()}..."  # noqa: PLR2004  # what fits into a cell


def _evidence(tone: Tone) -> str:
    if not tone.felt:
        return "no word of the lexicon"
    strongest = sorted(tone.felt, key=lambda each: -abs(each.weight))[:4]
    return ", ".join(
        f"{'not ' if each.negated else ''}{each.word} ({each.weight:+.1f})" for each in strongest
    )


def _data(text: str, tone: Tone) -> JsonValue:
    return {
        "text": text,
        "score": tone.score,
        "tone": tone.label,
        "words": tone.words,
        "evidence": [
            {"word": each.word, "weight": each.weight, "negated": each.negated} for each in tone.felt
        ],
    }
