"""Reading what an ad is about: product, benefits, audience, offer and call to action, in English, German, Spanish or Russian."""

import re
from dataclasses import dataclass, replace

LONGEST_BRIEF = 5_000
MOST_BENEFITS = 12
_LABELS = {
    "product": "product|service|brand|business|company|produkt|dienstleistung|marke|firma|producto|servicio|marca|empresa|продукт|товар|услуга",
    "benefits": "benefits?|advantages?|strengths?|features?|usps?|selling points?|vorteile?|nutzen|stärken|ventajas?|beneficios?|преимущества|выгоды|плюсы",
    "audience": "audience|target group|target audience|zielgruppe|público|audiencia|аудитория|целевая аудитория",
    "offer": "offer|deal|promo(?:tion)?|discount|price|angebot|rabatt|preis|oferta|descuento|precio|предложение|акция|скидка|цена",
    "call_to_action": "cta|call to action|action|button|aufruf|handlungsaufruf|llamada a la acción|призыв",
}
_LABEL = re.compile(
    r"\b(?:"
    + "|".join(f"(?P<{name}>{words})" for name, words in _LABELS.items())
    + r")\b\s*(?:are|is|sind|ist|son|es)?\s*(?P<sign>[:=]|(?<=are)|(?<=is)|(?<=sind)|(?<=son))\s*",
    re.IGNORECASE,
)
_WRITES = re.compile(
    r"\b(?:write|draft|create|make|generate|give|need|want|come up|suggest|propose|compose|prepare|copy|ads?|adverts?|headlines?|anzeigen?\w*|"
    r"schreib\w*|erstell\w*|werbetext\w*|überschrift\w*|anuncios?|escrib\w*|redacta\w*|crea|titulares|напиши\w*|составь\w*|сделай\w*|объявлени\w*|рекламн\w*|"
    r"реклам[аыу]|заголовк\w*)\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:for|about|to (?:advertise|promote|sell)|advertising|promoting|für|über|para|sobre|для|о|об|про)\s+"
    r"(?!(?:google|meta|facebook|instagram|linkedin|tiktok|twitter|x|bing|microsoft)\b)"
    r"(?:(?:a|an|the|our|my|ein|eine|einen|unser|unsere|unseren|mein|meine|meinen|der|die|das|den|un|una|el|la|los|las|mi|mis|nuestro|nuestra|наш\w*|мо\w{1,2})\s+)?"
    r"(?P<value>[^\n:;.,?!|()]{2,80}?)"
    r"(?=\s*(?:$|[\n:;.,?!|()])|\s+(?:on|in|at|under|with|within|that|which|aimed|targeting|targeted|who|auf|bei|mit|unter|en|con|que|dirigido|в|на|с)\s)",
    re.IGNORECASE,
)
_AIMED = re.compile(
    r"\b(?:aimed at|targeting|targeted at|target|for an audience of|gerichtet an|dirigid[oa]s? a|нацеленн\w+ на)\s+(?P<value>[^\n:;.,?!|()]{2,60})",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"\b(?:benefits|advantages|vorteile\w*|ventajas|beneficios|преимуществ\w*)\s+(?:like|such as|wie|como|как)\s+(?P<value>[^\n:;.?!|]{3,300})",
    re.IGNORECASE,
)
_QUOTES = "\"'“”«»„ "
_SEPARATOR = re.compile(r"\s*[,;\n|•]\s*(?:(?:and|und|y|и)\s+)?|\s+(?:and|und|y|и)\s+(?=\S)")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Brief:
    """What an ad is written from; empty where nothing says it."""

    product: str = ""
    benefits: tuple[str, ...] = ()
    audience: str = ""
    offer: str = ""
    call_to_action: str = ""


def read_brief(text: str) -> Brief:
    """What a request or a plain name of a product says of an ad.

    What stands after a label ("benefits: ...") is taken up to the next label or the end of the sentence; the product, where no label
    names it, is what the ad is "for".
    """
    text = text[:LONGEST_BRIEF].strip()
    labels = list(_LABEL.finditer(text))
    ends = [label.start() for label in labels[1:]] + [len(text)]
    found: dict[str, str] = {}
    for label, end in zip(labels, ends, strict=False):
        name = next(name for name in _LABELS if label[name])
        part = re.split(r"[\n;]|[.?!](?:\s|$)", text[label.end() : end], maxsplit=1)[0]
        if part.strip(_QUOTES + ".,") and name not in found:
            found[name] = part.strip(_QUOTES + ".,")
    head = text[: labels[0].start()] if labels else text
    listed = _WITH.search(text)
    aimed = _AIMED.search(text)
    brief = Brief(
        product=found.get("product") or _product(head, told=bool(labels)),
        benefits=benefits_of(found.get("benefits") or (listed["value"] if listed else "")),
        audience=found.get("audience") or (aimed["value"].strip(_QUOTES) if aimed else ""),
        offer=found.get("offer", ""),
        call_to_action=found.get("call_to_action", ""),
    )
    return replace(brief, product=_named(brief.product))


def benefits_of(text: str) -> tuple[str, ...]:
    """The benefits of a list that commas, semicolons or "and" separate, each once."""
    parts = (part.strip(_QUOTES + ".") for part in _SEPARATOR.split(text))
    return tuple(dict.fromkeys(part for part in parts if part))[:MOST_BENEFITS]


def _product(text: str, *, told: bool) -> str:
    subject = _SUBJECT.search(text)
    if subject:
        return subject["value"]
    if told or _WRITES.search(text) or len(text) > _LONGEST_NAME:
        return ""
    return text


def _named(product: str) -> str:
    """Without quotes and articles."""
    return re.sub(
        r"^(?:a|an|our|my|ein|eine|einen|un|una)\s+", "", product.strip(_QUOTES + ".,:;"), flags=re.IGNORECASE
    )
