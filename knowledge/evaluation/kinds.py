"""What kind of question one is, by its words: the aspects of a subject that quality looks for in answers."""

import re
from typing import Final

OTHER: Final = "other"
_KINDS: Final = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        (
            "comparison",
            r"\bcompar|\bversus\b|\bvs\b|\bdiffer|\bdistinguish|\brather than\b|\binstead of\b|\b(?:better|more|less|worse)\b.*\bthan\b|\bbetween\b.*\band\b",
        ),
        ("calculation", r"\bformula|\bcalculat|\bcomput|\bderiv(?:e|ed|ation)\b|\bmathematic|\bequation"),
        (
            "limits",
            r"\blimit(?:s|ation)|\brisks?\b|\bpitfall|\bdrawback|\bdisadvantage|\bmistake|\bmislead|\bfalse\b|\bfail|\bchalleng|\bwrong\b|\bunreliab|\bcautio|\bavoid",
        ),
        (
            "settings",
            r"\bperiods?\b|\bparameter|\bsettings?\b|\bthresholds?\b|\bdefaults?\b|\btime ?frames?\b|\boptimi[sz]|\boptimal\b",
        ),
        (
            "reading",
            r"\bsignal|\bindicat(?:e|es|ing)\b|\binterpret|\bsuggest|\bbullish\b|\bbearish\b|\boverbought|\boversold|\bdivergence|\bread\b|\btell\b",
        ),
        (
            "use",
            r"\bstrateg|\bus(?:e|es|ed|ing)\b|\bappl(?:y|ied|ication)|\bcombin|\bintegrat|\bentry\b|\bentries\b|\bexits?\b|\bstop[- ]loss|\bposition|\bimplement|\btraders?\b",
        ),
        ("definition", r"^\W*(?:what|which)\b|\bdefin|\bexplain\b|\bdescribe\b|\bmeans?\b|\bconcept\b"),
    )
)
KINDS: Final = (*(name for name, _ in _KINDS), OTHER)


def kind_of(question: str) -> str:
    """The first of `KINDS` that the words of a question speak of; `other` where they speak of none."""
    return next((name for name, pattern in _KINDS if pattern.search(question)), OTHER)
