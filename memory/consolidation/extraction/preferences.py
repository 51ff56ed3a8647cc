"""Rules for what somebody likes, dislikes and wants of answers."""

import re
from dataclasses import replace
from typing import Final

from memory.consolidation.extraction.classes import class_of
from memory.consolidation.extraction.findings import ADVERBS, I_AM, I_DO, Finding, I, rule
from memory.consolidation.extraction.people import RELATION
from memory.consolidation.extraction.person import LANGUAGE
from memory.consolidation.extraction.values import canonical, listed, phrase, third, topic
from memory.interfaces import Kind

_TALK: Final = re.compile(
    r"^to (?:know|think|say|see|hear|thank|add|point|ask|confirm|mention|be|have|make sure|get|let|start|share|note|"
    r"learn more|discuss|talk|know|go|do|keep|understand|clarify|check|avoid|help|request|report|try|find|order)\b",
    re.IGNORECASE,
)
_TASTE_OF_TEXT: Final = re.compile(
    r"^(?:(?:the|this|that|these|those|your|its|his|her|their|you|him|her|it|them|what|how|when|where|hearing|seeing|knowing|"
    r"having|being|getting|everything|all|any|some|both|one|more|looking)\b|to\b)|\b(?:you|your|yours|this|idea of)\b",
    re.IGNORECASE,
)
_GENERIC: Final = re.compile(
    r"^(?:it|this|that|them|those|these|to|you|the (?:first|second|third|last|former|latter|other)|option|not|when|if|"
    r"something|anything|one)\b",
    re.IGNORECASE,
)


def _taste(match: re.Match[str], *, likes: bool) -> list[Finding]:
    words = match["what"]
    if _TALK.match(words):
        return []
    if re.match(
        rf"my (?:{RELATION}|job|dog|cat|life|family|kids|parents|team|country|name)\b", words, re.IGNORECASE
    ):
        return []
    doing = re.match(r"to\s+\w", words, re.IGNORECASE) is not None
    what = phrase(words, longest=9)
    if likes and what is not None and re.search(rf"\b(?:{_LENGTH})\b.* (?:{_ANSWERS})$", what, re.IGNORECASE):
        return []  # says the rule of how long answers are wanted
    if what is None or (not doing and _TASTE_OF_TEXT.search(what)):
        return []
    strong = (
        re.search(r"\b(?:love|adore|hate|can't stand|favou?rite)\b", match.group(), re.IGNORECASE) is not None
    )
    what = re.sub(r"\s(?:more|better|best|most)$", "", what)
    parts = listed(what) if not doing and len(what.split()) <= 5 else [what]  # noqa: PLR2004  # a short list
    return [
        Finding(
            kind=Kind.PREFERENCE,
            slot=f"preference:likes:{topic(part)}",
            value="likes" if likes else "dislikes",
            text=f"{'Likes' if likes else 'Dislikes'} {third(part)}.",
            confidence=0.8 if strong else 0.7,
            entities=(part,) if part[:1].isupper() else (),
        )
        for part in parts
    ]


def _likes(match: re.Match[str]) -> list[Finding]:
    return _taste(match, likes=True)


def _dislikes(match: re.Match[str]) -> list[Finding]:
    return _taste(match, likes=False)


def _liked_before(match: re.Match[str]) -> list[Finding]:
    """What is liked no longer: "I used to love pasta"."""
    return [
        Finding(
            kind=Kind.PREFERENCE,
            slot=found.slot,
            value="liked before",
            text=f"Used to like {found.text.removeprefix('Likes ')}",
            confidence=0.7,
            details={"ended": True},
        )
        for found in _taste(match, likes=True)
    ]


def _lover(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=3)
    if what is None or topic(what) in {"big", "huge", "real", "total", "true", "major", "avid", "great"}:
        return None
    if topic(what) in {"dog", "cat", "animal", "book"}:
        what = f"{what}s"
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:likes:{topic(what)}",
        value="likes",
        text=f"Likes {third(what)}.",
        confidence=0.8,
    )


def _favourite(match: re.Match[str]) -> Finding | None:
    of = topic(match["of"])
    what = phrase(match["what"], longest=7)
    if what is None or _GENERIC.match(what) or of in {"part", "thing"}:
        return None
    among = "one of" in match.group().casefold()
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:likes:{topic(what)}" if among else f"preference:favourite {of}",
        value="likes" if among else canonical(what),
        text=f"One of their favourite {of} is {third(what)}."
        if among
        else f"Their favourite {of} is {third(what)}.",
        confidence=0.9,
        entities=(what,) if what[:1].isupper() else (),
    )


def _usual(match: re.Match[str]) -> Finding | None:
    of = topic(match["of"])
    what = phrase(match["what"], longest=9)
    if what is None:
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:usual {of}",
        value=canonical(what),
        text=f"Their usual {of} is {third(what)}.",
        confidence=0.8,
    )


def _prefers(match: re.Match[str]) -> Finding | None:
    words = match["what"]
    if _OF_ANSWERS.match(words):
        return None  # says the rules of how answers are wanted
    if words.casefold().startswith("to "):
        return _prefers_doing(words)
    over = re.split(r"\s+(?:to|over|rather than|instead of|than)\s+", words, maxsplit=1)
    for_what = re.search(r"\s+for\s+(\w+(?:\s\w+)?)$", over[-1].rstrip(" ."))
    what = phrase(re.split(r"\s+for\s+", over[0])[0], longest=5)
    other = phrase(re.split(r"\s+for\s+", over[1])[0], longest=5) if len(over) > 1 else None
    if what is None or _GENERIC.match(what) or re.search(r"\b(?:you|your)\b", what):
        return None
    known = class_of(what)
    if for_what:
        slot = f"preference:{topic(for_what[1])}"
    elif known:
        slot = f"preference:{known}"
    elif other:
        slot = "preference:" + " or ".join(sorted((topic(what), topic(other))))
    else:
        slot = f"preference:prefers:{topic(what)}"
    purpose = f" for {for_what[1]}" if for_what else ""
    return Finding(
        kind=Kind.PREFERENCE,
        slot=slot,
        value=canonical(what),
        text=f"Prefers {third(what)}{f' to {third(other)}' if other else ''}{purpose}.",
        confidence=0.85,
        entities=tuple(name for name in (what, other) if name and name[:1].isupper()),
        details={"alternatives": [other]} if other else {},
    )


def _prefers_no_longer(match: re.Match[str]) -> Finding | None:
    found = _prefers(match)
    if found is None:
        return None
    return replace(
        found,
        value=f"not {found.value}",
        text=f"No longer prefers {found.text.removeprefix('Prefers ')}",
        details={**found.details, "ended": True},
    )


def _prefers_doing(words: str) -> Finding | None:
    what = phrase(words, longest=9)
    if what is None or re.search(r"\b(?:you|your|it|this|that)\b", what):
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:prefers:{topic(what)}",
        value="prefers",
        text=f"Prefers {third(what)}.",
        confidence=0.75,
    )


def _answers_in(match: re.Match[str]) -> Finding:
    language = match["language"].capitalize()
    return Finding(
        kind=Kind.PREFERENCE,
        slot="preference:answer language",
        value=language,
        text=f"Wants answers in {language}.",
        confidence=_sure(match),
    )


def _sure(match: re.Match[str]) -> float:
    lasting = r"\b(?:always|from now on|please|prefer|in future|going forward|never|every time|like)\b"
    return 0.9 if re.search(lasting, match.string, re.IGNORECASE) else 0.65


def _length(match: re.Match[str]) -> Finding:
    word = match["length"].casefold()
    short = word in {"short", "shorter", "brief", "concise", "succinct", "terse", "to the point"}
    return Finding(
        kind=Kind.PREFERENCE,
        slot=_LENGTH_SLOT,
        value="short" if short else "detailed",
        text=f"Wants {'short' if short else 'detailed'} answers.",
        confidence=_sure(match),
    )


def _length_of_ones(match: re.Match[str]) -> Finding | None:
    """Of "ones" that are answers: the sentence has named them before."""
    named = re.search(rf"\b(?:{_ANSWERS})\b", match.string[: match.start()], re.IGNORECASE)
    return _length(match) if named else None


def _length_no_longer(match: re.Match[str]) -> Finding:
    """What is wanted no longer, where the message does not say what is wanted instead."""
    found = _length(match)
    return replace(
        found,
        value=f"not {found.value}",
        text=f"No longer wants {found.value} answers.",
        details={"ended": True},
    )


_FORMS: Final = (
    r"(?:tables?|bullet points?|bullets|lists?|emojis?|emoticons|markdown|headings?|headers|code blocks?|latex|jargon|"
    r"abbreviations|acronyms|footnotes|numbered lists?|plain text|analogies|metaphors|exclamation marks|passive voice|"
    r"examples|citations|sources|comments|type hints|metric units|imperial units|em[- ]dashes)"
)


def _form(match: re.Match[str]) -> Finding:
    what = match["form"].casefold()
    no = (
        re.search(r"\b(?:no|don't|do not|never|without|avoid|stop|skip)\b", match.group(), re.IGNORECASE)
        is not None
    )
    if what.endswith("units"):
        system = what.split()[0]
        return Finding(
            kind=Kind.PREFERENCE,
            slot="preference:units",
            value=f"not {system}" if no else system,
            text=f"Wants {'no ' if no else ''}{what}.",
            confidence=_sure(match),
        )
    plural = (
        what
        if what.endswith("s") or what in {"markdown", "latex", "jargon", "plain text", "passive voice"}
        else f"{what}s"
    )
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:answers with {plural}",
        value="no" if no else "yes",
        text=f"Wants {'no ' if no else ''}{plural} in answers.",
        confidence=_sure(match),
    )


def _tone(match: re.Match[str]) -> Finding:
    tone = match["tone"].casefold()
    return Finding(
        kind=Kind.PREFERENCE,
        slot="preference:tone",
        value=tone,
        text=f"Wants a {tone} tone.",
        confidence=_sure(match),
    )


def _risk(match: re.Match[str]) -> Finding:
    said = match["risk"].casefold()
    low = re.search(r"averse|low|conservative|cautious|little|small|risk-off|defensive", said)
    middle = re.search(r"medium|moderate|balanced|average", said)
    level = "low" if low else "moderate" if middle else "high"
    return Finding(
        kind=Kind.PREFERENCE,
        slot="preference:risk",
        value=level,
        text=f"Has a {level} appetite for risk.",
        confidence=0.85,
    )


def _avoids(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=7)
    if what is None or _GENERIC.match(what) or re.search(r"\b(?:you|your|the|a|this|that|any)\b", what):
        return None
    hour = re.search(
        r"\s((?:after|before) \d{1,2}(?::\d\d)? ?(?:am|pm)?)\s*$", match["what"].rstrip(" ."), re.IGNORECASE
    )
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:avoids:{topic(what)}",
        value=hour[1].casefold() if hour else "avoids",
        text=f"Avoids {third(what)}{f' {hour[1]}' if hour else ''}.",
        confidence=0.75,
    )


_RISK: Final = (
    r"(?P<risk>risk[- ]averse|risk[- ]tolerant|risk[- ]seeking|a (?:very |fairly |pretty )?(?:conservative|cautious|defensive|moderate|balanced|"
    r"aggressive) (?:investor|trader)|(?:a )?(?:very |fairly |pretty )?(?:low|high|medium|moderate) (?:risk )?"
    r"(?:tolerance|appetite)(?: for risk)?)"
)
_LENGTH: Final = r"short(?:er)?|brief|concise|succinct|terse|detailed|thorough|in-depth|long(?:er)?"
_ANSWERS: Final = r"answers?|replies|responses?|explanations?"
_LENGTH_SLOT: Final = "preference:answer length"
_OF_ANSWERS: Final = re.compile(
    rf"(?:(?:very|more|rather|really) )*(?:{_LENGTH})(?:,? (?:and )?(?:{_LENGTH}))? (?:{_ANSWERS})(?: in (?:{LANGUAGE}))?"
    r"(?:\s+(?:now|please|from now on|any ?more|and|but|to|over|rather|instead)\b.*)?\s*[.!]?$",
    re.IGNORECASE,
)
_STOP_TASTE: Final = r"(?P<what>[^,.;:!?()—–]+)"

PREFERENCES: Final = (
    rule("likes", rf"{I_DO}\s+(?:like|love|enjoy|adore)\s+{_STOP_TASTE}", _likes),
    rule("keen", rf"{I_AM}\s+(?:(?:a )?(?:big |huge |great |real )?fans? of|(?:very |really )?(?:keen on|fond of|partial to|into))\s+{_STOP_TASTE}", _likes),
    rule("dislikes", rf"{I_DO}\s+(?:hate|dislike|detest|loathe|can't stand|cannot stand)\s+{_STOP_TASTE}", _dislikes),
    rule("does not like", rf"{I} (?:really )?(?:don't|do not|no longer) (?:really |particularly )?(?:like|enjoy|care for)\s+{_STOP_TASTE}", _dislikes),
    rule("not keen", rf"{I_AM}\s+not (?:(?:a |much of a )?(?:big |huge )?fan of|(?:very |really )?(?:keen on|fond of|into))\s+{_STOP_TASTE}", _dislikes),
    rule("liked before", rf"{I} used to (?:like|love|enjoy)\s+{_STOP_TASTE}", _liked_before),
    rule("lover", rf"{I_AM}\s+an? (?:(?:big|huge|real|total|true|major|avid|self-confessed|insatiable)\s+)*(?P<what>[\w-]+(?: [\w-]+)?) (?:lover|enthusiast|fan|buff|addict|fanatic|devotee)\b(?! of)", _lover),
    rule("favourite", rf"\b(?:one of )?my (?:all-time |absolute |new |current )?favou?rite (?P<of>[\w'-]+(?: [\w'-]+){{0,2}}?) (?:is|are|has always been|was always)(?: now| still| currently)? {_STOP_TASTE}", _favourite),
    rule("favourite changed", rf"\bmy favou?rite (?P<of>[\w'-]+(?: [\w'-]+){{0,2}}?) used to be [^,;.]+?,? (?:but|and) (?:now )?it(?:'s| is)(?: now)? {_STOP_TASTE}", _favourite),
    rule("is favourite", r"(?:^|,\s+)(?P<what>[A-Z][\w -]{1,40}?) (?:is|are) my (?:all-time |absolute |new )?favou?rite (?P<of>[\w'-]+(?: [\w'-]+){0,2}?)(?=\s*(?:$|[,.;!]))", _favourite),
    rule("usual", rf"\bmy (?:go-to|usual|standard|default) (?P<of>[\w'-]+(?: [\w'-]+)?) is(?: usually| always)? {_STOP_TASTE}", _usual),
    rule("prefers", rf"{I}(?:'d)?(?:{I_DO.removeprefix(I)})(?: would)?(?: much| far)?\s+prefer\s+(?!not\b){_STOP_TASTE}", _prefers),
    rule("prefers no longer", rf"{I}(?:{ADVERBS})\s+(?:no longer|don't|do not) (?:really |particularly |necessarily )?prefer\s+(?!not\b){_STOP_TASTE}", _prefers_no_longer),
    rule("avoids", rf"{I_DO}\s+(?:avoid|steer clear of)\s+{_STOP_TASTE}", _avoids),
    rule("answers in", rf"\b(?:(?:please |always |kindly )*(?:answer|reply|respond|write(?: to me| back)?|speak|talk|talk to me|speak to me)(?: to me| me)?(?: always| only)?|(?:answers|replies|responses)(?: to be)?)\s+in (?P<language>{LANGUAGE})\b(?!\s+(?:exam|class|lesson))", _answers_in),
    rule("short answers", r"\b(?:(?:keep|make) (?:your |the |all )?(?:answers?|replies|responses?|it|them|things) (?:(?:very|more|nice and|as) )?|(?:give me|I (?:prefer|like|want)|please give|prefer|always give)(?: me)? (?:(?:very|more) )?)(?P<length>short(?:er)?|brief|concise|succinct|terse|to the point|detailed|thorough|in-depth|long(?:er)?(?:,? detailed)?)(?=\s*(?:$|[.,;!]|\s(?:please|from now on|answers?|replies|responses?|explanations?)\b))", _length),
    rule("answers short", r"^(?:please,?\s+)?(?P<length>short|brief|concise|detailed|thorough) (?:answers?|replies|responses)(?: only)?(?:,? please|,? from now on|(?=\s*[.!]?$))", _length),
    rule("answers no longer", rf"{I}(?:{ADVERBS})\s+(?:no longer|don't|do not) (?:really |particularly )?(?:prefer|want|like|need) (?:very |such |so |overly )?(?P<length>{_LENGTH}) (?:{_ANSWERS})\b", _length_no_longer),
    rule("detailed ones", rf"\b(?:give me|make(?: them)?|I(?:'d| would)?(?: now)?(?: rather)? (?:prefer|like|want|have)|I need|please give)(?: me)? (?:(?:very|more) )?(?P<length>{_LENGTH}) ones\b", _length_of_ones),
    rule("rather", rf"{I}(?:'d| would) (?:rather|prefer to) (?:have|get|see|read) (?:(?:very|more) )?(?P<length>{_LENGTH}) (?:{_ANSWERS})\b", _length),
    rule("be brief", r"^(?:please )?(?:always )?be (?:more |very )?(?P<length>brief|concise|succinct|terse)\b(?: in your (?:answers|replies|responses))?(?=\s*(?:$|[.,;!]|\splease))", _length),
    rule("form", rf"(?:^|[,;]\s+|\band )(?:please |always |from now on,? |also )*(?:don't use|do not use|never use|avoid using|avoid|stop using|no more|skip the|no|use|always use|always include|include|give me)(?: any)? (?P<form>{_FORMS})\b(?=\s*(?:$|[.,;!]|please|in (?:your|the|any|all) (?:answers?|replies|responses?)|from now on|when you answer|anymore|any more|with me))", _form),
    rule("form wanted", rf"{I_DO}\s+(?:prefer|like|want)\s+(?:answers|replies|responses|explanations) (?:with|as|in|without) (?P<form>{_FORMS})\b", _form),
    rule("tone", r"\b(?:use|keep|prefer|with) an? (?:more )?(?P<tone>formal|informal|casual|friendly|professional|neutral|humorous|playful|direct) tone\b(?=[^:]*$)(?! (?:for|in) (?:the|this|my|an?))", _tone),
    rule("risk", rf"(?:{I_AM}(?: quite| very| rather| pretty| fairly)?|{I_DO}\s+have|\bmy (?:risk )?(?:tolerance|appetite|profile)(?: for risk)? is)\s+{_RISK}", _risk),
    rule("risk level", r"\bmy risk (?:tolerance|appetite|profile) is(?: now| fairly| quite| rather| very| pretty)* (?P<risk>low|high|medium|moderate|conservative|aggressive|balanced)\b", _risk),
)  # fmt: skip
"""What somebody likes and how answers should be."""
