"""SWOT and the business model canvas: what the user said, arranged; nothing is added."""

import re
from collections.abc import Mapping

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.davina.sections import read_sections
from agents.figures import table
from agents.tools import Artifact, Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

_SWOT = {
    "Strengths": ("strengths", "strength", "stärken", "fortalezas", "сильные стороны"),
    "Weaknesses": ("weaknesses", "weakness", "schwächen", "debilidades", "слабые стороны"),
    "Opportunities": ("opportunities", "opportunity", "chancen", "oportunidades", "возможности"),
    "Threats": ("threats", "threat", "bedrohungen", "risiken", "amenazas", "угрозы"),
}
_CANVAS = {
    "Customer segments": (
        "customer segments",
        "customers",
        "segments",
        "kundensegmente",
        "kunden",
        "segmentos de clientes",
        "clientes",
        "потребительские сегменты",
        "сегменты",
        "клиенты",
    ),
    "Value propositions": (
        "value propositions",
        "value proposition",
        "value",
        "nutzenversprechen",
        "wertangebot",
        "propuesta de valor",
        "propuestas de valor",
        "ценностное предложение",
        "ценностные предложения",
    ),
    "Channels": ("channels", "channel", "kanäle", "canales", "каналы", "каналы сбыта"),
    "Customer relationships": (
        "customer relationships",
        "customer relationship",
        "relationships",
        "relationship",
        "kundenbeziehungen",
        "relaciones con clientes",
        "отношения с клиентами",
    ),
    "Revenue streams": (
        "revenue streams",
        "revenue stream",
        "revenue",
        "revenues",
        "einnahmequellen",
        "einnahmen",
        "fuentes de ingresos",
        "ingresos",
        "источники дохода",
        "доходы",
    ),
    "Key resources": (
        "key resources",
        "resources",
        "schlüsselressourcen",
        "recursos clave",
        "ключевые ресурсы",
    ),
    "Key activities": (
        "key activities",
        "activities",
        "schlüsselaktivitäten",
        "actividades clave",
        "ключевые виды деятельности",
    ),
    "Key partners": (
        "key partners",
        "key partnerships",
        "partners",
        "partnerships",
        "schlüsselpartner",
        "socios clave",
        "ключевые партнёры",
        "ключевые партнеры",
    ),
    "Cost structure": (
        "cost structure",
        "costs",
        "cost",
        "kostenstruktur",
        "kosten",
        "estructura de costes",
        "costes",
        "структура издержек",
    ),
}
_QUESTIONS = {
    "Customer segments": "For whom is the value made, and who pays?",
    "Value propositions": "Which problem is solved, and why this way?",
    "Channels": "How do customers hear of it, buy it and get it?",
    "Customer relationships": "How are customers won, kept and served?",
    "Revenue streams": "What do they pay for, how, and how much?",
    "Key resources": "What must be there for all this to work?",
    "Key activities": "What must be done well every day?",
    "Key partners": "Who provides what is not made in-house?",
    "Cost structure": "What costs most, and what of it is fixed?",
}
_ASKED = {
    "Strengths": "what do customers choose you for?",
    "Weaknesses": "what do you lose customers or money by?",
    "Opportunities": "what changes outside that you could use?",
    "Threats": "what changes outside that would hurt you?",
}
_SCORED = re.compile(r"\s*[(\[]\s*([1-5])(?:\s*/\s*5)?\s*[)\]]$")


class Swot(BaseModel):
    """What is known of a business, by heading."""

    notes: str = argument(
        "Points under the labels Strengths, Weaknesses, Opportunities and Threats, each with a colon, separated by commas; an "
        "importance of 1 to 5 may follow in brackets; the whole request will do",
        unit=Unit.REQUEST,
    )


class BusinessModel(BaseModel):
    """What is known of a business model, by block."""

    notes: str = argument(
        "Points under the labels of the canvas's nine blocks, each with a colon: Customer segments, Value propositions, "
        "Channels, Customer relationships, Revenue streams, Key resources, Key activities, Key partners, Cost structure; "
        "the whole request will do",
        unit=Unit.REQUEST,
    )


def swot() -> BaseTool:
    """A SWOT table."""
    return tool(
        "swot",
        "Arranges given strengths, weaknesses, opportunities and threats into a SWOT table, by importance where it is given, "
        "and points out what is missing.",
        Swot,
        _swot,
        examples=(
            "Make a SWOT. Strengths: loyal customers, location. Weaknesses: no website. Threats: rising rent",
            "SWOT analysis: strengths: patents (5), team (3); weaknesses: cash (4); opportunities: export; threats: copycats",
            "Put these strengths, weaknesses, opportunities and threats into a SWOT matrix",
            "Arrange my notes as a SWOT table. Opportunities: delivery, catering. Strengths: recipes",
        ),
    )


def business_model_canvas() -> BaseTool:
    """A business model canvas."""
    return tool(
        "business_model_canvas",
        "Arranges what is given about a business into the nine blocks of the business model canvas and asks for the blocks "
        "that are missing.",
        BusinessModel,
        _business_model_canvas,
        examples=(
            "Business model canvas. Customers: students. Value: cheap bikes. Channels: app. Revenue: subscription",
            "Which blocks of my business model canvas are missing? Customers: dentists. Revenue: licence",
            "Fill a canvas: customer segments: clinics; value proposition: fewer no-shows; cost structure: hosting, support",
            "Arrange these notes into the nine blocks: channels: shop; key resources: team; costs: rent",
            "Fill a canvas for my shop",
            "Build a BMC for my idea, key partners: farms, key activities: delivery, revenue streams: weekly boxes",
        ),
    )


def _swot(arguments: Swot) -> ToolOutput:
    found = _required(arguments.notes, _SWOT, "Strengths: loyal customers, location. Weaknesses: no website.")
    points = {heading: _by_importance(found.get(heading, [])) for heading in _SWOT}
    missing = [heading for heading in _SWOT if not points[heading]]
    counts = ", ".join(f"{len(items)} {_noun(heading, len(items))}" for heading, items in points.items())
    text = f"The SWOT has {counts}."
    if missing:
        text += f" Nothing was given for {_joined(missing)}."
    grid = table(
        ("", "helpful", "harmful"),
        (
            ("internal", _cell("Strengths", points), _cell("Weaknesses", points)),
            ("external", _cell("Opportunities", points), _cell("Threats", points)),
        ),
    )
    balance = _balance(points)
    text += f"\n\n{grid}\n\n{balance}Only what you said is listed; points without a number rank as unscored."
    text += "".join(f"\n- {heading}: {_ASKED[heading]}" for heading in missing)
    data: dict[str, JsonValue] = {
        heading.lower(): [{"point": point, "importance": importance} for point, importance in items]
        for heading, items in points.items()
    }
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(
            Figure(name=heading.lower(), value=len(items), decimals=0) for heading, items in points.items()
        ),
        assumptions=("Only what you said is listed; points without a number rank as unscored.",),
        would_change=tuple(
            f"Nothing was said of {heading.lower()}: {_ASKED[heading]}" for heading in missing
        ),
        artifacts=(_markdown("swot.md", "SWOT", text),),
    )


def _required(notes: str, labels: Mapping[str, tuple[str, ...]], example: str) -> dict[str, list[str]]:
    found = read_sections(notes, labels)
    if not found:
        raise ToolRefused(f"Give your points under their labels with colons, such as “{example}”")
    return found


def _by_importance(items: list[str]) -> list[tuple[str, int | None]]:
    scored = []
    for item in items:
        match = _SCORED.search(item)
        scored.append((_SCORED.sub("", item), int(match[1])) if match else (item, None))
    return sorted(scored, key=lambda point: -(point[1] or 0))


def _noun(heading: str, count: int) -> str:
    return _SWOT[heading][1 if count == 1 else 0]


def _joined(names: list[str]) -> str:
    lower = [name.lower() for name in names]
    return lower[0] if len(lower) == 1 else ", ".join(lower[:-1]) + " and " + lower[-1]


def _cell(heading: str, points: dict[str, list[tuple[str, int | None]]]) -> str:
    items = [
        point if importance is None else f"{point} ({importance})" for point, importance in points[heading]
    ]
    return f"**{heading}**: " + ("; ".join(items) or "nothing given")


def _balance(points: dict[str, list[tuple[str, int | None]]]) -> str:
    sums = {heading: sum(importance or 0 for _, importance in items) for heading, items in points.items()}
    if not any(sums.values()):
        return ""
    inner = sums["Strengths"] - sums["Weaknesses"]
    outer = sums["Opportunities"] - sums["Threats"]
    return (
        f"By your importances the inside is {inner:+d} (strengths {sums['Strengths']} less weaknesses {sums['Weaknesses']}) "
        f"and the outside {outer:+d} (opportunities {sums['Opportunities']} less threats {sums['Threats']}). "
    )


def _business_model_canvas(arguments: BusinessModel) -> ToolOutput:
    found = _required(
        arguments.notes, _CANVAS, "Customers: students. Value: cheap bikes. Revenue: subscription."
    )
    missing = [block for block in _CANVAS if block not in found]
    text = f"The canvas has {len(found)} of 9 blocks filled"
    text += f"; missing are {_joined(missing)}." if missing else "."
    rows = [(block, "; ".join(found.get(block, [])) or f"open: {_QUESTIONS[block]}") for block in _CANVAS]
    text += (
        f"\n\n{table(('block', 'content'), rows)}\n\nThe blocks are those of Osterwalder and Pigneur (2010), Business Model "
        "Generation. Only what you said is filled in; answer the open questions to complete it."
    )
    blocks: JsonValue = {block: [*items] for block, items in found.items()}
    data: dict[str, JsonValue] = {"blocks": blocks, "missing": [*missing]}
    return ToolOutput(
        text=text,
        data=data,
        figures=(Figure(name="blocks filled", value=len(found), unit="of 9", decimals=0),),
        assumptions=("Only what you said is filled in.",),
        would_change=tuple(f"{block} is open: {_QUESTIONS[block]}" for block in missing),
        artifacts=(_markdown("canvas.md", "Business model canvas", text),),
    )


def _markdown(name: str, title: str, text: str) -> Artifact:
    return Artifact(name=name, media_type="text/markdown", content=f"# {title}\n\n{text}\n")
