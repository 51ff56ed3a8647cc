"""Rules for who somebody is: name, age, home, origin, work, birthday, languages, family status."""

import re
from typing import Final

from memory.consolidation.extraction.findings import ADVERBS, I_AM, I_DO, Finding, I, rule
from memory.consolidation.extraction.values import (
    NUMBER_WORD,
    PROPER,
    canonical,
    number,
    phrase,
    third,
    topic,
)
from memory.interfaces import USER, Kind

_NO_NAMES: Final = frozenset(
    "a an the not sorry sure here fine good great just so very looking new glad happy american british german french "
    "spanish italian indian chinese back done interested trying also still really working using having wondering "
    "only about in on at from and with me you when if later tomorrow today maybe ok okay thanks monday tuesday "
    "wednesday thursday friday saturday sunday january february march april may june july august september october "
    "november december".split()
)
_NO_PLACES: Final = frozenset(
    "i it the a an my your our this that these here there fear peace hope love english french spanish german it's "
    "january february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday python java rust".split()
)
PROFESSION: Final = (
    r"(?:engineer|developer|programmer|designer|teacher|nurse|doctor|physician|student|lawyer|attorney|accountant|"
    r"analyst|trader|scientist|researcher|professor|writer|author|journalist|editor|artist|musician|photographer|"
    r"architect|consultant|manager|director|founder|entrepreneur|freelancer|chef|cook|baker|barista|carpenter|"
    r"electrician|plumber|mechanic|pilot|driver|farmer|dentist|pharmacist|psychologist|therapist|vet|veterinarian|"
    r"surgeon|biologist|chemist|physicist|mathematician|statistician|economist|translator|librarian|firefighter|"
    r"paramedic|soldier|salesperson|salesman|marketer|recruiter|administrator|technician|postdoc|lecturer|tutor|"
    r"coach|trainer|actor|actress|dancer|singer|composer|filmmaker|illustrator|animator|builder|welder|tailor|"
    r"realtor|banker|investor|quant|auditor|paralegal|midwife|radiologist|cardiologist|geologist|historian|"
    r"philosopher|linguist|hairdresser|gardener|florist|CTO|CEO|CFO|COO|sysadmin|devops engineer|PhD student|intern|"
    r"apprentice|retiree|homemaker|product owner|project lead|team lead|bookkeeper|copywriter|blogger|streamer|GP|broker|DBA|officer|clerk|civil servant|secretary|receptionist|carer|caretaker|bricklayer|roofer|painter|butcher|fisherman|sailor|waiter|waitress|bartender|sommelier|publisher|curator|archivist|"
    r"interpreter|solicitor|barrister|notary|judge|optician|podiatrist|physiotherapist|osteopath|anaesthetist|radiographer|"
    r"surveyor|planner|locksmith|blacksmith|joiner|beekeeper|shepherd|vintner|winemaker|brewer|distiller|potter|jeweller|watchmaker|"
    r"logistician|estate agent|insurance agent|actuary|underwriter|strategist|copy editor|proofreader|showrunner|stylist|costume designer)"
)
LANGUAGE: Final = (
    r"(?:English|Spanish|French|German|Italian|Portuguese|Dutch|Swedish|Norwegian|Danish|Finnish|Polish|Czech|Slovak|"
    r"Hungarian|Romanian|Bulgarian|Greek|Turkish|Russian|Ukrainian|Serbian|Croatian|Arabic|Hebrew|Persian|Farsi|Hindi|"
    r"Urdu|Bengali|Punjabi|Tamil|Telugu|Marathi|Gujarati|Thai|Vietnamese|Indonesian|Malay|Tagalog|Filipino|Japanese|"
    r"Korean|Chinese|Mandarin|Cantonese|Swahili|Zulu|Afrikaans|Catalan|Basque|Galician|Irish|Welsh|Icelandic|Latvian|"
    r"Lithuanian|Estonian|Slovenian|Albanian|Armenian|Georgian|Mongolian|Nepali|Amharic|Yoruba|Igbo|Hausa|Latin)"
)
MONTH: Final = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|"
    r"Aug|Sept?|Oct|Nov|Dec)"
)
DATE: Final = (
    rf"(?:{MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}"
    rf"(?:,?\s+\d{{4}})?|\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}(?:[./]\d{{2,4}})?)"
)
_LONGEST_PLACE: Final = 60
_PLACE: Final = (
    rf"(?P<place>{PROPER}(?:,\s+(?!I\b){PROPER})?|(?!a\b|an\b|the\b|my\b)[a-z][\w'-]+(?=\s*(?:$|[.,;!])))"
)
_NUMBER: Final = rf"(?:\d{{1,3}}|{NUMBER_WORD})"
_DESCRIBED: Final = r"(?:[\w-]+\s+){0,4}?"


def place(text: str) -> str | None:
    """The name of a place, or none where the words are something else."""
    kept = text.strip(" .,'")
    words = kept.split()
    if not words or words[0].casefold() in _NO_PLACES or len(kept) > _LONGEST_PLACE:
        return None
    return kept if kept[0].isupper() else kept.title()


def _name(match: re.Match[str]) -> Finding | None:
    name = match["name"].strip(" .'")
    if not name[:1].isupper() or name.split()[0].casefold() in _NO_NAMES:
        return None
    sure = "name" in match.group().casefold().split(match["name"].casefold())[0]
    return Finding(
        kind=Kind.FACT,
        slot="fact:name",
        value=name,
        text=f"Is named {name}.",
        confidence=0.95 if sure else 0.8,
        entities=(name,),
        relations=((USER, "is called", name),),
    )


def _called(match: re.Match[str]) -> Finding | None:
    name = match["name"].strip(" .'")
    if not name[:1].isupper() or name.split()[0].casefold() in _NO_NAMES:
        return None
    return Finding(
        kind=Kind.PREFERENCE,
        slot="preference:called",
        value=name,
        text=f"Wants to be called {name}.",
        confidence=0.9,
    )


def _age(match: re.Match[str]) -> Finding | None:
    years = number(match["age"])
    if years is None or not 5 <= years <= 110:  # noqa: PLR2004  # ages people have
        return None
    return Finding(
        kind=Kind.FACT, slot="fact:age", value=str(years), text=f"Is {years} years old.", confidence=0.95
    )


def _decade(match: re.Match[str]) -> Finding:
    decade = " ".join(match["age"].casefold().replace("-", " ").split())
    return Finding(
        kind=Kind.FACT, slot="fact:age", value=decade, text=f"Is in their {decade}.", confidence=0.8
    )


def _home(match: re.Match[str]) -> Finding | None:
    where = place(match["place"])
    if where is None:
        return None
    base = re.match(r"we\b.* based", match.group(), re.IGNORECASE) is not None
    moved = "mov" in match.group().casefold() or "relocated" in match.group().casefold()
    return Finding(
        kind=Kind.FACT,
        slot="fact:home",
        value=where,
        text=f"{'Is based' if base else 'Lives'} in {where}.",
        confidence=0.7 if match.group().casefold().startswith("living") else 0.9,
        entities=tuple(part.strip() for part in where.split(",")),
        relations=((USER, "lives in", where.split(",")[0]),),
        details={"changed": True} if moved else {},
    )


def _moved_from(match: re.Match[str]) -> list[Finding]:
    found = _home(match)
    before = place(match["former"])
    return [*([found] if found else []), *([_lived(before)] if before else [])]


def _lived(where: str) -> Finding:
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:former home:{topic(where)}",
        value=where,
        text=f"Used to live in {where}.",
        confidence=0.9,
        entities=(where,),
        relations=((USER, "used to live in", where),),
    )


def _former_home(match: re.Match[str]) -> Finding | None:
    where = place(match["place"])
    return _lived(where) if where else None


def _left_home(match: re.Match[str]) -> Finding | None:
    where = place(match["place"])
    if where is None:
        return None
    return Finding(
        kind=Kind.FACT,
        slot="fact:home",
        value=f"not {where}",
        text=f"No longer lives in {where}.",
        confidence=0.85,
        entities=(where,),
        details={"ended": True},
    )


def _origin(match: re.Match[str]) -> Finding | None:
    where = place(match["place"])
    if where is None:
        return None
    verb = match.group().casefold()
    told = (
        "Grew up in" if "grew" in verb or "raised" in verb else "Was born in" if "born" in verb else "Is from"
    )
    slot = {"Grew up in": "fact:grew up in", "Was born in": "fact:birthplace"}.get(told, "fact:origin")
    return Finding(
        kind=Kind.FACT,
        slot=slot,
        value=where,
        text=f"{told} {where}.",
        confidence=0.85,
        entities=(where,),
        relations=((USER, told.casefold(), where),),
    )


def _job(match: re.Match[str]) -> Finding | None:
    said = phrase(re.split(r"\s(?:at|for|in|with)\s(?=[A-Z])", match["job"])[0], longest=6)
    if said is None or re.match(
        r"(?:very |fairly )?(?:conservative|cautious|moderate|balanced|aggressive|defensive)\b", said
    ):
        return None
    article = (match.groupdict().get("article") or "a").casefold()
    words = topic(said)
    article = ("an" if words[:1] in "aeiou" else "a") if article in {"a", "an"} else article
    return Finding(
        kind=Kind.FACT,
        slot="fact:job",
        value=words,
        text=f"{'Works as' if ' as ' in match.group().casefold() else 'Is'} {article} {third(said)}.",
        confidence=0.9,
        details={"field": words},
    )


def _former_job(match: re.Match[str]) -> Finding | None:
    said = phrase(match["job"], longest=6)
    if said is None:
        return None
    return Finding(
        kind=Kind.FACT,
        slot=f"fact:former job:{topic(said)}",
        value=topic(said),
        text=f"Used to work as {'an' if said[0].casefold() in 'aeiou' else 'a'} {third(said)}.",
        confidence=0.85,
        details={"ended": True},
    )


def _job_over(match: re.Match[str]) -> Finding | None:
    if not re.search(r"no longer|any ?more", match.string[match.start() :], re.IGNORECASE):
        return None
    return Finding(
        kind=Kind.FACT,
        slot="fact:job",
        value=f"not {topic(match['job'])}",
        text=f"Is no longer {'an' if match['job'][0] in 'aeiou' else 'a'} {match['job']}.",
        confidence=0.85,
        details={"ended": True},
    )


def _retired(match: re.Match[str]) -> Finding:
    said = match.group().casefold()
    job = "retired" if "retired" in said else "unemployed" if "unemployed" in said else "between jobs"
    return Finding(
        kind=Kind.FACT,
        slot="fact:job",
        value=job,
        text=f"Is {job}.",
        confidence=0.85,
        details={"changed": True},
    )


def _employer(match: re.Match[str]) -> Finding | None:
    name = match["employer"].strip(" .'")
    if not name[:1].isupper() or name.casefold() in _NO_PLACES:
        return None
    return Finding(
        kind=Kind.FACT,
        slot="fact:employer",
        value=name,
        text=f"Works at {name}.",
        confidence=0.9,
        entities=(name,),
        relations=((USER, "works at", name),),
    )


def _left_employer(match: re.Match[str]) -> Finding | None:
    found = _employer(match)
    if found is None:
        return None
    return Finding(
        kind=Kind.FACT,
        slot="fact:employer",
        value=f"not {found.value}",
        text=f"No longer works at {found.value}.",
        confidence=0.85,
        entities=found.entities,
        details={"ended": True},
    )


def _birthday(match: re.Match[str]) -> Finding:
    date = match["date"].strip(" .")
    return Finding(
        kind=Kind.FACT,
        slot="fact:birthday",
        value=canonical(date),
        text=f"Has their birthday on {date}.",
        confidence=0.95,
    )


def _speaks(match: re.Match[str]) -> list[Finding]:
    native = re.search(r"native|mother tongue|first language", match.group(), re.IGNORECASE) is not None
    return [
        Finding(
            kind=Kind.FACT,
            slot=f"fact:speaks:{language.casefold()}",
            value="native" if native else "yes",
            text=f"Speaks {language.capitalize()}{' as a native language' if native else ''}.",
            confidence=0.9,
            entities=(language.capitalize(),),
        )
        for language in re.findall(rf"\b{LANGUAGE}\b", match["languages"], re.IGNORECASE)
    ]


def _married(match: re.Match[str]) -> Finding:
    state = match["state"].casefold()
    state = "married" if state in {"got married", "married"} else state
    return Finding(
        kind=Kind.FACT, slot="fact:marital status", value=state, text=f"Is {state}.", confidence=0.9
    )


_NAME: Final = r"(?P<name>(?-i:[A-Z][\w'-]+(?:\s+[A-Z][\w'-]*){0,3}))"
_ROLE_END: Final = r"(?=\s*(?:$|[.,;:!—–(]|\s(?:and|but|who|at|for|in|on|from|with|working|based|living|by|so|since|now|again|these days|today|near|outside|which|specializing)\b|\sof (?-i:[A-Z])))"

PERSON: Final = (
    rule("name", rf"\b(?:my|the) (?:first |full |own |real )?name(?:'s|\s+is)(?: actually| now)? {_NAME}", _name),
    rule("introduced", rf"^(?:(?:hi|hello|hey)(?: there| again| everyone| all)?[,!.]*\s+)?(?:it's|this is) {_NAME}(?=(?:[\s,]+\w+)?\s*(?:here|again|speaking|from)\b)", _name),
    rule("greeted", rf"^(?:hi|hello|hey)(?: there| again| everyone| all)?[,!.]*\s+(?:I'm|I am) {_NAME}(?=\s*(?:$|[,.!;—–]|\s(?:and|from|here)\b))", _name),
    rule("called", rf"^(?:(?:please|just|you can|everyone|everybody|people|friends)\s+)*calls? me {_NAME}(?=\s*(?:$|[,.!;]|\s(?:please|instead|from now|now)\b))", _called),
    rule("age", rf"{I_AM}\s+(?P<age>{_NUMBER})(?:[- ]years?[- ]old|(?=\s*(?:$|[,.;!]|\s(?:and|now)\b)))", _age),
    rule("turned", rf"{I_DO}\s+turned (?P<age>{_NUMBER})(?=\W|$)(?!\s*(?:of|percent|%))", _age),
    rule("decade", rf"(?:{I_AM}|\bbeing|(?<![\w'])we(?:'re| are)(?: a couple)?) in (?:my|our) (?P<age>(?:(?:early|mid|late)[- ]?)?(?:\d0'?s|(?:twen|thir|for|fif|six|seven|eigh|nine)ties))", _decade),
    rule("home", rf"(?:{I_DO}|(?<![\w'])we)\s+(?:live|reside) in {_PLACE}", _home),
    rule("based", rf"(?:{I_AM}|(?<![\w'])(?:we're|we are)|(?<![\w'])(?:I|we)(?:'ve| have) been)\s+(?:based|living|located) in {_PLACE}", _home),
    rule("living", rf"^living (?:here )?in (?P<place>{PROPER})(?=,| means)", _home),
    rule("moved", rf"(?<![\w'])(?:I|we)(?:'ve)?(?:\s+(?:just|recently|finally|have))*\s+(?:moved|relocated) to {_PLACE}", _home),
    rule("moved from", rf"{I}(?:'ve)?(?:\s+(?:just|recently|finally|have))*\s+(?:moved|relocated) from (?P<former>{PROPER}) to {_PLACE}", _moved_from),
    rule("former home", rf"{I} used to live in {_PLACE}", _former_home),
    rule("left home", rf"{I} (?:(?:no longer|don't) live in|(?:just |recently )?moved (?:away from|out of)) {_PLACE}", _left_home),
    rule("origin", rf"(?:{I_AM}(?:\s+originally)? from|{I_DO}\s+come from|{I} (?:grew up|was born|was raised|was born and raised) in) (?P<place>{PROPER}(?:,\s+{PROPER})?)", _origin),
    rule("job", rf"{I_DO}\s+work as (?P<article>an?|the)\s+(?P<job>[^,.;:!?()—–]+)", _job),
    rule("profession", rf"{I_AM}\s+(?P<article>an?|the)\s+(?P<job>{_DESCRIBED}{PROFESSION}){_ROLE_END}", _job),
    rule("job is", r"\bmy (?:job|profession|occupation) is (?:being )?(?P<article>an?)\s+(?P<job>[^,.;:!?()—–]+)", _job),
    rule("former job", rf"{I} used to (?:be|work as) (?:an?|the)\s+(?P<job>{_DESCRIBED}{PROFESSION})\b", _former_job),
    rule("job over", rf"{I_AM.removesuffix(ADVERBS)}\s+(?:no longer|not) an? (?P<job>{_DESCRIBED}{PROFESSION})\b(?= any ?more)?", _job_over),
    rule("no work", rf"{I_AM}\s+(?:retired|unemployed|between jobs)\b|{I}(?: have|'ve)?(?: just| recently)? retired(?=\s*(?:$|[.,;!]|\s(?:last|in|from|this)))", _retired),
    rule("employer", rf"(?:{I_DO}\s+work(?: as an? [\w -]+?)?|{I_AM}\s+(?:working|employed)|{I}(?:'ve)?(?: just| recently)? started(?: working)?) (?:at|for) (?P<employer>{PROPER})", _employer),
    rule("left employer", rf"{I} (?:no longer work (?:at|for)|don't work (?:at|for)|(?:just |recently )?(?:quit|left) my job at) (?P<employer>{PROPER})", _left_employer),
    rule("birthday", rf"\bmy birthday(?:'s| is| falls)(?: on)?(?: the)? (?P<date>{DATE})", _birthday),
    rule("born on", rf"{I} was born on (?:the )?(?P<date>{DATE})", _birthday),
    rule("speaks", rf"{I_DO}\s+speak (?P<languages>(?:(?:fluent|some|native|a little)\s+)?{LANGUAGE}\b(?:(?:,\s*(?:and\s+)?|\s+and\s+)(?:(?:fluent|some|a little)\s+)?{LANGUAGE}\b)*)", _speaks),
    rule("native", rf"\bmy (?:native language|mother tongue|first language) is (?P<languages>{LANGUAGE})\b", _speaks),
    rule("native speaker", rf"{I_AM}\s+a native (?P<languages>{LANGUAGE}) speaker", _speaks),
    rule("fluent", rf"{I_AM}\s+(?:fluent|bilingual) in (?P<languages>{LANGUAGE}\b(?:(?:,\s*(?:and\s+)?|\s+and\s+){LANGUAGE}\b)*)", _speaks),
    rule("married", rf"(?:{I_AM}\s+(?P<state>married|divorced|widowed|engaged|single|separated|in a relationship)(?=\s*(?:$|[.,;!]|\s(?:to|with|and|but|since|now|again)\b)))", _married),
)  # fmt: skip
"""Who somebody is."""
