"""Weighing a task: a tool, a checked tool, or sub-agents, by features of the request whose weights stand in one table."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from agents import Charter, SubAgent, read_playbook
from graphs.numerals import read_numerals
from graphs.state import Weighing
from models import english_words

BASE = 0.3
"""The score of a request that shows none of the features."""
CHECKED_FROM = 0.5
SUB_AGENTS_FROM = 0.8
_LONG = 40
_SEVERAL = 3
_STEM = 5
"""Letters by which words of a request and of a purpose are compared: "campaign" and "campaigns"."""
_OF_SUB_AGENT = 0.3
"""What it adds that a request says the whole name of a sub-agent's work, "risk assessment" of risk_assessor."""
_WHOLE_WORK = 0.7
"""What it adds that a request wants a work that a sub-agent makes as a whole: enough for it with figures, such as a budget, beside it."""
_NEAR_BEST = 0.5
"""Sub-agents are asked whose purpose shares at least this part of the words that the best one shares."""

_CREATIVE = (
    r"strateg\w+|architecture|arquitectura|architektur|архитектур\w*|concepts?|konzept\w*|concepto\w*|концепц\w*|campaigns?|"
    r"kampagne\w*|campañas?|кампани\w*|plans?|planes|pläne|планы?|roadmaps?|stor(?:y|ies)|brands?|branding|marken?|marcas?|бренд\w*|"
    r"personas?|compare|vergleich\w*|compara\w*|сравни\w*|trade-?offs?|review|design\w*|entwirf|entwurf|gestalte\w*|diseñ\w+|"
    r"спроектир\w*|дизайн\w*|recommend\w*|empfiehl|empfehl\w*|recomiend\w*|рекоменд\w*|ideas?|ideen|иде[яийю]\w*|visions?|proposals?|"
    r"propuestas?|предложени\w*|pros and cons|evaluate|assess|challenge|bewerte\w*|evalúa\w*|оцени\w*"
)
_WRITING = (
    r"\b(?:write|draft|compose|rewrite|brainstorm|come up with|invent|suggest|schreib\w*|verfass\w*|formulier\w*|escrib\w*|redact\w*|"
    r"inventa\w*|напиши\w*|придумай\w*|сочини\w*|составь\w*)\b(?:\W+\w+){0,6}?\W+"
    r"(?:slogans?|taglines?|ads?|copy|posts?|headlines?|stor(?:y|ies)|e-?mails?|newsletters?|scripts?|bios?|pitch\w*|captions?|names?|"
    r"articles?|(?:landing\s?)?pages?|(?:product\s|meta\s)?descriptions?|press releases?|repl(?:y|ies)|series|anzeigen?|antwort\w*|werbetexte?|texte?|beitr\w+|geschichten?|eslóg\w*|eslogan\w*|anuncios?|textos?|publicaci\w*|correos?|historias?|respuestas?|"
    r"nombres?|слоган\w*|объявлени\w*|текст\w*|пост\w*|письм\w*|истори\w*|названи\w*|реклам\w*|ответ\w*)\b"
)
_DEPTH = (
    r"comprehensive(?:ly)?|detailed|in[- ]depth|thorough\w*|complete|full|end-to-end|step by step|whole|ausführlich\w*|umfassend\w*|detailliert\w*|"
    r"vollständig\w*|completo|completa|detallad\w+|exhaustiv\w+|подробн\w*|полн(?:ый|ую|ое|ая)|детальн\w*|комплексн\w*"
)
_FIXED_FORM = (
    r"calculate|compute|ratios?|percent\w*|prices?|rates?|schema|sql|openapi|json|csv|audit|berechne\w*|rechne\w*|calcula\w*|"
    r"посчита\w*|рассчита\w*|вычисли\w*"
)
_FACT = (
    r"^\s*(?:what(?:'s| is| are| does)|who|when|where|which|define|how (?:much|many|long|is|are|does|do)|was (?:ist|sind|bedeutet)|wer|"
    r"wann|wo|wie (?:viel|lange|hoch)|qué (?:es|son|significa)|quién|cuándo|cuánt\w+|что такое|кто|когда|сколько|что значит)\b"
)

_MAKING = (
    r"write|make|draw up|develop|create|give (?:me|us)|(?:i|we) (?:need|want)|i'd like|would like|plan(?!\s+(?:and|or|for|to|meeting)\b)|put together|outline|do(?=\s+(?:an?|me|us)\b)|lay out|help (?:me|us) with|prepare|work out|build|draft|design|come up with|"
    r"brainstorm|suggest|propose|generate|find|show me|schreib\w*|erstell\w*|entw(?:ickl|ickel|irf|erf)\w*|mach\w*|gib (?:mir|uns)|nenn\w*|"
    r"brauch\w*|möchte\w*|plane\w*|verfass\w*|erarbeite\w*|ausarbeiten|escrib\w*|redact\w*|elabora\w*|crea\w*|desarroll\w*|haz(?:me)?|diseñ\w*|"
    r"prepar\w*|dame|danos|necesito|necesitamos|quiero|queremos|propón\w*|напиши\w*|напишите|написать|составь\w*|составить|разработа\w*|"
    r"создай\w*|создать|сделай\w*|сделать|подготов\w*|придума\w*|предложи\w*|дай(?:те)?|нуж(?:ен|на|но|ны)|хочу|хотим"
)
_BESIDE_WORK = (
    r"on|of|about|for|to|into|from|with|against|zu|zum|zur|für|über|von|aus|del?|sobre|para|con|о|об|по|для|из|к|canvas|lienzo|канв\w*|feedback|"
    r"posts?|tweets?|e-?mails?|letters?|articles?|headlines?|titles?|pitch\w*|sentences?|lines?|summar\w+|names?|logos?|slogans?|ads?|invoice|"
    r"dashboard|agenda|keywords?|mistakes?|errors?|risks?|gaps?|improvements?|competitors?|reviews?|opinion|swot|examples?|templates?|definition|"
    r"difference|out|know|understand|sell|show|present\w*|measure|check|improve|change|drop|wissen|änder\w*|zusammenfassung|meinung|correo|carta|"
    r"saber|mejorar|presentar|mostrar|resumen|письмо|пост|понять|узнать|показать|выясн\w+"
)
"""Words between a verb of making and a work that show that something else is made: "write a review of the business plan"."""
_ASKING_HOW = (
    r"^\W*(?:how|what|why|when|which|who|where|should|is|are|does|do|wie|was|warum|wann|welche\w*|wer|cómo|qué|por qué|cuándo|cuál\w*|как|что|почему|"
    r"зачем|когда|как\w{2,3})\b"
)
_ABOUT_WORK = r"for|around|about|on|für|rund um|zu|zum|para|sobre|alrededor de|для|вокруг|про"


@dataclass(frozen=True)
class Feature:
    """Something a request shows, and what it adds to the score."""

    name: str
    weight: float
    """For each time that it is found."""
    most: float
    """All that it can add, in the direction of its weight."""
    says: str
    """The reason that is recorded."""
    found: Callable[[str], int]
    """How often a request shows it."""

    def adds(self, request: str) -> float:
        """What it adds to the score of a request."""
        added = self.weight * self.found(request)
        return max(added, self.most) if self.weight < 0 else min(added, self.most)


def _words(pattern: str) -> Callable[[str], int]:
    """How many different words of a request match."""
    compiled = re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
    return lambda request: len({match.lower() for match in compiled.findall(request)})


def _once(pattern: str) -> Callable[[str], int]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda request: int(compiled.search(request) is not None)


def _is_long(request: str) -> int:
    return int(len(request.split()) >= _LONG)


def _is_broad(request: str) -> int:
    joints = re.findall(r",|;|\b(?:and|und|y|и)\b", request)
    return int(len(joints) >= _SEVERAL and not read_numerals(request))


def _asks_fact(request: str) -> int:
    return int(re.match(_FACT, request, re.IGNORECASE) is not None and not _is_long(request))


def _figures(request: str) -> int:
    return len(read_numerals(request))


FEATURES = (
    Feature("creative", 0.2, 0.5, "creative work", _words(_CREATIVE)),
    Feature("writing", 0.5, 0.5, "a text to be written", _once(_WRITING)),
    Feature("depth", 0.25, 0.25, "asks for depth", _once(rf"\b(?:{_DEPTH})\b")),
    Feature("length", 0.15, 0.15, "a long request", _is_long),
    Feature("breadth", 0.1, 0.1, "several things at once", _is_broad),
    Feature("figures", -0.1, -0.25, "structured: figures", _figures),
    Feature("form", -0.15, -0.15, "structured: a fixed format", _once(rf"\b(?:{_FIXED_FORM})\b")),
    Feature("fact", -0.2, -0.2, "asks for a fact", _asks_fact),
)
"""The table of features: `BASE` and what each adds make the score, which is kept between 0 and 1; so does `named`, see `weigh`."""


def weigh(request: str, charter: Charter) -> Weighing:
    """Score the complexity of a request from 0 to 1: below 0.5 a tool, below 0.8 a checked tool, else sub-agents."""
    added = {feature.name: round(feature.adds(request), 2) for feature in FEATURES}
    found = {name: value for name, value in added.items() if value}
    reasons = tuple(feature.says for feature in FEATURES if feature.name in found)
    if any(_says_work_of(request, sub) for sub in charter.subagents):
        found["named"] = _OF_SUB_AGENT
        reasons += ("names the work of a sub-agent",)
    if _asked_as_a_whole(request, charter):
        found["work"] = _WHOLE_WORK
        reasons += ("wants a work that a sub-agent makes as a whole",)
    score = round(min(1.0, max(0.0, BASE + sum(found.values()))), 2)
    if score >= SUB_AGENTS_FROM and charter.subagents:
        return Weighing(score=score, features=found, reasons=reasons, choice="sub_agents")
    choice = "checked_tool" if score >= CHECKED_FROM else "tool"
    return Weighing(score=score, features=found, reasons=reasons, choice=choice)


def choose_sub_agents(request: str, charter: Charter, *, most: int) -> list[SubAgent]:
    """The sub-agents whose purpose shares most words with the request, in the charter's order; at least one.

    A request in another language is compared in English words, as purposes are in English.
    Those that make the work which is asked for as a whole are taken alone. Those who share less than half of what the best one shares are left out; where none shares a word, the first are taken.
    """
    if makers := _asked_as_a_whole(request, charter):
        return makers[:most]
    asked = _stems(english_words(request))
    shared = {sub.name: len(asked & _stems(f"{sub.name} {sub.purpose}")) for sub in charter.subagents}
    least = _NEAR_BEST * max(shared.values(), default=0)
    ranked = sorted(charter.subagents, key=lambda sub: -shared[sub.name])
    chosen = {sub.name for sub in ranked[:most] if shared[sub.name] >= least}
    return [sub for sub in charter.subagents if sub.name in chosen]


def _says_work_of(request: str, sub: SubAgent) -> bool:
    """Whether the request says every word of a sub-agent's name, which has two and more."""
    named, said = _stems(sub.name), _stems(request)
    return len(named) > 1 and all(any(word.startswith(name) for word in said) for name in named)


def _asked_as_a_whole(request: str, charter: Charter) -> list[SubAgent]:
    """The sub-agents that make the work as a whole which the request wants made, by the works of their playbooks."""
    if re.match(_ASKING_HOW, request, re.IGNORECASE):
        return []
    works = (
        (sub, read_playbook(f"agents.{charter.name}", sub.playbook).works)
        for sub in charter.subagents
        if sub.playbook
    )
    return [sub for sub, patterns in works if patterns and _wanting(patterns).search(request)]


@lru_cache(maxsize=64)
def _wanting(works: tuple[str, ...]) -> re.Pattern[str]:
    """A wish for one of the works: "write a ...", "... for a bakery" at the beginning, "... schreiben"."""
    work = rf"\b(?:{'|'.join(works)})\b"
    between = rf"(?:[^\w.!?]+(?!(?:{_BESIDE_WORK})\b)\w+){{0,6}}?[^\w.!?]+"
    return re.compile(
        rf"\b(?:{_MAKING})\b{between}{work}"
        rf"|^\W*(?:(?!(?:{_BESIDE_WORK})\b)\w+\W+){{0,2}}?{work}\s+(?:{_ABOUT_WORK})\s+(?!\d)"
        rf"|{work}[^.!?]*\b(?:schreiben|erstellen|entwickeln|entwerfen|ausarbeiten|machen)\b",
        re.IGNORECASE,
    )


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in re.findall(r"[^\W\d_]{4,}", text.lower().replace("_", " "))}
