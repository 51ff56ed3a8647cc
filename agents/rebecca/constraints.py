"""The bounds a request sets, each with the words that set it."""

import re
from collections.abc import Iterable, Iterator

from agents.language import LANGUAGES, written_in
from agents.rebecca.model import Constraint, ConstraintKind

_CHANNELS = {
    "Telegram": r"telegram|tg bot|телеграм\w*|telegramm",
    "WhatsApp": r"whats ?app|ватсап\w*|вотсап\w*|вацап\w*",
    "Viber": r"viber|вайбер\w*",
    "Messenger": r"(?:facebook )?messenger|facebook",
    "Instagram": r"instagram|insta|инстаграм\w*",
    "WeChat": r"we ?chat|微信",
    "VK": r"vkontakte|vk|вконтакте",
    "Signal": r"signal messenger|(?:on|via|over|through|by|über|por|через) signal|signal(?= (?:bot|chat|agent|group|messages?))|сигнал мессенджер",
    "Matrix": r"matrix chat|element messenger",
    "Slack": r"slack",
    "Discord": r"discord",
    "Teams": r"(?:ms|microsoft) teams",
    "SMS": r"sms|text messages?|смс",
    "Phone": r"(?:by|over the|via|per) (?:phone|telephone)|phone calls?|voice (?:bot|agent|assistant|calls?)|"
    r"telephone|телефон\w*|telefonisch|teléfono",
    "Email": r"(?:by|via|over|through|per|and|or) e-?mails?|e-?mail (?:support|bot|agent|assistant|channel)|"
    r"электронн\w* почт\w*|correo electrónico|(?:per|über|via) e-?mail|por e-?mail",
    "Web": r"web ?sites?|web ?chat|web widget|chat widget|on the web|web app|web ?page|web|сайт\w*|вебсайт\w*|"
    r"sitio web|webseite|site web|página web",
    "Mobile app": r"mobile app|ios app|android app|iphone|мобильн\w* приложени\w*",
}
# A name that is a common word too is a channel where it stands alone between marks: "Signal, German, no budget".
_ALONE = {
    name: re.compile(
        rf"(?:^|[.,;:(\n]|\b(?:and|y|und|и)\b)\s*(?P<name>{words})\s*(?=$|[.,;:)\n]|(?:and|y|und|и)\b)", flags
    )
    for name, words, flags in (
        ("Signal", "Signal", 0),
        ("Email", r"e-?mails?|mail|correo|почта", re.IGNORECASE),
        ("Phone", r"phone|telephone", re.IGNORECASE),
    )
}
_LANGUAGE_BEFORE = frozenset(
    "in speak speaks speaking spoken language languages and or both support supports only".split()
)
_LANGUAGE_AFTER = re.compile(
    r"\s*(?:$|[,.;:!?)/&+\n]|-?speak|and\b|or\b|language\b(?!\s*(?:school|course|cent|lesson|teach|class))|only\b"
    r"|и\b|язык|мов|sprach|y\b|und\b|et\b)"
)
_CURRENCY = {
    "$": "USD", "usd": "USD", "dollars": "USD", "dollar": "USD", "bucks": "USD", "доллар": "USD", "долларов": "USD",
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "евро": "EUR",
    "£": "GBP", "gbp": "GBP", "pounds": "GBP",
    "₽": "RUB", "rub": "RUB", "rubles": "RUB", "roubles": "RUB", "рублей": "RUB", "руб": "RUB",
    "₴": "UAH", "uah": "UAH", "hryvnias": "UAH", "грн": "UAH", "гривень": "UAH",
    "¥": "JPY", "jpy": "JPY", "yen": "JPY", "₹": "INR", "inr": "INR", "rupees": "INR",
    "chf": "CHF", "pln": "PLN", "zł": "PLN", "czk": "CZK", "sek": "SEK", "aed": "AED", "cad": "CAD", "aud": "AUD",
    "₸": "KZT", "kzt": "KZT", "тенге": "KZT", "try": "TRY", "₺": "TRY", "brl": "BRL", "r$": "BRL", "mxn": "MXN",
}  # fmt: skip
_UNITS = "|".join(sorted((re.escape(unit) for unit in _CURRENCY), key=len, reverse=True))
_PERIODS = {
    "month": r"month|mo\b|mth|месяц\w*|мес\b|місяц\w*|monat|mes\b|mois|mese",
    "year": r"year|yr\b|annum|год\w*|рік|jahr|año|an\b|ano\b",
    "week": r"week|недел\w*|тижд\w*|woche|semana|semaine",
    "day": r"day|день|сутки|tag\b|día|dia\b|jour",
    "hour": r"hour|час\b|stunde|hora|heure",
    "minute": r"minute|минут\w*",
    "second": r"second|секунд\w*",
}
_PERIOD = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _PERIODS.items())
_PER = r"\s*(?:/|per|a|an|each|every|в|на|за|im|pro|al|por|par|il)\s*"
_NUMBER = r"\d{1,3}(?:[ ,.\u00a0]\d{3})+(?!\d)|\d{1,12}(?:[.,]\d{1,2})?"
_MONEY = re.compile(
    rf"(?:(?P<before>{_UNITS})\s?(?P<number>{_NUMBER})|(?P<number2>{_NUMBER})\s?(?P<thousand2>k\b)?\s?(?P<after>{_UNITS})(?!\w))"
    rf"(?P<thousand>k\b)?(?:{_PER}(?:{_PERIOD})|(?P<monthly>\s+monthly)|(?P<yearly>\s+(?:yearly|annually)))?"
)
_BUDGET_WORDS = re.compile(
    r"budget|бюджет|presupuesto|orçamento|spend|cost (?:up to|at most|under|less)|no more than|afford|maximum|costs? of running"
)
_VOLUME = re.compile(
    rf"(?P<number>\d{{1,3}}(?:[ ,.]\d{{3}})+|\d{{1,9}})(?P<thousand>\s?k)?\+?\s+(?P<noun>(?:[^\W\d_][\w-]*\s+){{1,3}}?)"
    rf"(?:(?:per|a|an|each|every|/|в|на|за|pro|al|por|par)\s*(?:{_PERIOD})|(?P<often>daily|hourly|weekly|monthly)\b)"
)
_DAILY = re.compile(
    r"(?P<number>\d{1,3}(?:[ ,.]\d{3})+|\d{1,9})(?P<thousand>\s?k)?\+?\s+(?P<often>daily|hourly|weekly|monthly)\s+(?P<noun>[a-z]+)"
)
_OFTEN = {"daily": "day", "hourly": "hour", "weekly": "week", "monthly": "month"}
_SCALE = re.compile(
    r"(?<![\w$€£.,])(?P<number>\d{1,6}|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)\s+"
    r"(?P<noun>(?:[a-z]+\s+)?(?:branches|locations|offices|employees|people|technicians|stylists|masters|doctors|dentists|"
    r"lawyers|teachers|trainers|mechanics|drivers|vehicles|cars|trucks|rooms|tables|seats|chairs|bays|desks|"
    r"warehouses|shops|stores|clinics|restaurants|products|books|titles|students|members|patients|customers|clients|"
    r"users|apartments|properties|courses|cities|agents|machines|beds))\b"
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DEADLINE = re.compile(
    r"\b(?:(?:within|in|за|через|innerhalb von|in den nächsten|en|dans|dentro de)\s+(?:the next\s+)?(?:\d{1,3}|a|an|one|two|three|four|"
    r"five|six|eight|ten|einer|einem|una|un|une)\s+(?:working\s+)?(?:days?|weeks?|months?|quarters?|дн\w+|недел\w+|месяц\w*|wochen?|tage?n?|"
    r"monate?n?|semanas?|días?|mes(?:es)?|semaines?|jours?|mois)"
    rf"|(?:by|before|until|till|not later than|no later than|до|bis|antes del?|avant)\s+(?:the\s+)?(?:\d{{4}}-\d{{2}}-\d{{2}}|"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?:{_MONTHS})(?:\s+\d{{1,2}}(?!\d)(?:st|nd|rd|th)?)?(?:,?\s+\d{{4}})?|"
    r"end of (?:the |this )?(?:week|month|quarter|year|summer)|monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    r"christmas|new year|summer|spring|autumn|winter|\d{1,2}\.\d{1,2}\.\d{2,4}|конца (?:недели|месяца|года))"
    r"|next (?:week|month)|asap|as soon as possible|deadline(?:\s+is|:)?\s+[^,.;\n]{3,40})"
)
_SIMPLE = (
    (ConstraintKind.AVAILABILITY, "around the clock", r"24/7|24 ?x ?7|around the clock|round the clock|24 hours|круглосуточн\w*|цілодобов\w*|rund um die uhr"),
    (ConstraintKind.AVAILABILITY, "outside opening hours", r"(?:after|outside|out of)[ -](?:opening |business |office |working )?hours|at night|nights and weekends"),
    (ConstraintKind.COMPLIANCE, "GDPR", r"gdpr|dsgvo|rgpd"),
    (ConstraintKind.COMPLIANCE, "HIPAA", r"hipaa"),
    (ConstraintKind.COMPLIANCE, "PCI DSS", r"pci(?:[ -]dss)?"),
    (ConstraintKind.COMPLIANCE, "SOC 2", r"soc ?2"),
    (ConstraintKind.COMPLIANCE, "ISO 27001", r"iso ?27001"),
    (ConstraintKind.COMPLIANCE, "152-FZ", r"152-?(?:fz|фз)"),
    (ConstraintKind.HOSTING, "on the owner's machines", r"self[ -]host\w*|on[ -]prem\w*|on our own (?:servers?|machines?)|local models?|locally|offline"),
    (ConstraintKind.HOSTING, "cloud", r"aws|azure|google cloud|gcp|in the cloud"),
    (ConstraintKind.INTEGRATION, "Google Calendar", r"google calendar"),
    (ConstraintKind.INTEGRATION, "Outlook", r"outlook|microsoft 365|office 365"),
    (ConstraintKind.INTEGRATION, "Stripe", r"stripe"),
    (ConstraintKind.INTEGRATION, "PayPal", r"paypal"),
    (ConstraintKind.INTEGRATION, "Shopify", r"shopify"),
    (ConstraintKind.INTEGRATION, "WooCommerce", r"woocommerce"),
    (ConstraintKind.INTEGRATION, "HubSpot", r"hubspot"),
    (ConstraintKind.INTEGRATION, "Salesforce", r"salesforce"),
    (ConstraintKind.INTEGRATION, "Zendesk", r"zendesk"),
    (ConstraintKind.INTEGRATION, "Jira", r"jira"),
    (ConstraintKind.INTEGRATION, "Google Sheets", r"google sheets?"),
    (ConstraintKind.INTEGRATION, "1C", r"1c|1с"),
)  # fmt: skip
_LATENCY = re.compile(
    r"(?:under|within|in less than|below|at most)\s+\d{1,5}(?:\.\d)?\s?(?:ms|milliseconds?|seconds?|s)\b"
)


def read_constraints(
    text: str, *, channels: Iterable[str] = (), languages: Iterable[str] = ()
) -> tuple[Constraint, ...]:
    """The constraints of a request in the order of their kinds; a channel and a language are always there.

    `channels` and `languages` were given beside the text and stand before what the text says. A channel or
    language that nobody named is assumed (web chat; the language the request is written in) and has no words.
    """
    lower = same_length_lower(text)
    found = [
        *(
            Constraint(kind=ConstraintKind.CHANNEL, value=name, words="given as an argument")
            for name in channels
        ),
        *_channels(text, lower),
        *(
            Constraint(kind=ConstraintKind.LANGUAGE, value=name, words="given as an argument")
            for name in languages
        ),
        *_languages(text, lower),
        *_money(text, lower),
        *_volumes(text, lower),
        *_simple(text, lower),
    ]
    kinds = {item.kind for item in found}
    if ConstraintKind.CHANNEL not in kinds:
        found.append(Constraint(kind=ConstraintKind.CHANNEL, value="Web"))
    if ConstraintKind.LANGUAGE not in kinds:
        found.append(Constraint(kind=ConstraintKind.LANGUAGE, value=written_in(text)))
    unique: dict[tuple[ConstraintKind, str], Constraint] = {}
    for item in found:
        unique.setdefault((item.kind, item.value), item)
    order = list(ConstraintKind)
    return tuple(sorted(unique.values(), key=lambda item: order.index(item.kind)))


def currency(constraints: Iterable[Constraint]) -> str:
    """The ISO 4217 code of the first sum named; USD where none is."""
    for item in constraints:
        if item.kind in {ConstraintKind.BUDGET, ConstraintKind.PRICE}:
            return item.value.split()[1]
    return "USD"


def same_length_lower(text: str) -> str:
    """The text in lower case, letter for letter, so that offsets hold (`İ` has two letters in lower case)."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _channels(text: str, lower: str) -> Iterator[Constraint]:
    hits = [
        (match.start(), Constraint(kind=ConstraintKind.CHANNEL, value=name, words=text[slice(*match.span())]))
        for name, pattern in _CHANNELS.items()
        if (match := re.search(rf"(?<!\w)(?:{pattern})(?!\w)", lower))
    ]
    known = {item.value for _, item in hits}
    for name, alone in _ALONE.items():
        if name not in known and (match := alone.search(text)):
            at = match.start("name")
            hits.append((at, Constraint(kind=ConstraintKind.CHANNEL, value=name, words=match["name"])))
    if match := re.search(r"\b(?:on|via|through|over|in|and) LINE\b", text):
        hits.append((match.start(), Constraint(kind=ConstraintKind.CHANNEL, value="LINE", words=match[0])))
    yield from (item for _, item in sorted(hits, key=lambda hit: hit[0]))


def _languages(text: str, lower: str) -> Iterator[Constraint]:
    hits = []
    for name, (_, pattern) in LANGUAGES.items():
        for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", lower):
            if _is_a_language_to_speak(lower, match.start(), match.end()):
                words = text[slice(*match.span())]
                hits.append(
                    (match.start(), Constraint(kind=ConstraintKind.LANGUAGE, value=name, words=words))
                )
                break
    yield from (item for _, item in sorted(hits, key=lambda hit: hit[0]))


def _is_a_language_to_speak(lower: str, start: int, end: int) -> bool:
    """Not so in "an Italian restaurant", "Spanish lessons" or "teaches English"."""
    if not _LANGUAGE_AFTER.match(lower, end) and lower[start:end].isascii():
        return False
    before = re.search(r"([^\W\d_]+|[,:;/&(+.-])\s*$", lower[max(0, start - 30) : start])
    if before is None:
        return True
    word = before[1]
    return (
        not word.isalpha() or word in _LANGUAGE_BEFORE or not word.isascii() or not lower[start:end].isascii()
    )


def _money(text: str, lower: str) -> Iterator[Constraint]:
    for match in _MONEY.finditer(lower):
        unit = _CURRENCY[match["before"] or match["after"]]
        number = _plain(
            match["number"] or match["number2"], thousand=bool(match["thousand"] or match["thousand2"])
        )
        period = _period_of(match)
        near = lower[max(0, match.start() - 40) : match.end() + 20]
        is_budget = bool(_BUDGET_WORDS.search(near)) or period in {"month", "year"}
        kind = ConstraintKind.BUDGET if is_budget else ConstraintKind.PRICE
        value = f"{number} {unit}" + (f" a {period}" if period else "")
        yield Constraint(kind=kind, value=value, words=text[slice(*match.span())].strip())


def _period_of(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    if groups.get("monthly"):
        return "month"
    if groups.get("yearly"):
        return "year"
    return next((name for name in _PERIODS if groups.get(name)), None)


def _plain(number: str, *, thousand: bool) -> str:
    """`1,500` as `1500`, `1.5` with k as `1500`; a comma or point before one or two digits is a decimal one."""
    digits = re.sub(r"[ ,.\u00a0](?=\d{3}(?:\D|$))", "", number).replace(",", ".")
    value = float(digits) * (1000 if thousand else 1)
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _volumes(text: str, lower: str) -> Iterator[Constraint]:
    for pattern in (_VOLUME, _DAILY):
        for match in pattern.finditer(lower):
            noun = match["noun"].strip()
            if noun in _CURRENCY:
                continue
            period = _OFTEN.get(match["often"] or "")
            number = _plain(match["number"], thousand=bool(match["thousand"]))
            yield Constraint(
                kind=ConstraintKind.VOLUME,
                value=f"{number} {noun} a {period or _period_of(match)}",
                words=text[slice(*match.span())],
            )
    taken = [match.span() for match in _VOLUME.finditer(lower)]
    for match in _SCALE.finditer(lower):
        if not any(start <= match.start() < end for start, end in taken):
            words = text[slice(*match.span())]
            yield Constraint(kind=ConstraintKind.SCALE, value=match[0], words=words)


def _simple(text: str, lower: str) -> Iterator[Constraint]:
    for match in _DEADLINE.finditer(lower):
        words = text[slice(*match.span())].strip()
        yield Constraint(kind=ConstraintKind.DEADLINE, value=words.lower(), words=words)
    for match in _LATENCY.finditer(lower):
        yield Constraint(kind=ConstraintKind.LATENCY, value=match[0], words=text[slice(*match.span())])
    for kind, value, pattern in _SIMPLE:
        if hit := re.search(rf"(?<!\w)(?:{pattern})(?!\w)", lower):
            yield Constraint(kind=kind, value=value, words=text[slice(*hit.span())])
