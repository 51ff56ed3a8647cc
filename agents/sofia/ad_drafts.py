"""Ad copy composed from what is said of a product, within the limits of a platform."""

from collections.abc import Iterator
from dataclasses import replace

from langchain_core.tools import BaseTool
from pydantic import BaseModel, JsonValue

from agents.figures import csv_file, table
from agents.language import written_in
from agents.sofia.ads import style_notes
from agents.sofia.briefs import LONGEST_BRIEF, Brief, benefits_of, read_brief
from agents.sofia.platforms import (
    PLATFORM_NAMES,
    PLATFORMS,
    Limit,
    Platform,
    PlatformName,
    ad_length,
    field_label,
)
from agents.tools import Figure, ToolOutput, ToolRefused, tool
from models import Unit, argument

MOST_TEXTS = 15
_HOLDS = r"\b(?:benefits?|advantages?|strengths?|selling points?|usps?|vorteile|nutzen|ventajas|beneficios|преимущества|выгоды)\b"
"""Without benefits there is nothing to write an ad from."""
_MOST_LONG_TEXTS = 4
_WORDS = {
    "English": ("Learn more", "for"),
    "German": ("Mehr erfahren", "für"),
    "Spanish": ("Más información", "para"),
    "Russian": ("Узнать больше", "для"),
}
"""The call to action where none is given, and the word before an audience."""


class AdDraft(BaseModel):
    """What the ad is written from; nothing else is put into it."""

    product: str = argument(
        "What is advertised, by name or in a few words; the whole request will do",
        unit=Unit.REQUEST,
        holds=_HOLDS,
    )
    benefits: str = argument(
        "What the customer gains, separated by commas; only what is true",
        cues=("benefits", "advantages"),
        default="",
    )
    audience: str = argument("Whom the ad speaks to", cues=("audience", "target group"), default="")
    offer: str = argument("A price, discount or trial", cues=("offer", "discount"), default="")
    call_to_action: str = argument("What the reader should do", cues=("call to action", "cta"), default="")
    platform: PlatformName = argument("Where the ad runs", aliases=PLATFORM_NAMES, default="google")


def ad_copy_draft() -> BaseTool:
    """Ad copy within a platform's limits."""
    return tool(
        "ad_copy_draft",
        "Writes ad copy (headlines, descriptions, primary text) from a product, its benefits, audience, offer and call to action "
        "within the length limits of Google, Microsoft, Meta, LinkedIn, X or TikTok.",
        AdDraft,
        _ad_copy_draft,
        examples=(
            "Write Google ads for a moving company, benefits: fixed price, insured crew, weekend dates",
            "Draft a Facebook ad for our meal kit; benefits: 20 minutes, seasonal food; audience: young parents; offer: 30 % off",
            "Write three responsive search ad headlines for a dentist, benefits: same-day appointments, no pain; CTA: Book now",
            "LinkedIn ad text for a payroll software aimed at HR directors, benefits: payslips in one click, no spreadsheets",
            "Create ad copy for TikTok about noise cancelling headphones, advantages: 40 hours of battery, silent calls",
        ),
    )


def headlines(brief: Brief, language: str) -> Iterator[str]:
    """Headlines from the brief, the most telling first; some may be longer than a platform allows."""
    action, for_ = _WORDS[language]
    product = _capital(brief.product)
    yield product
    yield from map(_capital, brief.benefits)
    if brief.offer:
        yield _capital(brief.offer)
        yield f"{product}: {brief.offer}"
    for benefit in brief.benefits:
        yield f"{product}: {benefit}"
    if brief.audience:
        yield f"{product} {for_} {brief.audience}"
        yield _capital(f"{for_} {brief.audience}")
    yield _capital(brief.call_to_action or action)
    for first, second in zip(brief.benefits, brief.benefits[1:], strict=False):
        yield f"{_capital(first)}, {second}"


def texts(brief: Brief, language: str, longest: int, *, double_width: bool) -> Iterator[str]:
    """Descriptions or primary texts from the brief, each of as many parts as `longest` characters hold."""
    action, for_ = _WORDS[language]
    subject = _capital(brief.product) + (f" {for_} {brief.audience}" if brief.audience else "")
    ending = _capital(brief.call_to_action or action)
    benefits = [_capital(benefit) for benefit in brief.benefits]
    turns = [benefits[start:] + benefits[:start] for start in range(len(benefits))] or [[]]
    for number, turn in enumerate(turns):
        opening = [] if number % 2 else [subject]
        offer = [_capital(brief.offer)] if brief.offer else []
        yield _filled([*opening, *offer, *turn], ending, longest, double_width=double_width)


def _filled(parts: list[str], ending: str, longest: int, *, double_width: bool) -> str:
    """The parts as sentences up to `longest` characters, the ending always among them; empty where not one fits beside it."""
    closing = _sentence(ending)
    said = ""
    for part in parts:
        longer = f"{said} {_sentence(part)}".strip()
        if ad_length(f"{longer} {closing}", double_width=double_width) <= longest:
            said = longer
    return f"{said} {closing}" if said else ""


def _ad_copy_draft(arguments: AdDraft) -> ToolOutput:
    if len(arguments.product) > LONGEST_BRIEF:
        raise ToolRefused(f"Say in at most {LONGEST_BRIEF:,} characters what is advertised.")
    brief = _brief(arguments)
    if not brief.product:
        raise ToolRefused("Say what is advertised, such as “product: moving company”.")
    if not brief.benefits:
        raise ToolRefused(
            f"Give the benefits of {brief.product}, separated by commas, such as “benefits: fixed price, insured crew, weekend "
            "dates”; no claim is made up."
        )
    platform = PLATFORMS[arguments.platform]
    language = written_in(f"{arguments.product} {' '.join(brief.benefits)}")
    language = language if language in _WORDS else "English"
    made = {
        field: _fitting(field, limit, brief, language, platform) for field, limit in platform.fields.items()
    }
    return _report(brief, platform, made, language, platform_named="platform" in arguments.model_fields_set)


def _brief(arguments: AdDraft) -> Brief:
    read = read_brief(arguments.product)
    return Brief(
        product=read.product,
        benefits=read.benefits or benefits_of(arguments.benefits),
        audience=read.audience or arguments.audience.strip(),
        offer=read.offer or arguments.offer.strip(),
        call_to_action=read.call_to_action or arguments.call_to_action.strip(),
    )


def _fitting(field: str, limit: Limit, brief: Brief, language: str, platform: Platform) -> list[str]:
    bounds = [bound for bound in (limit.longest, limit.shown) if bound is not None]
    longest, wide = min(bounds), platform.double_width
    if platform.no_exclamation and field == "headlines":
        brief = replace(
            brief,
            benefits=tuple(benefit.replace("!", "") for benefit in brief.benefits),
            offer=brief.offer.replace("!", ""),
            call_to_action=brief.call_to_action.replace("!", ""),
        )
    candidates = (
        headlines(brief, language)
        if field == "headlines"
        else texts(brief, language, longest, double_width=wide)
    )
    most = limit.most or (MOST_TEXTS if field == "headlines" else _MOST_LONG_TEXTS)
    fits = (text for text in candidates if text and ad_length(text, double_width=wide) <= longest)
    return list(dict.fromkeys(fits))[:most]


def _report(
    brief: Brief, platform: Platform, made: dict[str, list[str]], language: str, *, platform_named: bool
) -> ToolOutput:
    rows = [
        (
            field_label(field),
            text,
            str(ad_length(text, double_width=platform.double_width)),
            _bound(platform.fields[field]),
        )
        for field, some in made.items()
        for text in some
    ]
    if not any(_says(text, brief) for _, text, _, _ in rows):
        raise ToolRefused(f"Nothing of it fits {platform.name}; say product and benefits in fewer words.")
    counts = ", ".join(
        f"{len(some)} {field_label(field)}{'s' * (len(some) != 1)}" for field, some in made.items() if some
    )
    notes = [
        f"{platform.name} needs {limit.fewest} {field_label(field)}s: give more or shorter benefits."
        for field, limit in platform.fields.items()
        if len(made[field]) < limit.fewest
    ]
    unused = [
        benefit
        for benefit in brief.benefits
        if not any(benefit.lower() in text.lower() for _, text, _, _ in rows)
    ]
    notes += [f"“{benefit}” is too long for every field; shorten it." for benefit in unused]
    notes += [
        note for field, some in made.items() for text in some for note in style_notes(field, text, platform)
    ]
    assumptions = _assumptions(brief, platform, language, platform_named=platform_named)
    lines = "".join(f"\n- {note}" for note in (*notes, *(f"Assumed: {each}" for each in assumptions)))
    text = (
        f"For {brief.product} on {platform.name}: {counts}, all within the limits.\n\n"
        f"{table(('field', 'text', 'length', 'limit'), rows)}\n{lines}\n"
        f"- Limits in characters as of {platform.year}: {platform.source}. Composed by templates from what you gave; no claim was added."
    )
    data: dict[str, JsonValue] = {
        "platform": platform.name,
        "product": brief.product,
        "benefits": list(brief.benefits),
        "audience": brief.audience,
        "offer": brief.offer,
        "call_to_action": brief.call_to_action,
        "language": language,
        "texts": [{"field": field, "text": copy, "length": int(size)} for field, copy, size, _ in rows],
        "notes": list(notes),
    }
    return ToolOutput(
        text=text,
        data=data,
        figures=tuple(
            Figure(name=f"{field_label(field)}s", value=len(some), decimals=0) for field, some in made.items()
        ),
        assumptions=assumptions,
        would_change=(
            "More benefits, an audience or an offer give more and other texts; a test tells which sells.",
        ),
        artifacts=(csv_file("ad-copy.csv", ("field", "text", "length", "limit"), rows),),
    )


def _says(text: str, brief: Brief) -> bool:
    """Whether a text names the product or a benefit, and is more than a call to action."""
    return any(part.lower() in text.lower() for part in (brief.product, *brief.benefits))


def _assumptions(brief: Brief, platform: Platform, language: str, *, platform_named: bool) -> tuple[str, ...]:
    found = ["What you say of the product is true and may be said."]
    if not brief.call_to_action:
        found.append(f"The call to action is “{_WORDS[language][0]}”, as none was named.")
    if not platform_named:
        found.append(f"The ad runs on {platform.name}, as no platform was named.")
    return tuple(found)


def _bound(limit: Limit) -> str:
    bounds = [bound for bound in (limit.longest, limit.shown) if bound is not None]
    return str(min(bounds))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
