"""Rules for what was decided, how far work is, and what somebody knows well."""

import re
from dataclasses import replace
from typing import Final

from pydantic import JsonValue

from memory.consolidation.extraction.classes import class_of
from memory.consolidation.extraction.findings import I_AM, I_DO, Finding, I, rule
from memory.consolidation.extraction.values import NUMBER_WORD, canonical, number, phrase, third, topic
from memory.interfaces import USER, Kind

_VAGUE: Final = re.compile(
    r"^(?:it|this|that|these|those|them|you|your|one|up|out|on|off|the (?:former|latter|other|plan|idea|one|option)|"
    r"the (?:first|second|third|last)(?: one| option| plan)?\s*$|option|plan|everything|all|both|sure|so|my usual|whatever)\b",
    re.IGNORECASE,
)
_REST: Final = r"[^,.;:!?()—–]+"
_WHY: Final = r"(?:[,;]\s+(?P<why>(?:because|since|due to|given that)\s+[^.;!?]+))?"
_BECAUSE: Final = re.compile(r"\s+(?:because(?:\s+of)?|since|due to|given that|as it)\s+", re.IGNORECASE)
_AFTERTHOUGHT: Final = re.compile(
    r"\s+(?:and (?:not|never|then|I|we)|from now on|going forward)\b", re.IGNORECASE
)
_OVER: Final = re.compile(r"\s+(?:instead of|rather than|over|not)\s+", re.IGNORECASE)
_PURPOSE: Final = re.compile(
    r"\s+(?:for|as)\s+(?:the|our|my|a|an)?\s*(?P<purpose>[\w-]+(?:\s[\w-]+){0,2})\s*$", re.IGNORECASE
)
_WE: Final = r"(?<![\w'])(?:I|we)"


def _decision(match: re.Match[str]) -> Finding | None:
    words, why = _reasoned(match)
    parts = _OVER.split(words, maxsplit=1)
    purpose = _PURPOSE.search(parts[-1]) or _PURPOSE.search(parts[0])
    what = phrase(_PURPOSE.sub("", parts[0]), longest=8)
    other = phrase(_PURPOSE.sub("", parts[1]), longest=6) if len(parts) > 1 else None
    if what is None or _VAGUE.match(what) or re.match(r"(?:my|our|his|her|him)\b", what, re.IGNORECASE):
        return None
    about = topic(purpose["purpose"]) if purpose else class_of(what) or (class_of(other) if other else None)
    text = f"Decided on {third(what)}"
    text += f" for {purpose['purpose'].strip()}" if purpose else ""
    text += f" instead of {third(other)}" if other else ""
    text += f", because {why}" if why else ""
    return Finding(
        kind=Kind.DECISION,
        slot=f"decision:{about}" if about else None,
        value=canonical(what),
        text=f"{text}.",
        confidence=0.85
        if re.search(r"decided|decision|settled|chose", match.group(), re.IGNORECASE)
        else 0.75,
        entities=tuple(name for name in (what, other) if name and name[:1].isupper()),
        details=_details(what, why, other),
    )


def _details(what: str, why: str | None, other: str | None = None) -> dict[str, JsonValue]:
    """What is said of a decision; what is not said is left out, so that it stands where it was said before."""
    details: dict[str, JsonValue] = {"what": what, "state": "made"}
    if why:
        details["why"] = why
    if other:
        details["alternatives"] = [other]
    return details


def _reasoned(match: re.Match[str]) -> tuple[str, str | None]:
    """What was decided, and why, where that is said."""
    said = _BECAUSE.split(_AFTERTHOUGHT.split(match["what"])[0], maxsplit=1)
    why = said[1] if len(said) > 1 else None
    if why is None and match.groupdict().get("why"):
        why = re.sub(
            r"^(?:because(?: of)?|since|due to|given that)\s+", "", match["why"], flags=re.IGNORECASE
        )
    return said[0].strip(" ."), third(why.strip(" .")) if why else None


def _decided_to(match: re.Match[str]) -> Finding | None:
    words, why = _reasoned(match)
    what = phrase(words, longest=14)
    if (
        what is None
        or re.search(r"\b(?:it|this|that|you|your)\b", what)
        or re.match(
            r"(?:not )?(?:reach out|try|ask|check|see|wait|stay|sleep|go (?:to bed|home|out)|watch|eat|have)\b",
            what,
        )
    ):
        return None
    return Finding(
        kind=Kind.DECISION,
        value=canonical(what),
        text=f"Decided to {third(what)}{f', because {why}' if why else ''}.",
        confidence=0.75,
        details=_details(what, why),
    )


def _decided_against(match: re.Match[str]) -> Finding | None:
    words, why = _reasoned(match)
    what = phrase(words, longest=10)
    if what is None or _VAGUE.match(what):
        return None
    return _course(f"Decided against {third(what)}{f', because {why}' if why else ''}", what, why)


def _we_do(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=10)
    if what is None or re.search(r"\b(?:it|this|that|you|your)\b", what):
        return None
    do = match["do"].casefold()
    return _course(
        f"Decided {'on' if do.endswith(('ing', ' to', ' out')) else 'to'} {do} {third(what)}", f"{do} {what}"
    )


def _ruling(match: re.Match[str]) -> Finding | None:
    what = " ".join(match["what"].split())
    if len(what.split()) > 14 or _VAGUE.match(what) or re.search(r"\b(?:you|your)\b", what):  # noqa: PLR2004  # a ruling is short
        return None
    return _course(f"Decided: {third(what)}", what)


def _course_of(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=8)
    if what is None or re.match(
        r"(?:what|that|this|how|here|there|as|so|who|whatever|fine|sure|yes|no)\b", what, re.IGNORECASE
    ):
        return None
    return _course(f"Decided on {third(what)}", what)


def _course(text: str, what: str, why: str | None = None) -> Finding:
    """A decision that is no choice among things of a class."""
    return Finding(
        kind=Kind.DECISION,
        value=canonical(what),
        text=f"{text}.",
        confidence=0.8,
        details=_details(what, why),
    )


def _progress(match: re.Match[str], state: str, told: str) -> Finding | None:
    what = phrase(match["what"], longest=9)
    if what is None or _VAGUE.match(what) or re.search(r"\b(?:you|your)\b", what):
        return None
    return Finding(
        kind=Kind.PROGRESS,
        slot=f"progress:{topic(what)}",
        value=state,
        text=f"{told} {third(what)}.",
        confidence=0.8,
        details={"state": state, "what": what},
    )


def _finished(match: re.Match[str]) -> Finding | None:
    return _progress(match, "finished", "Finished")


def _working(match: re.Match[str]) -> Finding | None:
    return _progress(match, "in progress", "Is working on")


def _blocked(match: re.Match[str]) -> Finding | None:
    what = phrase(match["by"], longest=9)
    if what is None or _VAGUE.match(what):
        return None
    subject = (match.groupdict().get("what") or "").strip()
    return Finding(
        kind=Kind.PROGRESS,
        slot=f"progress:{topic(subject)}" if subject else None,
        value=f"blocked by {canonical(what)}",
        text=f"{third(subject).capitalize() if subject else 'Is'} {'is ' if subject else ''}blocked by {third(what)}.",
        confidence=0.8,
        details={"state": "blocked", "by": what},
    )


def _next(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=12)
    if what is None or _VAGUE.match(what):
        return None
    return Finding(
        kind=Kind.PROGRESS,
        slot="progress:next step",
        value=canonical(what),
        text=f"Next step: {third(what)}.",
        confidence=0.75,
        details={"state": "next"},
    )


_LEVELS: Final = {
    "expert": "expert", "pro": "expert", "specialist": "expert", "proficient": "advanced", "experienced": "advanced",
    "advanced": "advanced", "skilled": "advanced", "good": "advanced", "comfortable": "intermediate", "familiar": "intermediate",
    "intermediate": "intermediate", "beginner": "beginner", "novice": "beginner", "newbie": "beginner", "new": "beginner",
    "noob": "beginner", "inexperienced": "beginner",
}  # fmt: skip
_MANY_YEARS: Final = 5
_SOME_YEARS: Final = 2


def _expertise(what: str, level: str, *, confidence: float, years: float | None = None) -> Finding | None:
    about = phrase(what, longest=5)
    if about is None or _VAGUE.match(about) or re.search(r"\b(?:you|your|here|this|store|website)\b", about):
        return None
    told = {
        "expert": "Is an expert in",
        "advanced": "Is experienced in",
        "intermediate": "Knows",
        "beginner": "Is new to",
    }[level]
    since = f" ({years:g} years)" if years is not None else ""
    return Finding(
        kind=Kind.EXPERTISE,
        slot=f"expertise:{topic(about)}",
        value=level,
        text=f"{told} {third(about)}{since}.",
        confidence=confidence,
        entities=(about,) if about[:1].isupper() else (),
        relations=((USER, "knows", about),) if about[:1].isupper() else (),
        details={"level": level, **({"years": years} if years is not None else {})},
    )


def _level(match: re.Match[str]) -> Finding | None:
    return _expertise(match["what"], _LEVELS[match["level"].casefold()], confidence=0.85)


def _years(match: re.Match[str]) -> Finding | None:
    years = number(match["years"])
    if years is None:
        return None
    level = "expert" if years >= 2 * _MANY_YEARS else "advanced" if years >= _SOME_YEARS else "intermediate"
    return _expertise(match["what"], level, confidence=0.8, years=float(years))


def _knows_little(match: re.Match[str]) -> Finding | None:
    return _expertise(match["what"], "beginner", confidence=0.8)


def _learning(match: re.Match[str]) -> Finding | None:
    found = _expertise(match["what"], "beginner", confidence=0.65)
    return replace(found, text=f"Is learning {found.text.removeprefix('Is new to ')}") if found else None


def _knows_well(match: re.Match[str]) -> Finding | None:
    return _expertise(match["what"], "advanced", confidence=0.8)


_YEARS: Final = rf"(?P<years>\d{{1,2}}|{NUMBER_WORD})\+?\s+years"
_BEGIN: Final = (
    r"(?:^|[,;:]\s+|from (?:now|here|today) on,?\s+|\b(?:so|ok|okay|then|and|alright|great|fine)[,:]?\s+)"
)

WORK: Final = (
    rule("let us", rf"{_BEGIN}let's (?:go with|use|stick with|stick to|settle on|choose|pick|lock in)\s+(?P<what>{_REST}){_WHY}", _decision),
    rule("decided on", rf"{_WE}(?:'ve| have)?(?: finally| now| already| just)* (?:decided on|decided to (?:use|go with|adopt|switch to|move to|pick|choose)|settled on|chose|picked|agreed on|are going with|'re going with)\s+(?P<what>{_REST}){_WHY}", _decision),
    rule("going with", rf"(?:{_WE}(?:'m|'re| am| are)(?: now)? going (?:to go )?with|{_WE}(?:'ll| will) (?:go with|use|stick with))\s+(?P<what>{_REST}?(?:\s+(?:instead of|rather than|over)\s+{_REST})){_WHY}", _decision),
    rule("going with it", rf"(?:{_WE}(?:'m|'re| am| are)(?: now)? going with|{_WE}(?:'ll| will) (?:go with|stick with))\s+(?P<what>(?!.*(?:instead of|rather than|\sover\s)){_REST}){_WHY}", _decision),
    rule("the decision", rf"\b(?:the|our|my) decision is to (?:use|go with)?\s*(?P<what>{_REST}){_WHY}", _decision),
    rule("decided against", rf"{_WE}(?:'ve| have)?(?: finally| now| already| just)* decided against\s+(?P<what>{_REST}){_WHY}", _decided_against),
    rule("agreed to", rf"{_WE}(?:'ve| have)?(?: all| finally| now| already| just)* agreed (?:to (?!disagree)|that we(?:'ll| will) )(?P<what>{_REST}){_WHY}", _decided_to),
    rule("ours decided", rf"\bour (?:board|team|management|management team|committee)(?: has| have)?(?: finally| just)* (?:decided on|chose|picked|agreed on|approved|signed off on|settled on|voted for)\s+(?P<what>{_REST}){_WHY}", _decision),
    rule("option", rf"{_WE}(?:'ll| will) (?:go for|take|run with)\s+(?P<what>(?:option|plan|variant|version|design) {_REST})", _course_of),
    rule("it is", r"^(?:ok,? |okay,? |right,? |so,? )*(?P<what>[\w-]+(?: [\w-]+){0,2}) it is(?:,? then)?(?=\s*[.!]?$)", _course_of),
    rule("puts off", rf"(?<![\w'])we(?: now| will|'ll)? (?P<do>drop|postpone|cancel|delay|scrap|shelve|discontinue|freeze)\s+(?P<what>(?:the|our|all)\b{_REST})", _we_do),
    rule("is putting off", rf"{_WE}(?:'re|'m| are| am)(?: finally| now)* (?P<do>dropping|postponing|cancelling|canceling|scrapping|shelving|discontinuing|switching to|ripping out)\s+(?P<what>(?!it\b|on\b){_REST})", _we_do),
    rule("will use", rf"(?<![\w'])we(?:'ll| will) be using\s+(?P<what>{_REST})", _decision),
    rule("gone for", rf"{_WE}(?:'ve| have) gone (?:for|with)\s+(?P<what>{_REST}){_WHY}", _decision),
    rule("moved on to", rf"(?<![\w'])we(?:'ve| have)? (?:switched|moved|migrated)(?: over)?(?: from [\w .]+?)? to\s+(?P<what>(?-i:[A-Z]){_REST})", _decision),
    rule("ruling", rf"^(?:so,? |ok,? |okay,? |right,? )*(?:final answer|final decision|decision(?: made)?|verdict|the verdict)\s*[:,–—-]\s*(?P<what>{_REST})", _ruling),
    rule("decided to", rf"{_WE}(?:'ve| have)?(?: finally| now| already| just)* decided (?:to (?!use|go with|adopt|switch to|move to|pick|choose)|that (?:we|I)(?:'ll| will) )(?P<what>{_REST}){_WHY}", _decided_to),
    rule("finished", rf"{_WE}(?:'m| am|'re| are|'ve| have)?(?: now| just| finally| already)* (?:done with|finished(?: with)?|completed|wrapped up|shipped)\s+(?P<what>(?!in\b|at\b|by\b|my (?:meal|coffee|dinner|lunch|breakfast)){_REST})", _finished),
    rule("is finished", r"(?:^|[,;]\s+)(?:the|our|my)\s+(?P<what>[\w -]{3,50}?) (?:is|are)(?: now| finally| all)? (?:done|finished|complete|completed|ready to ship|merged|deployed)(?=\s*(?:$|[.,;!]|\sand\b))", _finished),
    rule("working on", rf"{_WE}(?:'m| am|'re| are)(?: still| currently| now)* working on\s+(?P<what>{_REST})", _working),
    rule("blocked", rf"{_WE}(?:'m| am|'re| are)(?: still| currently| now)* (?:blocked (?:by|on)|stuck (?:on|with)|waiting (?:for|on))\s+(?P<by>{_REST})", _blocked),
    rule("is blocked", rf"(?:^|[,;]\s+)(?:the|our|my)\s+(?P<what>[\w -]{{3,50}}?) (?:is|are)(?: still| currently| now)? blocked (?:by|on)\s+(?P<by>{_REST})", _blocked),
    rule("next step", rf"\b(?:the|our|my) next (?:step|task|thing|milestone) is(?: to)?\s+(?P<what>{_REST})", _next),
    rule("next", rf"(?:^|[,;]\s+)next,? (?:I'll|I will|we'll|we will|I'm going to|we're going to|I need to|we need to)\s+(?P<what>{_REST})", _next),
    rule("level", rf"{I_AM}\s+(?:(?:an?|very|quite|pretty|fairly|still|completely|totally|rather|relatively|absolute|complete|total)\s+)*(?P<level>expert|pro|specialist|proficient|experienced|advanced|skilled|comfortable|familiar|intermediate|beginner|novice|newbie|noob|new|good)\s+(?:in|with|at|to|using|on)\s+(?P<what>{_REST})", _level),
    rule("years with", rf"{I}(?:'ve| have) been (?:using|programming in|coding in|writing|developing in|working with|doing|teaching|trading|playing|practicing|studying)\s+(?P<what>{_REST}?) for (?:about |over |more than |almost |nearly |around )?{_YEARS}", _years),
    rule("years of", rf"{I_DO}\s+have (?:about |over |more than |almost |nearly |around )?{_YEARS}(?:'| of)? (?:of )?experience (?:with|in|as an?|using)\s+(?P<what>{_REST})", _years),
    rule("knows little", rf"{I} (?:don't|do not) know (?:much|a lot|anything) about\s+(?P<what>{_REST})", _knows_little),
    rule("never used", rf"{I}(?:'ve| have) never (?:used|programmed in|worked with|written)\s+(?P<what>{_REST})(?= before\b)", _knows_little),
    rule("learning", rf"{I_AM}\s+(?:just )?learning(?: to (?:use|play|speak))?\s+(?P<what>(?!that\b|how\b|to\b|about\b|it\b|more\b){_REST})", _learning),
    rule("knows well", rf"{I_DO}\s+know\s+(?P<what>{_REST}?) (?:very well|really well|inside out|quite well|well)\b", _knows_well),
)  # fmt: skip
"""Decisions, progress and expertise."""
