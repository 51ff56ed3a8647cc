"""What a request wants to know: its parts, each with its content words and its kind of question."""

import re
from dataclasses import dataclass

from models.chat.extractive.words import content_stems

_PARTS = re.compile(
    r"[?!;]\s+|[.]\s+(?=[A-Z])|,?\s+(?:and|but|also|plus|or)\s+(?=(?:when|how|why|what|where|which|who|should|is|are|can|does|do|explain|give|list)\b)",
    re.IGNORECASE,
)
_LONGEST_REQUEST = 2_000
_MOST_PARTS = 4
_MOST_OF_SUBJECT = 0.6
_SUBJECT = 6
"""Content words in which a definition names what it defines."""
_GENERIC = frozenset(
    content_stems(
        "indicator pattern metric ratio model analysis strategy concept term token method tool technique theory crypto bitcoin "
        "trading trader market cryptocurrency formula difference calculated computed"
    )
)
"""Words that say what kind of thing is asked about, and not which."""
_DEFINES = re.compile(
    r"\b(?:(?:is|are)(?!\s(?:calculated|computed|used|often|also|not|important|typically|usually|more|less|\w+ing\b))|refers? to|means?|measures?|describes?|denotes?|represents?|was (?:developed|created|introduced|published)|consists? of)\b",
    re.IGNORECASE,
)
_KINDS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(answered, re.IGNORECASE))
    for asked, answered in (
        (
            r"\bwhen\b|\bshould i\b|\buse(?:d|ful)?\b|\bapply\b",
            r"\b(?:use[ds]?|using|useful|when|best|works?|suits?|suited|mainly|typically|traders?|avoid|apply|applied)\b",
        ),
        (
            r"\bhow (?:is|are|do|does|to|can)\b.*\b(?:calculat|comput|measur|work|deriv|formula)|\bcalculat|\bcomput|\bformula\b",
            r"\b(?:calculat\w*|comput\w*|formula|divid\w*|multipl\w*|minus|average|ratio of|equals?|sum of)\b|=",
        ),
        (
            r"\bwhy\b|\breasons?\b|\bcauses?\b",
            r"\b(?:because|since|due to|reasons?|caus\w+|leads? to|so that|therefore|means that)\b",
        ),
        (
            r"\bhow (?:do|does|to|can|should)\b|\bsteps?\b",
            r"\b(?:first|then|start|begin|step|should|set|choose|use|place|wait|check|by \w+ing)\b",
        ),
        (
            r"\brisks?\b|\blimit|\bdrawbacks?\b|\bdisadvantages?\b|\bdangers?\b|\bproblems?\b|\bwrong\b",
            r"\b(?:risks?|limit\w*|drawbacks?|disadvantages?|false|fails?|however|lag\w*|cannot|danger\w*|losses|weak\w*|vulnerab\w*)\b",
        ),
        (
            r"\bbenefits?\b|\badvantages?\b|\bpros\b|\bstrengths?\b",
            r"\b(?:benefits?|advantages?|helps?|allows?|enables?|reduc\w+|improv\w+|better)\b",
        ),
        (
            r"\bdifferen\w+|\bcompare[ds]?\b|\bversus\b|\bvs\b",
            r"\b(?:while|whereas|unlike|differ\w*|compared|than|both|instead)\b",
        ),
        (r"\bhow (?:much|many|often|long|high|low)\b|\bwhat (?:level|value|settings?|period)", r"\d"),
        (r"\bexamples?\b", r"\b(?:for example|for instance|such as|examples?|e\.g)\b|\d"),
    )
)
_WHAT_IS = re.compile(
    r"\b(?:what(?:'s| is| are| was| were| does| do)|define|meaning of|explain|describe|tell me about)\b(?!\s+(?:the\s+)?(?:best|difference|risks?|benefits?|advantages?|steps?|formula))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Aim:
    """One part of a request."""

    stems: frozenset[str]
    defines: bool
    """It asks what something is."""
    answered: re.Pattern[str] | None
    """What sentences that answer this kind of question say."""
    has_figures: bool = False
    """There is a number in it."""

    @property
    def subject(self) -> frozenset[str]:
        """The stems that say which thing is asked about, without those that say what kind of thing it is."""
        return self.stems - _GENERIC or self.stems

    @property
    def names_something(self) -> bool:
        """Whether it says which thing is asked about, and not only what is done with it, as "how is it computed"."""
        return bool(self.stems - _GENERIC)

    def fits(self, text: str) -> bool:
        """Whether a sentence speaks in the manner of an answer to this part."""
        return self.answered is not None and self.answered.search(text) is not None


def read_aims(request: str) -> list[Aim]:
    """The parts of a request, at most four; a request without content words has none."""
    parts = [part for part in _PARTS.split(request[:_LONGEST_REQUEST]) if part.strip()]
    aims = []
    for part in parts[:_MOST_PARTS]:
        answered = next((answer for asked, answer in _KINDS if asked.search(part)), None)
        stems = frozenset(content_stems(part))
        defines = _WHAT_IS.search(part) is not None
        if stems or answered is not None:
            figures = any(sign.isdigit() for sign in part)
            aims.append(Aim(stems, defines=defines, answered=answered, has_figures=figures))
    return aims


def defines_topic(text: str, opening: tuple[str, ...], subject: frozenset[str]) -> bool:
    """Whether a sentence begins with the subject and says what it is."""
    said = subject.intersection(opening[:_SUBJECT])
    if not said or len(said) < _MOST_OF_SUBJECT * len(subject):
        return False
    verb = _DEFINES.search(text)
    return verb is not None and verb.start() < max(90, len(text) // 2)
