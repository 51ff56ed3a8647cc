"""Rules for what somebody wants always or never: of answers, and of himself."""

import re
from typing import Final

from memory.consolidation.extraction.classes import frame
from memory.consolidation.extraction.findings import Finding, I, rule
from memory.consolidation.extraction.values import canonical, phrase, third, topic
from memory.interfaces import Kind

_ONCE: Final = re.compile(
    r"\b(?:that|then|this time|just this once|for this one|for once|this one|today|right now|for now|tomorrow|tonight|again|here|above|"
    r"below|this|that one|the (?:first|second|last|previous|next) \w+|it)\b",
    re.IGNORECASE,
)
_POINTS: Final = re.compile(r"\b(?:this|that|these|those|it|them|him|her|he|she)\b", re.IGNORECASE)
# What an assistant does for somebody, and what of it comes out.
_TASK: Final = (
    r"(?:give|show|tell|use|write|keep|answer|reply|respond|label|include|add|avoid|skip|put|sign|start|begin|end|open|stop|explain|"
    r"break|split|format|quote|cite|ask|warn|call|send|make|mention|suggest|recommend|offer|repeat|assume|round|convert|list|"
    r"summari[sz]e|spell|talk|sugarcoat|schedule|address|refer)"
)
_OUTPUT: Final = (
    r"(?:(?:long|short|the|my|all|your|client|simple|bigger|larger|smaller|fewer|more|clear|clearer|plain) )*(?:answers|replies|responses|explanations|examples|charts|graphs|tables|lists|summaries|reports|e-?mails|"
    r"numbers|prices|amounts|figures|dates|times|recipes|paragraphs|sentences|headlines|drafts|updates|instructions|code|"
    r"banners|slides|captions|sources|spelling|tasks|steps|units|words|gaps|headings|fonts)"
)
_LASTING: Final = (
    r"(?:always|from (?:now|here|today) on|going forward|in (?:the )?future|by default|in general|generally|as a rule|"
    r"every (?:single )?time|each time|whenever possible)"
)
_REST: Final = r"[^.;:!?()—–¶]+?(?=$|[.;:!?()—–¶]|,\s(?:they|it|he|she|I|we|that|you)\b|\s(?:because|since|but|which|or (?:I|it)|so|and (?:I|we|my))\b)"
_OBJECT: Final = (
    r"[^,.;:!?()—–¶]+?(?=$|[,.;:!?()—–¶]|\s(?:because|since|so|but|which|or (?:I|it)|and (?:I|we|my))\b)"
)
_SO: Final = r"(?:in|with|as|without|to|under|into|for|on|between)"
_PURPOSE: Final = (
    r"(?:(?:my|our|all|the) )?(?!me\b|now\b|this\b|that\b|it\b|the\b)[a-z][\w-]+(?: [a-z][\w-]+)?"
)
_WITH_E: Final = frozenset(
    {"using", "writing", "giving", "making", "including", "quoting", "citing", "translating"}
)
_CLAUSE_START: Final = r"(?:^|[,;:—–-]\s*|\b(?:so|and|but|also|oh)\s+)"
_LEADS: Final = r"(?:(?:please|also|just|then|and|so|but|oh|ok|okay|hey),?\s+)*"


def _asked(match: re.Match[str]) -> Finding | None:
    """An order to the assistant that holds for all that comes."""
    words = re.sub(
        rf"\s*,?\s*\b(?:please|{_LASTING}|thanks?|ok(?:ay)?)\s*$", "", match["what"], flags=re.IGNORECASE
    )
    words = words.strip(" ,'\"")
    said = f"{match['task']} {words}".strip()
    if not words or len(said.split()) > 16 or _ONCE.search(said) or re.search(r"\b(?:if|unless)\b", said):  # noqa: PLR2004
        return None
    denied = match["order"] is not None and match["order"].casefold().startswith(
        ("never", "do", "no", "need")
    )
    if not denied and re.match(rf" ?(?:me )?{_OUTPUT}\s+{_SO}\s", words, re.IGNORECASE):
        return _so(re.sub(r"^me ", "", words))
    if match["task"].casefold() in {"stop", "avoid", "skip"}:
        if denied:  # "don't avoid tables" asks for nothing
            return None
        denied, rest = True, re.sub(r"^\w+ing\b", lambda verb: _bare(verb.group()), words)
        said = rest if rest != words else f"use {words}"
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:asks:{frame(said)}",
        value=f"not {canonical(said)}" if denied else canonical(said),
        text=f"Asks {'not ' if denied else ''}to {third(said)}.",
        confidence=0.8,
    )


def _bare(gerund: str) -> str:
    if gerund.casefold() in _WITH_E:
        return f"{gerund[:-3]}e"
    stem = gerund[:-3]
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "ls" else stem  # noqa: PLR2004  # "putting"


def _wanted(match: re.Match[str]) -> Finding | None:
    """How something that comes out of the assistant should be."""
    what = match["what"].strip(" .,")
    what = re.sub(rf"\s*,?\s*\b(?:please|{_LASTING})$", "", what, flags=re.IGNORECASE)
    if len(what.split()) > 12 or _ONCE.search(what) or _ONCE.search(match.string[: match.start()]):  # noqa: PLR2004
        return None
    return _so(what)


def _so(what: str) -> Finding:
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:wants:{frame(re.split(r',? not ', what)[0])}",
        value=canonical(what),
        text=f"Wants {third(what)}.",
        confidence=0.8,
    )


def _asked_in_case(match: re.Match[str]) -> Finding | None:
    """An order for whenever something is the case."""
    case, said = match["case"].strip(), f"{match['task']}{match['what']}".strip()
    now = re.search(r"\b(?:today|tomorrow|tonight|this time|done|ready)\b", f"{case} {said}")
    if now or len(said.split()) > 14:  # noqa: PLR2004  # an order is short
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:asks:{frame(case)}",
        value=canonical(said),
        text=f"Asks, {third(case[0].lower() + case[1:])}, to {third(said)}.",
        confidence=0.8,
    )


def _rather_you(match: re.Match[str]) -> Finding | None:
    said = f"{match['task']} {match['what']}".strip()
    if match["task"].casefold() in {"not", "were", "did", "had", "didn't"} or _ONCE.search(said):
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:asks:{frame(said)}",
        value=canonical(said),
        text=f"Would rather that the assistant {_third_person(match['task'].casefold())} {third(match['what'])}.",
        confidence=0.75,
    )


def _use_for(match: re.Match[str]) -> Finding | None:
    """Which of several things somebody wants for a purpose."""
    purpose, what = match["purpose"].strip(), phrase(re.split(r",? not ", match["what"])[0], longest=4)
    if what is None or _ONCE.search(f"{purpose} {what}"):
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:{topic(purpose)}",
        value=canonical(what),
        text=f"Wants {third(what)} for {third(purpose)}.",
        confidence=0.8,
    )


def _unwanted(match: re.Match[str]) -> Finding | None:
    what = match["what"].strip(" .,")
    if len(what.split()) > 6 or _IDIOM.match(what) or _ONCE.search(what) or _POINTS.search(what):  # noqa: PLR2004
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:wants:{frame(what)}",
        value="no",
        text=f"Wants nothing {third(what)}."
        if _NOTHING.search(match.group())
        else f"Wants no {third(what)}.",
        confidence=0.75,
    )


def _ruled_out(match: re.Match[str]) -> Finding | None:
    found = _unwanted(match)
    if found is None or re.match(r"(?:the|my|our|he|she|they|I|we|you)\b", match["what"], re.IGNORECASE):
        return None
    return found


def _conduct(match: re.Match[str]) -> Finding | None:
    """What somebody always, never or only does."""
    what = re.split(_NO_LONGER_SAID, match["what"])[0].strip(" ,'")
    how, verb = (match.groupdict().get("how") or "").casefold(), match["verb"].casefold()
    if (
        not what
        or len(what.split()) > 12  # noqa: PLR2004  # a habit is short
        or _POINTS.search(what)
        or re.match(r"(?:your?|me)\b", what, re.IGNORECASE)
    ):
        return None
    how = _HOW.get(how, how)
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:conduct:{frame(f'{verb} {what}')}",
        value=f"{how} {canonical(what)}".strip(),
        text=f"{f'{how} {_third_person(verb)}'.strip().capitalize()} {third(what)}.",
        confidence=0.8,
    )


def _third_person(verb: str) -> str:
    return f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "o")) else f"{verb}s"


def _does_not_do(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=4)
    if (
        what is None
        or _POINTS.search(what)
        or re.search(r"\b(?:you|your|the|any|much|well|anything)\b", what)
    ):
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot=f"preference:avoids:{topic(what)}",
        value="avoids",
        text=f"Avoids {third(what)}.",
        confidence=0.75,
    )


def _rather(match: re.Match[str]) -> Finding | None:
    what, other = phrase(match["what"], longest=4), phrase(match["other"], longest=4)
    if (
        what is None
        or other is None
        or _POINTS.search(f"{what} {other}")
        or re.search(r"\d", f"{what}{other}")
    ):
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot="preference:" + " or ".join(sorted((topic(what), topic(other)))),
        value=canonical(what),
        text=f"Prefers {third(what)} to {third(other)}.",
        confidence=0.75,
    )


_OFFERED: Final = r"(?:ideas|suggestions|tips|jokes|recipes|models|metaphors|examples|jargon|emojis|links|code|maths?|charts|tables|ads|images|videos|products|brands|reminders|calls)"
_NOTHING: Final = re.compile(r"\bnothing (?!with\b)", re.IGNORECASE)
_IDIOM: Final = re.compile(
    r"(?:worries|problem|rush|idea|need|way|wonder|luck|pressure|hurry|surprise|clue|point|questions?|thanks?|matter|chance|"
    r"one|doubt|reason|sense|offen[cs]e|comment|news|big deal|joke|more questions?|use|longer|brainer|time|response|reply|"
    r"answer|change|error|errors|result|results|signal|internet|money|sign|good|help)\b",
    re.IGNORECASE,
)
_HOW: Final = {
    "usually": "always", "generally": "always", "mostly": "always", "refuse to": "never", "won't": "never", "won't ever": "never",
    "will never": "never",
}  # fmt: skip
_NO_LONGER_SAID: Final = re.compile(
    r",|\s(?:from now on|these days|any ?more|now|at the moment|though)\b", re.IGNORECASE
)
_VERB: Final = (
    r"(?P<verb>risk|trade|buy|sell|invest|eat|drink|size|enter|exit|hold|short|use|set|place|wear|fly|travel|pay|order|cook|"
    r"ship|post|publish|deploy|sign|chart|lend|borrow|stake|gamble|bet|work|hire|discount|shop|read|watch|swim|run|cycle)"
)

STANDING: Final = (
    rule("asked for good", rf"^{_LEADS}{_LASTING},?\s+{_LEADS}(?P<order>never\s+|don't\s+|do not\s+|always\s+|no\s+)?(?P<task>{_TASK})\b(?P<what>{_REST})", _asked),
    rule("asked and lasting", rf"^{_LEADS}(?P<order>don't\s+|do not\s+)?(?P<task>{_TASK})\b(?P<what>{_REST}?)(?=,?\s+{_LASTING}\s*(?:[.,;!]|please|$))", _asked),
    rule("asked always", rf"^{_LEADS}(?P<order>always\s+|never\s+)(?P<task>{_TASK})\b(?P<what>{_REST})", _asked),
    rule("asked not to", rf"{_CLAUSE_START}{_LEADS}(?P<order>don't\s+|do not\s+)(?P<task>{_TASK})\b(?P<what>{_REST})", _asked),
    rule("asked to stop", rf"{_CLAUSE_START}{_LEADS}please (?P<order>)(?P<task>stop|avoid|skip)\b(?P<what>{_REST})", _asked),
    rule("asked in a case", rf"^{_LEADS}(?P<case>(?:when|whenever|if|each time|every time) (?:you (?:write|answer|reply|give|show|draft|quote|make|use|explain|send|translate|mention|talk|do)|I (?:say|write|ask|type)|(?:an? |the |your )(?:reply|answer|response|text|draft))\b[^,.;:!?]*),? (?:please |then )?(?P<task>{_TASK})\b(?P<what>{_REST})", _asked_in_case),
    rule("rather you", rf"{I}(?:'d| would) rather you (?P<order>)(?P<task>[a-z]+) (?P<what>{_REST})", _rather_you),
    rule("use for", rf"^{_LEADS}for (?P<purpose>{_PURPOSE}),? (?:please )?use (?P<what>{_OBJECT})", _use_for),
    rule("use something for", rf"^{_LEADS}use (?P<what>[\w-]+(?: [\w-]+){{0,2}}?) for (?P<purpose>{_PURPOSE})(?=\s*(?:$|[.,;!]|please\b))", _use_for),
    rule("output so", rf"^{_LEADS}(?:give me |show me |give |show |use |write |keep |break |I want )(?P<what>{_OUTPUT}\s+{_SO}\s+{_OBJECT})", _wanted),
    rule("likes output so", rf"{I}(?:'d)?(?: really| usually| generally| always| would)* (?:like|love|prefer|want|appreciate|need) (?P<what>{_OUTPUT}\s+{_SO}\s+{_OBJECT})", _wanted),
    rule("nothing of it", rf"{_CLAUSE_START}(?:please )?no(?: more|thing with|thing)? (?P<what>{_OBJECT}?)(?=,? (?:please|ever|for me|from now on)\b)", _unwanted),
    rule("no more of it", rf"^{_LEADS}no more (?P<what>{_OBJECT})(?=\s*[.!]?$)", _unwanted),
    rule("so nothing of it", rf"[,;]? so (?:please )?no (?P<what>{_OBJECT}?{_OFFERED})\b(?= |\s*[.!]?$)", _unwanted),
    rule("ruled out", rf"{_CLAUSE_START}(?P<what>[\w'-]+(?: [\w'-]+){{0,4}}?) (?:is|are) (?:a no-go|no-goes|off the table|out of the question|not an option|off limits)\b", _ruled_out),
    rule("need not", rf"(?<![\w'])you (?P<order>don't have to|don't need to|needn't|need not) (?P<task>{_TASK})\b(?P<what>{_REST})", _asked),
    rule("conduct", rf"(?:{I}|(?<![\w'])we)(?:'d)? (?:can )?(?P<how>always|never|only|usually|generally|mostly|refuse to|won't ever|will never|won't) {_VERB} (?P<what>{_REST})", _conduct),
    rule("trades", rf"{I} (?P<verb>trade|chart|scalp|swing trade|day trade) (?P<what>{_OBJECT})", _conduct),
    rule("does not do", rf"{I} (?:don't|do not|never) (?:do|touch|trade|buy|watch|read) (?P<what>{_OBJECT})", _does_not_do),
    rule("rather", r"^(?P<what>[A-Za-z][\w ]{1,25}?) > (?P<other>[A-Za-z][\w ]{1,25})$", _rather),
    rule("more of a person", rf"{I}(?:'m| am) more of an? (?P<what>[\w-]+(?: [\w-]+)?) than an? (?P<other>[\w-]+(?: [\w-]+)?)(?=\s*(?:$|[.,;!]))", _rather),
    rule("would rather", rf"{I}(?:'d| would) rather (?P<what>(?:have|use|get|take|see|read|write|pay|work|trade|talk) {_OBJECT}?) than (?P<other>{_OBJECT})", _rather),
)  # fmt: skip
"""What somebody wants always or never."""
