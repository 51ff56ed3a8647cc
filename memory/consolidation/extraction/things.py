"""Rules for what somebody has, uses and measures, and for his health."""

import re
from typing import Final

from memory.consolidation.extraction.findings import I_AM, I_DO, USER, Finding, I, rule
from memory.consolidation.extraction.values import (
    NUMBER_WORD,
    canonical,
    does,
    listed,
    number,
    phrase,
    third,
    topic,
)
from memory.interfaces import Kind

_UNIT: Final = (
    r"(?:square (?:feet|foot|meters|metres|miles)|sq\.? ?(?:ft|m)\.?|m²|ft²|sqft|%|percent|mg/dL|mmol/L|ng/mL|ng/dL|mIU/L|U/L|mmHg|"
    r"mm/hr|mg/L|mg|mcg|IU|mL|ml|kg|kilos?|kilograms?|grams?|g|lbs?|pounds?|ounces|oz|cm|centimet(?:er|re)s|mm|met(?:er|re)s|km|kilomet(?:er|re)s|miles|feet|foot|ft|"
    r"inch(?:es)?|years?|months?|weeks?|days?|business days|hours?|hrs?|minutes?|seconds?|dollars|euros|pounds|bucks|USD|EUR|GBP|k|"
    r"bpm|calories|kcal|watts?|W|kW|kWh|volts?|GB|TB|MB|GHz|MHz|Mbps|degrees|°C|°F|°|shares|people|rooms|bedrooms|pages|"
    r"words|points|pips|bps|basis points)"
)
_AMOUNT: Final = rf"(?P<amount>[$€£]?\s?-?\d[\d,]*(?:\.\d+)?(?:/\d+)?(?:[kKmM](?![\w]))?(?:\s?-\s?\d+(?:\.\d+)?)?|{NUMBER_WORD}(?=\s+[a-z]))"
_ABOUT: Final = (
    r"(?:(?:only|just|about|around|roughly|approximately|currently|exactly|now|up to|down to|still|at|nearly|almost|over|under|"
    r"like|a bit (?:over|under)|low at|high at|a little high at|a little low at)\s+)*"
)
_OWNED: Final = r"(?P<what>(?:(?!is\b|was\b|are\b|were\b|and\b|that\b|which\b|who\b)[\w'-]+\s+){0,5}(?!is\b|was\b|are\b|were\b)[\w'-]+(?:\s\([^)]{1,30}\))?)"
_IS: Final = (
    r"(?:is|was|are|were|'s|measures|weighs|costs|came back at|came in at|came out at|stands at|sits at|still hovers around|hovers around|"
    r"equals|tends? to hover around|went (?:up|down) to|rose to|dropped to|fell to|increased to|decreased to)"
)
_NO_NOUN: Final = frozenset(
    "reading readings result results level levels score total number numbers figure guess point question first second last next plan goal idea meeting appointment flight class shift".split()
)
_CLAUSE_WITHIN: Final = re.compile(
    r"\b(?:showed|shows|said|says|told|thinks|my|that|which|if|when|because|since|suggested|recommended|ago)\b",
    re.IGNORECASE,
)
# What a measure is of, without when it was taken.
_PASSING: Final = re.compile(
    r"\b(?:most recent|latest|last|current|new|newest|today's|this morning's)\s+|\s*\([^)]*\)|\s+(?:levels?|tests?|results?)$",
    re.IGNORECASE,
)
CONDITION: Final = (
    r"(?:(?:type (?:1|2|one|two)\s+)?diabetes|asthma|hypertension|high blood pressure|low blood pressure|osteoarthritis|"
    r"arthritis|hypothyroidism|hyperthyroidism|celiac(?: disease)?|coeliac(?: disease)?|crohn's(?: disease)?|epilepsy|migraines?|"
    r"depression|anxiety|adhd|autism|dyslexia|ibs|eczema|psoriasis|anemia|anaemia|osteoporosis|osteopenia|insomnia|"
    r"sleep apnea|tinnitus|glaucoma|lactose intolerance|seasonal allergies|hay fever|high cholesterol|ptsd|ocd|"
    r"endometriosis|pcos|gout|lupus|ms|multiple sclerosis|color blindness|colou?r-?blindness|chronic pain|gerd|acid reflux)"
)
_STATE: Final = (
    r"(?P<state>vegetarian|vegan|pescatarian|lactose[- ]intolerant|gluten[- ]intolerant|gluten[- ]free|diabetic|asthmatic|pregnant|"
    r"colou?r[- ]?blind|left[- ]handed|coeliac|celiac|dyslexic|epileptic|deaf|blind|hard of hearing|kosher|halal|anaemic|anemic)"
)
_THING: Final = (
    r"(?:car|truck|van|motorcycle|motorbike|bike|bicycle|e-bike|house|flat|apartment|condo|cabin|garden|greenhouse|balcony|boat|"
    r"laptop|macbook[\w ]*|iphone[\w ]*|ipad[\w ]*|pixel[\w ]*|thinkpad[\w ]*|desktop|pc|gpu|rtx ?\d+\w*|server|nas|raspberry pi[\w ]*|tesla[\w ]*|toyota[\w ]*|"
    r"camera|drone|3d printer|piano|guitar|violin|drum kit|telescope|tent|sourdough starter|espresso machine|"
    r"grinder|french press|air fryer|oven|mortgage|toaster oven|standing desk|treadmill|kindle)"
)
_TICKER: Final = (
    r"(?P<asset>(?-i:[A-Z]{2,6}(?:[-/.][A-Z]{1,4})?)|bitcoin|ethereum|ether|solana|dogecoin|gold|silver)"
)
_VAGUE: Final = re.compile(
    r"^(?:the|it|this|that|these|those|them|my|your|any|whatever|every|more|less|one|same|such|up|all|here)\b|\b(?:you|your|yours)\b",
    re.IGNORECASE,
)


def _measure(match: re.Match[str]) -> Finding | None:
    what, amount, unit = match["what"], match["amount"].strip(), match["unit"] or ""
    if topic(what).split()[-1] in _NO_NOUN or (
        not unit and not re.match(r"[$€£]|.*[kKmM]$", amount) and "/" not in amount
    ):
        return None
    what = re.sub(r"\s+(?:still|now|currently|only)$", "", what, flags=re.IGNORECASE)
    if _CLAUSE_WITHIN.search(what):
        return None
    said = f"{amount}{'' if unit in {'%', '°', '°C', '°F', 'k'} else ' '}{unit}".strip()
    about = (
        "about "
        if re.search(
            r"\b(?:hovers?|about|around|roughly|approximately|nearly|almost)\b", match.group(), re.IGNORECASE
        )
        else ""
    )
    past = re.search(r"\b(?:was|were|came|rose|fell|dropped)\b", match["is"], re.IGNORECASE) is not None
    many = re.search(r"[^s'i]s$", re.sub(r"\s*\(.*", "", what).rstrip(), re.IGNORECASE) is not None
    verb = ("were" if many else "was") if past else ("are" if many else "is")
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:{topic(_PASSING.sub('', what))}",
        value=canonical(said),
        text=f"Their {third(what)} {verb} {about}{said}.",
        confidence=0.85,
    )


def _body(match: re.Match[str]) -> Finding:
    weight = "weigh" in match.group().casefold()
    said = " ".join(match["amount"].split())
    what = "weight" if weight else "height"
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:{what}",
        value=canonical(said),
        text=f"Weighs {said}." if weight else f"Is {said} tall.",
        confidence=0.9,
    )


def _owns(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=6)
    if what is None or _VAGUE.match(what):
        return None
    drives = "driv" in match.group().casefold()
    return Finding(
        kind=Kind.FACT,
        slot="fact:car" if drives else f"fact:owns:{topic(what)}",
        value=topic(what) if drives else "yes",
        text=f"{'Drives' if drives else 'Has'} {_article(match, what)}{third(what)}.",
        confidence=0.85 if drives else 0.75,
    )


def _sold(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=6)
    if what is None or re.match(r"\d", what):
        return None
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:owns:{topic(what)}",
        value="no",
        text=f"No longer has their {third(what)}.",
        confidence=0.85,
        details={"ended": True},
    )


def _article(match: re.Match[str], what: str) -> str:
    article = (match.groupdict().get("article") or "").casefold().strip()
    return f"{article} " if article and not what.casefold().startswith(f"{article} ") else ""


def uses(what: str, *, still: bool, changed: bool, confidence: float = 0.75) -> Finding:
    """That somebody uses something, or no longer does."""
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:uses:{topic(what)}",
        value="yes" if still else "no",
        text=f"{'Uses' if still else 'No longer uses' if changed else 'Does not use'} {third(what)}.",
        confidence=confidence,
        entities=(what,) if what[:1].isupper() else (),
        relations=((USER, "uses", what),) if still and what[:1].isupper() else (),
        details={"changed": True} if changed and still else {"ended": True} if changed else {},
    )


def _uses(match: re.Match[str]) -> list[Finding]:
    what = phrase(re.split(r"\s(?:for|to|as|with|on|at|in|when|during|from)\s", match["what"])[0], longest=5)
    if what is None or _VAGUE.search(what):
        return []
    if re.search(r"\bwork with\b", match.group(), re.IGNORECASE) and not what[0].isupper():
        return []
    if not (what[0].isupper() or re.match(r"(?:an?|my) ", what) or len(what.split()) == 1):
        return []
    sure = 0.85 if what[0].isupper() else 0.65
    return [uses(part, still=True, changed=False, confidence=sure) for part in listed(what)]


def _stopped(match: re.Match[str]) -> Finding | None:
    what = phrase(re.split(r"\s(?:for|to|as|with|on|at)\s", match["what"])[0], longest=4)
    if what is None or _VAGUE.search(what):
        return None
    changed = re.search(
        r"no longer|stopped|quit|used to|anymore|any more|gave up",
        match.string[match.start() :],
        re.IGNORECASE,
    )
    return uses(what, still=False, changed=changed is not None, confidence=0.85)


def _switched(match: re.Match[str]) -> list[Finding]:
    found = []
    new = phrase(re.split(r"\s(?:for|as|on|in|about|from)\s", match["new"])[0], longest=4)
    if new and not _VAGUE.search(new) and not re.match(r"\w+ing\b|an?\b", new, re.IGNORECASE):
        found.append(uses(new, still=True, changed=True, confidence=0.9))
    old = match.groupdict().get("old") or match.groupdict().get("old2")
    if old and (gone := phrase(old, longest=4)) and not _VAGUE.search(gone):
        found.append(uses(gone, still=False, changed=True, confidence=0.9))
    return found


def _holding(match: re.Match[str]) -> Finding | None:
    amount = number(match["amount"].replace(" ", ""))
    asset = match["asset"].upper() if not match["asset"].islower() else match["asset"]
    if amount is None:
        return None
    price = (match.groupdict().get("price") or "").strip(" .,")
    at = f" at {price}" if price else ""
    bought = re.search(r"\bbought\b", match.group(), re.IGNORECASE) is not None
    shares = " shares of" if "share" in match.group().casefold() else ""
    return Finding(
        kind=Kind.FACT,
        slot=None if bought else f"fact:holding:{asset.casefold()}",
        value=f"{amount}{f' at {number(price)}' if price and number(price) is not None else ''}",
        text=f"{'Bought' if bought else 'Holds'} {amount}{shares} {asset}{at}.",
        confidence=0.9,
        entities=(asset,),
        relations=((USER, "holds", asset),),
    )


def _sold_holding(match: re.Match[str]) -> Finding:
    asset = match["asset"].upper() if not match["asset"].islower() else match["asset"]
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:holding:{asset.casefold()}",
        value="0",
        text=f"Holds no {asset} any more.",
        confidence=0.85,
        entities=(asset,),
        details={"ended": True},
    )


def _allergy(match: re.Match[str]) -> list[Finding]:
    said = phrase(match["to"], longest=7)
    gone = re.search(r"not|no longer", match.group(), re.IGNORECASE) is not None
    return [
        Finding(
            kind=Kind.FACT,
            slot=f"fact:allergy:{topic(to)}",
            value="no" if gone else "yes",
            text=f"Is {'not ' if gone else ''}allergic to {third(to)}.",
            confidence=0.95,
        )
        for to in (listed(said) if said else [])
    ]


def _condition(match: re.Match[str]) -> Finding:
    what = " ".join(match["what"].split())
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:condition:{topic(what)}",
        value="yes",
        text=f"Has {what}.",
        confidence=0.9,
        entities=(what,),
    )


def _state(match: re.Match[str]) -> Finding:
    gone = re.search(r"no longer|not ", match.group(), re.IGNORECASE) is not None
    state = match["state"].casefold()
    told = f"Is {'no longer' if 'longer' in match.group() else 'not'} {state}." if gone else f"Is {state}."
    slot = (
        "fact:diet" if state in {"vegetarian", "vegan", "pescatarian", "kosher", "halal"} else f"fact:{state}"
    )
    return Finding(
        kind=Kind.FACT,
        slot=slot,
        value=f"not {state}" if gone else state,
        text=told,
        confidence=0.9,
        details={"ended": True} if gone else {},
    )


def _medicine(match: re.Match[str]) -> Finding:
    what = match["what"].strip(" ,—–-")
    dose = " ".join(match["dose"].split())
    often = match["often"].strip() if match["often"] else ""
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:takes:{topic(what)}",
        value=canonical(f"{dose} {often}".strip()),
        text=f"Takes {what} {dose}{f' {often}' if often else ''}.",
        confidence=0.9,
        entities=(what,),
    )


def _cannot_eat(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=5)
    if what is None or _VAGUE.match(what) or re.search(r"\b(?:much|enough|much of)\b", what):
        return None
    said = match.group().casefold()
    verb = "drink" if "drink" in said else "smoke" if "smok" in said else "eat"
    over = re.search(r"no longer|stopped|quit|gave up", said) is not None
    if over:
        told = f"No longer {does(verb).casefold()} {third(what)}."
    else:
        told = f"{'Cannot' if re.search(r'can(?:no|.)t', said) else 'Does not'} {verb} {third(what)}."
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:{verb}s:{topic(what)}",
        value="no",
        text=told,
        confidence=0.85,
        details={"ended": True} if over else {},
    )


def _kind_of_thing(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=6)
    if what is None or not (what[0].isupper() or re.search(r"\d", what)):
        return None
    thing = match["thing"].casefold()
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:{thing}",
        value=canonical(what),
        text=f"Their {thing} is {_article(match, what)}{third(what)}.",
        confidence=0.9,
        entities=(what,),
    )


_REST: Final = r"[^,.;:!?()—–]+"
_PRICE: Final = r"(?:\s+(?:at|@|for|bought at|from)\s+(?P<price>[$€£]?\s?\d[\d,.]*\d?\s?[kK]?)(?:\s+each)?)?"
_HEIGHT: Final = r"(?P<amount>\d{1,3}(?:\.\d+)?\s?(?:kg|kilos|kilograms|lbs?|pounds|cm|centimet(?:er|re)s|m|met(?:er|re)s|feet|ft)\b)"


def _habit(match: re.Match[str]) -> Finding | None:
    words = match["what"].strip()
    if re.search(r"\b(?:you|your|it|this|that|them|these|those|him|her)\b", words, re.IGNORECASE):
        return None
    often = " ".join(match["often"].split())
    said = f"{match['verb']} {words}".strip()
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:habit:{topic(said)}",
        value=often.casefold(),
        text=f"{does(match['verb'])}{f' {third(words)}' if words else ''} {often}.",
        confidence=0.8,
    )


def _joined(match: re.Match[str]) -> Finding | None:
    what = phrase(re.split(r"\s(?:last|this|in|on|to)\s", match["what"])[0], longest=5)
    if what is None or _VAGUE.match(what) or not re.match(r"an?\s|[A-Z]", match["what"]):
        return None
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:member:{topic(what)}",
        value="yes",
        text=f"Joined {third(what)}.",
        confidence=0.8,
    )


_HABIT_VERBS: Final = (
    r"(?P<verb>walk|run|swim|cycle|bike|jog|meditate|practice|practise|play|read|write|wear|drink|cook|bake|train|work out|"
    r"go to|do|drive|volunteer|teach|attend|visit|call|paint|draw|garden|commute|stretch|journal|trade|fast)"
)
_OFTEN: Final = (
    r"(?P<often>every (?:single )?(?:day|morning|evening|night|week|weekend|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?|"
    r"(?:once|twice|three times|four times|five times|a few times|several times) (?:a|per) (?:day|week|month|year)|daily|"
    r"on (?:mon|tues|wednes|thurs|fri|satur|sun)days|on weekends)"
)

THINGS: Final = (
    rule("measure", rf"\bmy {_OWNED}\s+(?P<is>{_IS})\s+{_ABOUT}{_AMOUNT}(?:\s?(?P<unit>{_UNIT})(?![\w/]|\s+old\b))?(?!\s*(?:[-:]\d|am\b|pm\b|o'clock))", _measure),
    rule("body", rf"{I_DO}\s+weigh {_ABOUT}{_HEIGHT}", _body),
    rule("height", rf"{I_AM}\s+{_ABOUT}{_HEIGHT} tall", _body),
    rule("owns", rf"{I_DO}\s+(?:own|drive|bought)\s+(?P<article>an?\s+)?(?P<what>(?!\d){_REST})", _owns),
    rule("has", rf"{I_DO}\s+have (?P<article>an?)\s+(?P<what>(?:[\w-]+\s){{0,3}}?{_THING})\b", _owns),
    rule("kind of thing", rf"\bmy (?P<thing>car|bike|motorcycle|phone|laptop|computer|camera|gpu|graphics card|cpu|editor|shell|browser|broker|bank|operating system|os|keyboard|monitor|watch|tablet|database|ide|terminal)(?:'s| is)(?: now| currently)? (?P<article>an?\s+)?(?P<what>{_REST})", _kind_of_thing),
    rule("sold", rf"{I}(?:'ve)?(?:\s+(?:just|recently|have|finally))*\s+sold my (?P<what>(?!bitcoin|ethereum){_REST})", _sold),
    rule("uses", rf"(?:{I_DO}\s+use|{I_AM}\s+using|{I_DO}\s+work with|{I_DO}\s+code in|{I_DO}\s+program in)\s+(?P<what>[^,.;:!?()—–]+(?:\.\w+)?)", _uses),
    rule("stopped", rf"{I} (?:no longer use|don't use|do not use|(?:have |just |recently )?stopped using|(?:have )?quit using|gave up using)\s+(?P<what>{_REST})", _stopped),
    rule("used to use", rf"{I} used to use\s+(?P<what>{_REST})", _stopped),
    rule("switched", rf"{I}(?:'ve|'m)?(?:\s+(?:just|recently|have|finally|now))*\s+(?:switched|migrated|moved over|changed|switching)\s+(?:over\s+)?(?:from\s+(?P<old>[\w .+#-]+?)\s+)?to\s+(?P<new>[\w+#][\w .+#-]*?)(?:\s+from\s+(?P<old2>[\w .+#-]+?))?(?=$|[,;:!?()]|\.$|\s(?:and|because|since|last|this|for|as|but|so)\b)", _switched),
    rule("holding", rf"{I}(?:'ve)?{'(?: also| now| still| currently| just| recently)*'}\s+(?:hold|own|have|bought|am holding|got)\s+(?:about |around |roughly |some )?(?P<amount>\d[\d,]*(?:\.\d+)?[kK]?)\s+(?:shares? (?:of|in)\s+|units? of\s+)?{_TICKER}\b(?!\s+(?:apps?|users?|people))(?:\s+shares?)?{_PRICE}", _holding),
    rule("sold holding", rf"{I}(?:'ve)?(?:\s+(?:just|recently|have|finally))*\s+(?:sold|closed) (?:all (?:of )?)?my (?:entire )?{_TICKER}\b(?! (?:calls?|puts?))", _sold_holding),
    rule("allergy", rf"(?:{I_AM}(?:\s+(?:no longer|not))?|{I_DO}\s+am)\s+(?:severely |mildly |deathly |highly |very )?allergic to (?P<to>[^.;:!?()—–]+)", _allergy),
    rule("allergy to", rf"{I_DO}\s+have an? (?:severe |mild |bad )?allergy to (?P<to>[^.;:!?()—–]+)", _allergy),
    rule("allergy of", rf"{I_DO}\s+have an? (?:severe |mild |bad )?(?P<to>[\w-]+(?: [\w-]+)?) allergy\b", _allergy),
    rule("condition", rf"(?:{I_DO}\s+have|{I_DO}\s+suffer from|{I} was(?: recently| just)? diagnosed with|{I}(?:'ve| have) been diagnosed with|{I_AM}\s+dealing with|{I}(?:'ve| have) had)\s+(?:an? |mild |severe |chronic |some )*(?P<what>{CONDITION})\b", _condition),
    rule("my condition", rf"\b(?:for|with|manage) my (?P<what>{CONDITION})\b(?=\s*[,.])", _condition),
    rule("state", rf"{I_AM}(?:\s+(?:no longer|not))?\s+(?:an? )?{_STATE}(?=\s*(?:$|[.,;!—–]|\s(?:and|so|but|now|since|person)\b))", _state),
    rule("medicine", rf"(?:{I_DO}\s+take|{I_AM}\s+(?:on|taking)|{I}(?:'ve| have) been taking)\s+(?:a daily (?:statin[—–, ]+)?)?(?P<what>[A-Za-z][\w-]*(?: [\w-]+)?)[,]?\s+(?P<dose>\d[\d,.]*\s?(?:mg|mcg|IU|g|ml|mL)\b)\s*(?P<often>(?:once|twice|three times)(?: daily| a day)|daily|every (?:morning|evening|night|day))?", _medicine),
    rule("habit", rf"{I_DO}\s+{_HABIT_VERBS}(?P<what>(?:\s+(?!every\b|once\b|twice\b|a few\b)[\w'-]+){{0,6}}?)\s+{_OFTEN}", _habit),
    rule("joined", rf"{I}(?:'ve)?(?: just| recently| also| have)* joined\s+(?P<what>{_REST})", _joined),
    rule("does not eat", rf"{I} (?:(?:don't|do not|can't|cannot|no longer|never) (?:eat|drink|smoke)|(?:have |just |recently )?(?:stopped|quit|gave up) (?:eating|drinking|smoking)) (?P<what>{_REST})", _cannot_eat),
)  # fmt: skip
"""What somebody has, uses and measures, and his health."""
