"""Weighing a task: a tool, a checked tool, or sub-agents, by the criteria of structure, breadth and creativity."""

import re

from agents import Charter, SubAgent
from graphs.state import Weighing

_CREATIVE = re.compile(
    r"\b(?:strategy|architecture|concept|campaign|plan|roadmap|story|brand|persona|compare|trade-?offs?|review|design|"
    r"recommend|ideas?|vision|proposal|pros and cons|evaluate|assess)\b",
    re.IGNORECASE,
)
_THOROUGH = re.compile(
    r"\b(?:comprehensive|detailed|in depth|thorough|complete|full|end-to-end|step by step|whole)\b",
    re.IGNORECASE,
)
_STRUCTURED = re.compile(
    r"\d|\b(?:calculate|compute|ratio|percent|price|rate|schema|sql|openapi|json|csv|audit)\b", re.IGNORECASE
)
_FACT = re.compile(
    r"^\s*(?:what(?:'s| is| are| does)|who|when|where|which|define|how (?:much|many|long|is|are|does|do))\b",
    re.IGNORECASE,
)
_STEM = 5
"""Letters by which words of a request and of a purpose are compared: "campaign" and "campaigns"."""
_CHECKED_FROM = 0.5
_SUB_AGENTS_FROM = 0.8
_LONG = 40
_SEVERAL = 3


def weigh(request: str, charter: Charter) -> Weighing:
    """Score the complexity of a request from 0 to 1: below 0.5 a tool, below 0.8 a checked tool, else sub-agents."""
    score = 0.3
    reasons = []
    creative = {match.lower() for match in _CREATIVE.findall(request)}
    if creative:
        score += min(0.2 * len(creative), 0.5)
        reasons.append("creative work: " + ", ".join(sorted(creative)))
    if _THOROUGH.search(request):
        score += 0.25
        reasons.append("asks for depth")
    if len(request.split()) >= _LONG:
        score += 0.15
        reasons.append("a long request")
    if len(re.findall(r",|;|\band\b", request)) >= _SEVERAL and not re.search(r"\d", request):
        score += 0.1
        reasons.append("several things at once")
    if _STRUCTURED.search(request):
        score -= 0.25
        reasons.append("structured: figures or a fixed format")
    if _FACT.match(request) and len(request.split()) < _LONG:
        score -= 0.2
        reasons.append("asks for a fact")
    score = round(min(1.0, max(0.0, score)), 2)
    if score >= _SUB_AGENTS_FROM and charter.subagents:
        return Weighing(score=score, reasons=tuple(reasons), choice="sub_agents")
    return Weighing(
        score=score, reasons=tuple(reasons), choice="checked_tool" if score >= _CHECKED_FROM else "tool"
    )


def choose_sub_agents(request: str, charter: Charter, *, most: int) -> list[SubAgent]:
    """The sub-agents whose purpose shares most words with the request, in the charter's order."""
    asked = _stems(request)
    ranked = sorted(charter.subagents, key=lambda sub: -len(asked & _stems(f"{sub.name} {sub.purpose}")))
    chosen = {sub.name for sub in ranked[:most]}
    return [sub for sub in charter.subagents if sub.name in chosen]


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in re.findall(r"[a-z]{4,}", text.lower())}
