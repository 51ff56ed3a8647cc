"""Words that stand for each other when people speak of themselves: who asks where he lives is told of his home."""

import functools

from memory.recall.analysis import stems

_TOPICS = (
    "live lives living home house flat apartment address reside residence moved move city town based",
    "work job profession occupation career employer employed company position office earn",
    "drink drinks drinking beverage coffee tea sip",
    "eat eating food dish meal cuisine lunch dinner breakfast snack",
    "sport sports exercise workout training train gym fitness",
    "music listen listening song songs band playlist",
    "bank account banking",
    "notes note notebook journal",
    "name named called call",
    "old age years birthday born",
    "wife husband partner spouse married girlfriend boyfriend fiance",
    "car drive vehicle",
    "colour color colours colors",
    "language speak speaks speaking",
    "allergic allergy intolerant intolerance",
    "study studied university college school degree",
    "phone mobile handset",
    "computer laptop machine desktop",
    "medication medicine drug pill dose tablets",
    "hobby hobbies pastime leisure",
    "trip travel travelling holiday vacation journey flight",
    "buy bought purchase purchased ordered order",
    "price cost costs paid pay budget",
    "film movie series show watch watching",
    "book read reading novel author",
    "email mail message contact",
)
_GENERAL = (
    "favourite favorite like likes prefer prefers preferred preference best most love want wants wish use uses used using do "
    "kind type sort choose currently current now usually normally mostly often go get make have take keep"
)


@functools.cache
def topics() -> dict[str, int]:
    """The number of the topic of each word stem that has one."""
    return {stem: number for number, words in enumerate(_TOPICS) for stem in stems(words)}


@functools.cache
def general() -> frozenset[str]:
    """Stems that say that something is preferred or done, and not what."""
    return frozenset(stems(_GENERAL))


def matters(words: frozenset[str]) -> frozenset[str | int]:
    """What these stems are about: topics in place of their words, and general words left out."""
    known = topics()
    return frozenset(known.get(word, word) for word in words if word not in general())
