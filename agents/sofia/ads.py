"""Ad copy held against what the platforms accept and show."""

import re

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from agents.figures import table
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

LONGEST_COPY = 20_000
_SEPARATOR = re.compile(r"\s*(?:\||\n)\s*")
_QUOTED = re.compile(
    r"\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»|(?<!\w)'([^'\n]{2,}(?:'(?=\w)[^'\n]+){0,3})'(?!\w)"
)
_LABELS = {
    "headlines": "headlines?|titles?|überschrift(?:en)?|titel|titulares|titular|título|заголовк[аи]|заголовок",
    "descriptions": "descriptions?|beschreibung(?:en)?|descripci[óo]n(?:es)?|описани[ея]",
    "primary_text": "primary text|intro(?:ductory)? text|post text|body|text(?=\\s*[:=]|\\s{3})|текст|texto",
}
_LABEL = re.compile(
    r"\b(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _LABELS.items())
    + r")\b(?P<colon>\s*[:=])?",
    re.IGNORECASE,
)
_HOLDS = (
    r"(?s)(?=.*(?:[\"“«]|(?<!\w)'\w|\b(?:headlines?|titles?|descriptions?|text|body|copy|ad|titel|überschrift|titular|заголовок)\s*[:=]))"
    r"(?=.*\b(?:ads?|headlines?|titles?|descriptions?|primary text|copy|google|facebook|meta|instagram|linkedin|twitter|tiktok|bing|microsoft|"
    r"anzeigen?\w*|überschrift\w*|anuncios?|titulares?|объявлен\w*|заголов\w*)\b)"
)
"""A text under a label or in quotes, and a word that says it is an ad's."""
_SHOUTING = re.compile(r"\b[A-Z]{2,}(?:\s+[A-Z]{2,})+\b")


class AdCopy(BaseModel):
    """An ad; several headlines or descriptions follow their label one after the other or are separated by |."""

    ad: str = argument(
        "The ad's texts under their labels, quoted: headline “…”, description “…”, primary text “…”; the whole request will do",
        unit=Unit.REQUEST,
        holds=_HOLDS,
    )
    platform: PlatformName = argument("Where the ad runs", aliases=PLATFORM_NAMES, default="google")


def ad_copy_check() -> BaseTool:
    """Ad copy against a platform's limits."""
    return tool(
        "ad_copy_check",
        "Checks the headlines, descriptions and primary text of an ad against the length limits of Google, Microsoft, "
        "Meta, LinkedIn, X or TikTok and says what to shorten.",
        AdCopy,
        _ad_copy_check,
        examples=(
            'Does this Google ad fit the limits? Headline "Fresh coffee at your door", description "Roasted daily."',
            'Check my Facebook ad copy: headline "Summer sale", primary text "All shoes 20 % off until Sunday"',
            'Is the headline "The best project management software for teams" too long for Google Ads?',
            'How many characters is this LinkedIn ad headline: "Hire faster"?',
            'Does this TikTok ad fit: primary text "New flavours are here"?',
            'Check the length of my ad description: "Free delivery on every order over 30 euros."',
        ),
    )


def _ad_copy_check(arguments: AdCopy) -> ToolOutput:
    platform = PLATFORMS[arguments.platform]
    given = read_ad(arguments.ad)
    rows, problems, notes = [], [], []
    for field, texts in given.items():
        limit = platform.fields.get(field)
        if limit is None:
            notes += [f"{platform.name} has no {field_label(field)}."] if texts else []
            continue
        notes += _count_notes(field, texts, limit)
        for text in texts:
            size = ad_length(text, double_width=platform.double_width)
            verdict = _verdict(size, limit)
            rows.append((field_label(field), text, str(size), _allowed(limit), verdict))
            problems += [f"{field_label(field)} “{text}” is {verdict}"] if verdict != "fits" else []
            notes += style_notes(field, text, platform)
    return _report(platform, rows, problems, notes, platform_named="platform" in arguments.model_fields_set)


def read_ad(text: str) -> dict[str, list[str]]:
    """The headlines, descriptions and primary text that a request gives, each after its label.

    Texts stand in quotes, several in a row where there are several, or after "label:" up to the end of the line or the
    next label. Without any label the first quoted text is the headline. Raises ToolRefused where there is none.
    """
    if len(text) > LONGEST_COPY:
        raise ToolRefused(f"That is no ad copy: give at most {LONGEST_COPY:,} characters.")
    given: dict[str, list[str]] = {field: [] for field in _LABELS}
    matches = list(_LABEL.finditer(_unquoted(text)))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    for match, end in zip(matches, ends, strict=False):
        field = next(name for name in _LABELS if match[name])
        part = text[match.end() : end]
        quoted = [quote for found in _QUOTED.findall(part) for quote in found if quote]
        if not quoted and match["colon"]:
            quoted = [part.split("\n")[0].rstrip(" ,;")]
        given[field] += [piece for quote in quoted for piece in _split(quote)]
    if not any(given.values()):
        given["headlines"] = [quote for found in _QUOTED.findall(text) for quote in found if quote][:1]
    if not any(given.values()):
        raise ToolRefused(
            "Give the ad's headline, description or primary text, each in quotes after its name."
        )
    return given


def _unquoted(text: str) -> str:
    """The text with its quotations blanked, so that no label is found inside them."""
    return _QUOTED.sub(lambda match: " " * len(match[0]), text)


def _split(texts: str) -> list[str]:
    return [part.strip() for part in _SEPARATOR.split(texts) if part.strip()]


def _verdict(size: int, limit: Limit) -> str:
    if limit.longest is not None and size > limit.longest:
        return f"{size - limit.longest} characters too long"
    if limit.shown is not None and size > limit.shown:
        return f"cut off after about {limit.shown} characters"
    return "fits"


def _allowed(limit: Limit) -> str:
    parts = [f"{limit.longest} at most"] if limit.longest is not None else []
    parts += [f"{limit.shown} shown"] if limit.shown is not None else []
    return ", ".join(parts)


def _count_notes(field: str, texts: list[str], limit: Limit) -> list[str]:
    count, label = len(texts), field_label(field)
    if limit.most is not None and count > limit.most:
        return [f"There are {count} {label}s; at most {limit.most} are accepted."]
    if 0 < count < limit.fewest:
        return [
            f"There {'is' if count == 1 else 'are'} {count} {label}{'s' * (count > 1)}; the ad needs {limit.fewest}."
        ]
    return []


def style_notes(field: str, text: str, platform: Platform) -> list[str]:
    """What the platform may refuse in a text beside its length."""
    notes = []
    if platform.no_exclamation and field == "headlines" and "!" in text:
        notes.append(f"“{text}”: {platform.name} refuses exclamation marks in headlines.")
    if re.search(r"[!?.,]{2,}", text.replace("...", "…")):
        notes.append(f"“{text}”: repeated punctuation is refused by most platforms.")
    if _SHOUTING.search(text):
        notes.append(f"“{text}”: several words in capitals may be refused.")
    return notes


def _report(
    platform: Platform,
    rows: list[tuple[str, str, str, str, str]],
    problems: list[str],
    notes: list[str],
    *,
    platform_named: bool,
) -> ToolOutput:
    if problems:
        result = f"{len(problems)} of {len(rows)} texts do not fit {platform.name}: {'; '.join(problems)}."
    elif rows:
        result = f"The copy fits the length limits of {platform.name}."
    else:
        result = f"Nothing given has a place in a {platform.name} ad."
    listing = table(("field", "text", "length", "limit", "verdict"), rows)
    remarks = "".join(f"\n- {note}" for note in notes)
    width = " Wide East Asian characters count twice." if platform.double_width else ""
    text = (
        f"{result}\n\n{listing}\n{remarks}\n- Limits in characters as of {platform.year}: {platform.source}.{width} "
        "Platforms change them; look there before a large upload."
    )
    data = {
        "platform": platform.name,
        "limits_as_of": platform.year,
        "fits": bool(rows) and not problems,
        "texts": [
            {"field": field, "text": copy, "length": int(size), "verdict": verdict}
            for field, copy, size, _, verdict in rows
        ],
        "notes": list(notes),
    }
    misfits = len(problems)
    return ToolOutput(
        text=text,
        data={**data},
        figures=(
            Figure(name="texts checked", value=len(rows), unit="texts", decimals=0),
            Figure(name="texts that do not fit", value=misfits, unit="texts", decimals=0),
            *(
                Figure(name=f"length of {field} {number}", value=int(size), unit="characters", decimals=0)
                for number, (field, _, size, _, _) in enumerate(rows, 1)
            ),
        ),
        assumptions=(
            f"The limits are those of {platform.year} ({platform.source}).",
            *(() if platform_named else (f"The ad runs on {platform.name}, as no platform was named.",)),
        ),
        would_change=("Another placement or format of the platform has other limits.",),
    )
