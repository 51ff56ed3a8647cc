"""The structure of an answer: its summary, figures, assumptions and what would change it; how people read them."""

import re
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field

from agents import Figure, written_in
from graphs.state import SpecialistResult

_MARKUP = re.compile(r"^#{1,6} .*$|^>\s?|\*\*|__|`|(?: ?\[\d{1,3}\](?!\())|^\s*[-*] ", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=\S)")
_TABLE = re.compile(r"^[ \t]*\|[^\n]*$|^```.*?^```\s*?$", re.MULTILINE | re.DOTALL)
_LONGEST = 300
_SEVERAL = 3
_SHOWN = 0.8
"""The share of an assumption's words that stand in a text which says it already."""
_WORDS = {
    "English": (
        "Assumed",
        "What would change this",
        "Not investment advice: figures follow from the inputs and may not hold; money at risk can be lost.",
        "Left out of this answer, because no source holds their figures: {sentences}.",
        ("one sentence", "{n} sentences"),
    ),
    "German": (
        "Angenommen",
        "Was das ändern würde",
        "Keine Anlageberatung: Die Zahlen folgen aus den Angaben und gelten vielleicht nicht; eingesetztes Geld kann verloren gehen.",
        "Ausgelassen, weil keine Quelle ihre Zahlen enthält: {sentences}.",
        ("ein Satz", "{n} Sätze"),
    ),
    "Spanish": (
        "Supuestos",
        "Qué lo cambiaría",
        "No es asesoramiento de inversión: las cifras dependen de los datos dados y el dinero invertido puede perderse.",
        "Se omitieron, porque ninguna fuente contiene sus cifras: {sentences}.",
        ("una frase", "{n} frases"),
    ),
    "Russian": (
        "Принято",
        "Что изменило бы вывод",
        "Это не инвестиционная рекомендация: цифры следуют из исходных данных, вложенные деньги можно потерять.",
        "Опущено, потому что цифры не подтверждены ни одним источником: {sentences}.",
        ("предложений — 1", "предложений — {n}"),
    ),
}
"""By language: two headings, the risk note, and what is said of sentences that were taken out."""


class AnswerFigure(Figure):
    """A figure of an answer, with who computed it."""

    agent: str
    tool: str
    text: str = Field(description="As a person reads it, e.g. `1,234.50 USD`.")


class AnswerParts(BaseModel):
    """What programs read of an answer beside its text."""

    model_config = ConfigDict(frozen=True)

    summary: str = ""
    figures: tuple[AnswerFigure, ...] = ()
    assumptions: tuple[str, ...] = ()
    would_change: tuple[str, ...] = ()
    risk_note: str = ""


def parts_of(results: Sequence[SpecialistResult], answer: str, *, request: str) -> AnswerParts:
    """The parts of an answer that these results were merged into; without results its summary alone."""
    told = _told(results)
    summaries = [summary_of(one.answer) for one in told[:_SEVERAL]] or [summary_of(answer)]
    return AnswerParts(
        summary=" ".join(dict.fromkeys(text for text in summaries if text)),
        figures=tuple(
            AnswerFigure(**figure.model_dump(), agent=one.agent, tool=computed.tool, text=str(figure))
            for one in told
            for computed in one.computed
            for figure in computed.figures
        ),
        assumptions=_each(text for one in told for computed in one.computed for text in computed.assumptions),
        would_change=_each(
            text for one in told for computed in one.computed for text in computed.would_change
        ),
        risk_note=_words(request)[2] if any(map(_at_risk, told)) else "",
    )


def conclude(answer: str, results: Sequence[SpecialistResult], *, request: str) -> str:
    """The answer as people read it: behind its text what was assumed and is not said there, what would change it, the risk note once."""
    parts = parts_of(results, answer, request=request)
    assumed, change, *_ = _words(request)
    sections = [answer]
    sections += [
        _listed(title, new)
        for title, texts in ((assumed, parts.assumptions), (change, parts.would_change))
        if (new := [text for text in texts if not _says(answer, text)])
    ]
    if parts.risk_note and parts.risk_note not in answer:
        sections.append(f"*{parts.risk_note}*")
    return "\n\n".join(section for section in sections if section.strip())


def left_out(sentences: int, *, request: str) -> str:
    """One sentence on the sentences that the check took out of an answer."""
    words = _words(request)
    one, several = words[4]
    return words[3].format(sentences=one if sentences == 1 else several.format(n=sentences))


def summary_of(answer: str) -> str:
    """The first sentence of a text that says something, without its markup."""
    prose = _MARKUP.sub("", _TABLE.sub("", answer))
    paragraph = next((line.strip() for line in prose.splitlines() if line.strip()), "")
    first = _SENTENCE.split(paragraph, maxsplit=1)[0]
    return first if len(first) <= _LONGEST else first[:_LONGEST].rsplit(" ", 1)[0] + "…"


def _told(results: Sequence[SpecialistResult]) -> list[SpecialistResult]:
    ordered = sorted(results, key=lambda one: one.position)
    return [one for one in ordered if one.outcome == "answered"]


def _at_risk(result: SpecialistResult) -> bool:
    """Whether it speaks of money at risk: something was computed or worked out, and not only a term explained."""
    return result.financial and bool(result.computed or result.sub_agents)


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _says(answer: str, text: str) -> bool:
    words = set(re.findall(r"\w+", text.lower()))
    return len(words & set(re.findall(r"\w+", answer.lower()))) >= _SHOWN * len(words)


def _listed(title: str, texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return f"**{title}:** {texts[0]}"
    return f"**{title}:**\n\n" + "\n".join(f"- {text}" for text in texts)


def _words(request: str) -> tuple[str, str, str, str, tuple[str, str]]:
    return _WORDS.get(written_in(request), _WORDS["English"])
