"""Rules for what somebody does in life, plans, and has as an attribute; of a business, what it is and does."""

import re
from typing import Final

from memory.consolidation.extraction.classes import frame
from memory.consolidation.extraction.findings import ADVERBS, I_AM, Finding, I, rule
from memory.consolidation.extraction.person import DATE, PROFESSION
from memory.consolidation.extraction.things import CONDITION
from memory.consolidation.extraction.values import NUMBER_WORD, PROPER, canonical, does, phrase, third, topic
from memory.interfaces import Kind

_OBJECT: Final = r"[^,.;:!?()—–¶]+?(?=$|[,.;:!?()—–¶]|\s(?:because|since|so|but|which|and (?:I|we|my|now))\b)"
_DECIMAL: Final = r"(?:[^,.;:!?()—–¶]|[.,](?=\d))+?(?=$|[,;:!?()—–¶]|\.(?:\s|$)|\s(?:because|since|so|but|which|and (?:I|we|my|now))\b)"
_WE: Final = r"(?<![\w'])(?:I|we)"
_WE_ARE: Final = rf"{_WE}(?:'m|'re| am| are){ADVERBS}"
_NUMBER: Final = rf"(?:[$€£]?\d[\d.,]*\s?[km%]?|{NUMBER_WORD})"
_POINTS: Final = re.compile(
    r"^(?:the same|up|down|out|off|away|around|about|over|through|into|like|my)\b|\b(?:this|that|these|those|it|them|you|your)\b",
    re.IGNORECASE,
)
_POINTERS: Final = re.compile(r"\b(?:this|that|these|those|it|them|you|your)\b", re.IGNORECASE)


def _told(text: str, slot: str, value: str, confidence: float = 0.8) -> Finding:
    return Finding(kind=Kind.FACT, text=f"{text}.", slot=f"fact:{slot}", value=value, confidence=confidence)


def _attribute(match: re.Match[str]) -> Finding | None:
    """A property with a value of its own: "our main market is Brazil"."""
    of = topic(match["of"])
    words = re.sub(r"\s+(?:now|these days|currently|since .*|from .*)$", "", match["what"].strip(" .\"'"))
    what = phrase(words, longest=10) if not re.search(r"\d", words) else words
    if what is None or len(what.split()) > 12 or _POINTERS.search(what):  # noqa: PLR2004  # a value is short
        return None
    verb = (
        "starts" if "start" in match["is"].casefold() else "are" if "are" in match["is"].casefold() else "is"
    )
    return _told(f"Their {third(of)} {verb} {third(what)}", of, canonical(what), 0.85)


def _does(match: re.Match[str]) -> Finding | None:
    """What somebody does for longer than a day."""
    what = phrase(match["what"].removeprefix("as "), longest=10)
    if what is None or _POINTS.search(what) or _OF_THE_MOMENT.search(what):
        return None
    verb = match["verb"].casefold() + (" as" if match["what"].startswith("as ") else "")
    return _told(
        f"{does(verb.split()[0])}{verb[len(verb.split()[0]) :]} {third(what)}",
        f"does:{frame(f'{verb} {what}')}",
        canonical(what),
    )


def _kept(match: re.Match[str]) -> Finding | None:
    """Where somebody keeps something."""
    of, where = topic(match["of"]), phrase(match["what"], longest=4)
    if where is None or _POINTS.search(where):
        return None
    gone = (match.groupdict().get("off") or "").casefold() in {"off", "from", "out of"}
    return Finding(
        kind=Kind.FACT,
        text=f"{'No longer keeps' if gone else 'Keeps'} their {of} {'on' if gone else 'with'} {third(where)}.",
        slot=f"fact:keeps:{of}",
        value=f"not {canonical(where)}" if gone else canonical(where),
        confidence=0.8,
        details={"ended": True} if gone else {},
    )


def _is_with(match: re.Match[str]) -> Finding:
    return _told(f"Is with {match['what']}", "is with", match["what"])


def _is_about_to(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=9)
    if what is None or _POINTS.search(what):
        return None
    doing = match["doing"].casefold()
    return _told(f"Is {doing} {third(what)}", f"is:{frame(f'{doing} {what}')}", canonical(what), 0.7)


def _counted(match: re.Match[str]) -> Finding | None:
    what = " ".join(match["what"].split())
    if _NOT_COUNTED.search(what):
        return None
    number = canonical(match["number"])
    verb = (
        "has"
        if match["verb"].casefold() in {"'ve", "have", "'ve got", "have got"}
        else match["verb"].casefold()
    )
    verb = "is" if verb in {"are", "'re", "'m", "am"} else verb
    told = "Has" if verb == "has" else "Are" if verb == "is" else does(verb)
    about = re.sub(r"\s+(?:now|these days|currently)$", "", what)
    return _told(f"{told} {match['number'].strip()} {third(about)}", f"count:{verb} {frame(about)}", number)


def _role(match: re.Match[str]) -> Finding | None:
    job = phrase(match["job"], longest=7)
    if job is None or _POINTS.search(job):
        return None
    article = "an" if job[0].casefold() in "aeiou" else "a"
    return Finding(
        kind=Kind.FACT, text=f"Is {article} {third(job)}.", slot="fact:job", value=topic(job), confidence=0.8
    )


def _founded(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=8)
    if (
        what is None
        or _POINTERS.search(what)
        or re.search(
            r"\b(?:link|file|door|ticket|page|position|account|window|tab|chart|app|trade|email|chat)\b", what
        )
    ):
        return None
    how = " ".join(match["how"].casefold().split())
    return _told(f"{how.capitalize()} {third(what)}", f"past:{topic(f'{how} {what}')}", "yes")


def _we_are(match: re.Match[str]) -> Finding:
    what = " ".join(match["what"].split())
    return _told(
        f"Their organisation is {third(what)}" if not what.endswith("couple") else f"Lives as {what}",
        "organisation",
        canonical(what),
    )


def _on_system(match: re.Match[str]) -> Finding:
    system = match["state"]
    return _told(f"Works on {system}", "operating system", canonical(system))


def _day_off(match: re.Match[str]) -> Finding:
    day = match["of"].capitalize()
    return _told(f"Has {day} off", "day off", day.casefold())


def _parent(match: re.Match[str]) -> Finding:
    return _told(f"Is a {match['job'].casefold()}", "parent", canonical(match["job"]))


def _state(match: re.Match[str]) -> Finding:
    state = " ".join(match["state"].split())
    denied = re.search(r"\bnot|no longer\b", match.group(), re.IGNORECASE) is not None
    return _told(
        f"Is {'not ' if denied else ''}{state}", f"state:{topic(state)}", f"not {state}" if denied else state
    )


def _condition(match: re.Match[str]) -> Finding:
    what = " ".join(match["what"].split())
    return _told(f"Has {what}", f"condition:{topic(what)}", "yes", 0.85)


def _medicine(match: re.Match[str]) -> Finding:
    return _told(f"Is on {match['what'].casefold()}", f"takes:{topic(match['what'])}", "yes", 0.85)


def _named_thing(match: re.Match[str]) -> Finding | None:
    what, name = phrase(match["what"], longest=4), match["name"].strip(" .'")
    if what is None:
        return None
    told = f"Has {'an' if what[0] in 'aeiou' else 'a'} {third(what)} called {name}"
    return _told(told, f"{topic(what)}:{name.casefold()}", name, 0.85)


def _is_called(match: re.Match[str]) -> Finding:
    name = match["name"].strip(" .'")
    of = topic(match["of"]) if match.groupdict().get("of") else "company"
    return _told(f"Their {of} is called {name}", f"{of} name", name, 0.85)


def _past(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=9)
    if what is None or _POINTS.search(what):
        return None
    how = " ".join(match["how"].casefold().split())
    return _told(f"{how.capitalize()} {third(what)}", f"past:{topic(f'{how} {what}')}", "yes")


def _born(match: re.Match[str]) -> Finding:
    year = match["year"].lstrip("'")
    year = year if len(year) == 4 else f"19{year}"  # noqa: PLR2004  # nobody who writes was born in '05 of this century's
    return _told(f"Was born in {year}", "birth year", year, 0.9)


def _can(match: re.Match[str]) -> Finding:
    skill = match["skill"].casefold()
    can = "not" not in match["can"].casefold() and "can't" not in match["can"].casefold()
    return _told(f"{'Can' if can else 'Cannot'} {skill}", f"can:{skill}", "yes" if can else "no")


def _not_owned(match: re.Match[str]) -> Finding | None:
    what = phrase(match["what"], longest=4)
    if what is None or not re.search(_THING, what, re.IGNORECASE):
        return None
    return _told(f"Has no {topic(what)}", f"owns:{topic(what)}", "no")


_ATTRIBUTE: Final = (
    r"(?:time ?zone|(?:[a-z]+ )?budget(?: for [a-z]+)?|(?:[a-z]+ )?(?:goal|target)|tagline|slogan|motto|(?:main|primary|biggest|core|key) "
    r"(?:market|client|customer|competitor|product|supplier|channel)|(?:password|package) manager|(?:fiscal|financial) year|"
    r"anniversary|pronouns|hobby|hobbies|(?:tech )?stack|blood type|shoe size|salary|income|pension|margins?|price|monthly fee|stop|stop loss|"
    r"target audience|audience|native tongue|star sign|commute|day job|side hustle|return policy|policy)"
)
_PERSON: Final = r"(?:doctor|gp|dentist|therapist|accountant|lawyer|landlord|landlady|boss|manager|co-?founder|coach|trainer|vet|physio|tutor|assistant)"
_MANY: Final = r"(?:customers|clients|users|readers|listeners|subscribers|students|followers|visitors|patients|viewers|guests|players)"
_BUSINESS: Final = r"(?:company|firm|start-?up|shop|store|business|agency|studio|brand|team|app|product|farm|practice|clinic|restaurant|bakery)"
_MAKES: Final = r"(?:sell|make|restore|build|produce|design|operate|offer|serve|import|export|publish|manufacture|roast|brew|bake|farm|grow|repair|rent out|ship|host|charge|print|train|teach)"
_LIVES: Final = (
    r"(?:teach|coach|farm|rent|lease|study|play|sing|volunteer|foster|breed|sail|commute|own|run|manage|ride|look after|care for|sit on|"
    r"bank with|live with|work from|work out of|keep(?= (?:home|kosher|halal|bees|chickens|sheep|goats|horses)\b)|collect|sell|code in|swim|cycle|row|paint|knit|brew|train|restore)"
)
_LASTS: Final = (
    r"(?:(?:an?|our|my own|two|three|four|five|six|several|all|mostly|the board|\d[\d.,]*)\s+|home\b|kosher\b|halal\b|bees\b|chickens\b|"
    r"(?-i:[A-Z])|(?:the )?(?:cello|violin|viola|piano|guitar|bass|drums|flute|clarinet|sax\w*|trumpet|harp|organ|banjo|oboe|chess|bridge|"
    r"tennis|football|rugby|cricket|hockey|golf|basketball|volleyball|badminton|padel|squash|poker)\b|"
    r"(?:[a-z-]+ ){1,4}(?:at|to|for|in|with|online)\b|every\b|as an? )"
)
_THING: Final = r"\b(?:car|house|flat|bike|bicycle|dog|cat|pets?|tv|television|phone|smartphone|boat|garden|mortgage|printer|licen[cs]e|kids|children)\b"
_NOT_COUNTED: Final = re.compile(
    r"^(?:questions?|problems?|issues?|things?|requests?|options?|minutes?|hours?|seconds?|ideas?|errors?|tabs?|exams?|meetings?|more|of|times?|"
    r"different|days? left|concerns?|points?|a|in|out|for|to|o'clock|am|pm|steps?|files?|versions?|choices?)\b|\b(?:left|late|ahead|behind|away|open)\b",
    re.IGNORECASE,
)
_OF_THE_MOMENT: Final = re.compile(
    r"\b(?:risks?|mistakes?|attention|errors?|scripts?|tests?|query|queries|models?|backups?|commands?|jobs?|programs?|process(?:es)?|"
    r"errands?|checks?|scans?|simulations?|backtests?|notebooks?|roles?|part|tricks?|smile|eye)\b",
    re.IGNORECASE,
)
_FUNCTION: Final = (
    r"(?:books|accounts|bookkeeping|accounting|sales|marketing|design|support|cooking|tech|coding|ordering|payroll|hiring|product|admin|"
    r"deliveries|social media|finances|finance|operations|programming|teaching|translations?)"
)
_ORGANISATION: Final = (
    r"(?:company|firm|start-?up|shop|store|business|agency|studio|brand|team|farm|practice|clinic|restaurant|bakery|vineyard|winery|brewery|"
    r"charity|ngo|non-?profit|school|hotel|hostel|family|couple|consultancy|co-?operative|co-?op|publisher|bank|gallery|museum|caf[eé]|gym|salon|"
    r"marketplace|manufacturer|wholesaler|retailer|supplier|law firm|church|club|band|theatre|library|nursery)"
)
_BELONGS: Final = (
    r"(?:catholic|protestant|orthodox|muslim|jewish|hindu|buddhist|sikh|atheist|christian|mormon|quaker|american|british|english|scottish|"
    r"welsh|irish|canadian|australian|german|french|italian|spanish|portuguese|dutch|belgian|swiss|austrian|swedish|norwegian|danish|finnish|"
    r"estonian|latvian|lithuanian|czech|slovak|hungarian|romanian|bulgarian|greek|turkish|russian|ukrainian|serbian|croatian|"
    r"indian|pakistani|chinese|japanese|korean|vietnamese|thai|indonesian|filipino|brazilian|argentinian|mexican|chilean|colombian|peruvian|"
    r"nigerian|kenyan|ghanaian|egyptian|moroccan|south african|israeli|iranian|lebanese|kiwi)"
)
_SYSTEM: Final = r"(?:linux|windows(?: \d+)?|macos|mac os|a mac|fedora|ubuntu|debian|arch|android|ios|chromeos|freebsd|an? (?:iphone|ipad|chromebook))"
_NONE: Final = r"(?:kids|children|debts?|mortgage|pets?|car|employees|staff|savings|siblings|investors|car|garden|pension)"
_STATE: Final = (
    r"(?P<state>self-employed|freelance|unemployed|profitable|bootstrapped|fully remote|"
    r"vat[- ]registered|a night owl|an early bird|a morning person|a visual (?:person|learner|thinker)|an only child|"
    r"(?:deaf|blind|hard of hearing) (?:in|on) (?:one|my|the) (?:left |right )?(?:ear|eye|side)|type (?:1|2|one|two) diabetic)"
)
_MEDICINE: Final = r"(?P<what>blood thinners|insulin|antidepressants|statins|beta blockers|metformin|warfarin|steroids|chemo|hormone therapy|antibiotics for life|immunosuppressants)"
_CONDITION: Final = (
    rf"(?P<what>{CONDITION}|(?:a )?(?:bad|slipped|weak) (?:back|knee|hip|shoulder|disc|heart|ankle|eyesight))"
)
_SKILL: Final = (
    r"(?P<skill>swim|code|cook|drive|read music|ride a bike|program|ski|type blind|touch[- ]type|knit|sew)"
)
_PLAN: Final = (
    r"(?P<doing>(?:moving|relocating|emigrating) to|saving(?: up)? for|retraining as|training (?:as|to be(?:come)?)|planning to "
    r"(?:retire|move|buy|sell|open|start|launch|expand|marry|emigrate)|expecting|starting(?: work| a job)? at|joining|"
    r"(?:building|writing|developing|launching|opening|setting up) (?=an?\s|our\s|my own\s))"
)

LIVING: Final = (
    rule("attribute", rf"\b(?:my|our) (?P<of>{_ATTRIBUTE}) ?(?P<is>'s|is now|is always|is|are|starts in|starts on|starts)(?: now| always| currently| still| mostly)? (?P<what>{_DECIMAL})", _attribute),
    rule("their person", rf"\b(?:my|our) (?P<of>{_PERSON})(?P<is>'s| is)(?: now| called| named)* (?P<what>(?:Dr\.? |Mr\.? |Ms\.? |Mrs\.? )?{PROPER})(?=\s*(?:$|[.,;!—–]|\s(?:now|and|who|since)\b))", _attribute),
    rule("who they are", rf"\b(?:my|our) (?P<of>{_MANY})(?P<is> are) (?:\w+ )?(?P<what>(?:mostly|mainly|largely|over|under|between|from|in|all|around)\s{_OBJECT})", _attribute),
    rule("customers are", rf"(?:^|[,;]\s|\s)(?P<of>{_MANY})(?P<is> are) (?P<what>(?:mostly|mainly|largely) {_OBJECT})", _attribute),
    rule("business does", rf"(?:\b(?:our|my) {_BUSINESS} (?:only |mostly |also )?|(?<![\w'])we (?:only |mostly |also )?)(?P<verb>{_MAKES})s? (?P<what>(?!the\b|it\b|up\b){_DECIMAL})", _does),
    rule("business is called", rf"\b(?:our|my) (?P<of>{_BUSINESS})(?: is|'s) (?:called|named) (?P<name>{PROPER}(?: & {PROPER})?)", _is_called),
    rule("we are called", rf"(?<![\w'])we(?:'re| are)(?: now)? called (?P<name>{PROPER})", _is_called),
    rule("counted", rf"{_WE}\s?(?P<verb>'ve got|'ve|have got|have|get|earn|make|serve|employ|charge|'re|are) (?:about |around |roughly |over |only |just |some )*(?P<number>{_NUMBER}|no(?= {_NONE}\b)) (?P<what>[a-z][\w%-]*(?: [\w%-]+){{0,5}}?)(?=\s*(?:$|[.,;:!—–(]|\s(?:and|but|so|which|who|because|with|in|at|mostly)\b))", _counted),
    rule("keeps", rf"{_WE}{ADVERBS} (?:keep|hold|store) (?:my|our) (?P<of>[\w -]{{3,30}}?) (?:on|in|at|with) (?P<what>{_OBJECT})", _kept),
    rule("keeps elsewhere", rf"{_WE}(?:'ve| have)? moved (?:my|our) (?P<of>[\w -]{{3,30}}?) (?P<off>off|from|out of|to|onto|into) (?P<what>{_OBJECT})", _kept),
    rule("is with", rf"{I_AM} with (?P<what>{PROPER})(?= now\b| these days\b| at the moment\b)", _is_with),
    rule("lives", rf"{_WE}{ADVERBS} (?P<verb>{_LIVES}) (?P<what>{_LASTS}{_OBJECT}|home\b|kosher\b|halal\b)", _does),
    rule("does the", rf"{_WE}(?: mostly| mainly)? (?P<verb>do) (?P<what>(?:all )?(?:the |our )?{_FUNCTION})\b(?! (?:is|are|again|for me))", _does),
    rule("founded", rf"{_WE}(?:'ve| have)?(?: just| recently| now)* (?P<how>opened|founded|co-founded|started(?: out)? as|rebranded as) (?P<what>(?:an?|our|the second|the first|my)\s{_OBJECT}|(?-i:[A-Z]){_OBJECT})", _founded),
    rule("we are a", rf"(?<![\w'])we(?:'re| are) (?P<what>an? (?:[\w'-]+ ){{0,4}}?{_ORGANISATION}(?: (?:in|near|of|from|for|on|based in|outside) {_OBJECT})?)(?=\s*(?:$|[,.;:!—–(]|\s))", _we_are),
    rule("belongs", rf"{I_AM} (?:an? )?(?P<state>{_BELONGS})(?=\s*(?:$|[.,;!—–(]|\s(?:and|so|but|living|who|by|citizen)\b))", _state),
    rule("citizen", rf"{I_AM} an? (?P<state>(?:[\w-]+ ){{1,2}}(?:citizen|national|resident)(?: living in {PROPER})?)", _state),
    rule("on a system", rf"{I_AM} on (?P<state>{_SYSTEM}(?:,? {_SYSTEM})?)", _on_system),
    rule("day off", r"(?:^|[,;]\s|\s)(?P<of>(?:mon|tues|wednes|thurs|fri|satur|sun)days)(?P<is> are) (?P<what>(?:my|our) (?:day off|days off|free day))", _day_off),
    rule("about to", rf"{_WE_ARE} {_PLAN}\s?(?P<what>{_OBJECT})", _is_about_to),
    rule("as a", rf"^(?:speaking |being )?as an? (?P<job>(?:[\w-]+ ){{0,3}}?{PROFESSION}(?: (?:in|at|for|with) {PROPER})?)(?=[, ].*\b(?:I|my|we)\b)", _role),
    rule("is by trade", rf"(?:{I_AM}|{I}(?:'ve| have) been) an? (?P<job>(?:[\w-]+ ){{0,3}}?{PROFESSION} (?:in|at|on|near|outside|by|from|for) {_OBJECT})", _role),
    rule("parent", rf"(?:{I_AM}|\bbeing|\bas) an? (?P<job>(?:single |new |proud )?(?:mum|mom|dad|father|mother|parent|grandparent|grandmother|grandfather)(?: of {_NUMBER})?)\b", _parent),
    rule("state of life", rf"{_WE_ARE}(?: no longer| not)? {_STATE}\b", _state),
    rule("condition told", rf"(?:\b(?:as )?(?:someone|somebody|a person) with|{I}(?:'ve| have)(?: got)?) (?:an? )?{_CONDITION}\b", _condition),
    rule("takes", rf"(?:{I_AM}|\bdoctor put me|\bput me) on {_MEDICINE}", _medicine),
    rule("named thing", rf"{_WE}(?:'ve| have| own| adopted| got|'ve got| have got| run) an? (?P<what>[a-z][a-z-]*(?: [a-z-]+){{0,3}}?),? (?:called|named) (?P<name>{PROPER})", _named_thing),
    rule("past", rf"{_WE} (?P<how>used to work (?:for|at|in|as)|worked (?:for|at|in) (?=.*\b(?:years|decades?|until|before)\b)|was (?:in|with) (?=.*\bfor .*(?:years|months))) (?P<what>{_OBJECT})", _past),
    rule("grew up", rf"{I} (?P<how>grew up (?:speaking|on|with)) (?P<what>{_OBJECT})", _past),
    rule("spent years", rf"{I}(?:'ve| have)?(?P<how> spent) (?P<what>(?:about |over )?{_NUMBER} years (?:at|in|as|with) {_OBJECT})", _past),
    rule("born in", rf"{I} was born in (?P<year>(?:19|20)\d\d|'\d\d)\b", _born),
    rule("can", rf"{I} (?P<can>can now|can't|cannot|can not|can) {_SKILL}\b(?=\s*(?:$|[.,;!]|\s(?:at all|now|and|but|so)\b))", _can),
    rule("has not", rf"{_WE} (?:don't|do not) (?:own|have) (?P<what>(?:an?|any) {_OBJECT})", _not_owned),
    rule("dated", rf"\b(?:my|our) (?P<of>(?:wedding )?anniversary|due date|name day)(?P<is>'s| is)(?: on)?(?: the)? (?P<what>{DATE})", _attribute),
)  # fmt: skip
"""What somebody does in life."""
