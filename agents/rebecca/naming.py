"""Names in the forms that SQL, OpenAPI and prose need, made out of words that a stranger wrote."""

import re
import unicodedata

# PostgreSQL 18, pg_get_keywords(): reserved (R) and reserved but for functions and types (T).
RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
    collation column concurrently constraint create cross current_catalog current_date current_role
    current_schema current_time current_timestamp current_user default deferrable desc distinct do else end
    except false fetch for foreign freeze from full grant group having ilike in initially inner intersect
    into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null
    offset on only or order outer overlaps placing primary references returning right select session_user
    similar some symmetric system_user table tablesample then to trailing true union unique user using
    variadic verbose when where window with
    """.split()
)
# What every table has already, and what PostgreSQL keeps for itself.
_TAKEN = frozenset("id created_at updated_at oid ctid xmin xmax cmin cmax tableoid".split())
_DOUBLING = 5  # only short verbs double their last letter: `plan`, and not `deliver`
_LONGEST = 40  # leaves room for the prefixes and suffixes of constraint names under PostgreSQL's 63 bytes

_IRREGULAR = {
    "person": "people",
    "ferryman": "ferrymen",
    "journeyman": "journeymen",
    "fireman": "firemen",
    "craftsman": "craftsmen",
    "fisherman": "fishermen",
    "salesman": "salesmen",
    "chairman": "chairmen",
    "goose": "geese",
    "ox": "oxen",
    "medium": "media",
    "bacterium": "bacteria",
    "alga": "algae",
    "larva": "larvae",
    "fungus": "fungi",
    "hypothesis": "hypotheses",
    "thesis": "theses",
    "axis": "axes",
    "wife": "wives",
    "midwife": "midwives",
    "calf": "calves",
    "half": "halves",
    "wolf": "wolves",
    "thief": "thieves",
    "hoof": "hooves",
    "child": "children",
    "man": "men",
    "woman": "women",
    "foot": "feet",
    "tooth": "teeth",
    "mouse": "mice",
    "analysis": "analyses",
    "diagnosis": "diagnoses",
    "curriculum": "curricula",
    "life": "lives",
    "knife": "knives",
    "leaf": "leaves",
    "shelf": "shelves",
    "loaf": "loaves",
    "quiz": "quizzes",
    "bus": "buses",
    "gas": "gases",
    "lens": "lenses",
    "hero": "heroes",
    "potato": "potatoes",
    "tomato": "tomatoes",
}
_PARTICIPLES = {
    "fell": "felled",
    "cut": "cut",
    "set": "set",
    "sell": "sold",
    "build": "built",
    "hold": "held",
    "feed": "fed",
    "breed": "bred",
    "write": "written",
    "send": "sent",
    "give": "given",
    "wind": "wound",
    "fly": "flown",
    "drive": "driven",
    "grind": "ground",
    "weave": "woven",
    "sew": "sewn",
    "sow": "sown",
    "mow": "mown",
    "bind": "bound",
    "hang": "hung",
    "teach": "taught",
    "put": "put",
    "cast": "cast",
    "split": "split",
}
_SINGULARS = {many: one for one, many in _IRREGULAR.items()}
_UNCOUNTED = frozenset(
    "staff equipment furniture luggage inventory stock news series species sheep fish homework feedback information "
    "advice data media software hardware content merchandise jewelry jewellery".split()
)
_ENDS_IN_S = ("ss", "us", "is", "ics")


def singular(word: str) -> str:
    """The singular of an English noun in lower case; a phrase changes in its last word only."""
    head, _, last = word.rpartition(" ")
    return f"{head} {_singular(last)}".strip()


def plural(word: str) -> str:
    """The plural of an English noun in lower case; a phrase changes in its last word only."""
    head, _, last = word.rpartition(" ")
    return f"{head} {_plural(last)}".strip()


def is_plural(word: str) -> bool:
    """Whether an English noun in lower case is a plural, or a singular that takes a plural verb (staff, police)."""
    if word in _SINGULARS or word in {"staff", "police", "cattle", "personnel", "crew"}:
        return True
    return word.endswith("s") and singular(word) != word


def with_article(noun: str) -> str:
    """`an appointment`, `a client`; nothing before what is not counted."""
    if noun.rpartition(" ")[2] in _UNCOUNTED:
        return noun
    vowel = noun[:1] in "aeiou" and not re.match(r"(?:uni(?!n)|use|usa|eu|one)", noun)
    return f"{'an' if vowel or re.match(r'(?:hour|honest|heir)', noun) else 'a'} {noun}"


def listed(items: tuple[str, ...] | list[str], *, last: str = "and") -> str:
    """`a, b and c`; empty for nothing."""
    if len(items) < 2:  # noqa: PLR2004 - a list of two is the first that needs a joint
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def snake(words: str, *, fallback: str = "item") -> str:
    """ASCII snake_case of at most 40 characters that starts with a letter; it may be a reserved word."""
    ascii_words = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode("ascii").lower()
    name = re.sub(r"[^a-z0-9]+", "_", ascii_words[: _LONGEST * 4]).strip("_")
    name = name[:_LONGEST].rstrip("_") or fallback
    return f"n{name}"[:_LONGEST] if name[0].isdigit() else name


def identifier(words: str) -> str:
    """A name that may stand alone in SQL: as `snake`, and never a word PostgreSQL reserves."""
    name = snake(words)
    return f"{name}_entry" if name in RESERVED or name in _TAKEN else name


def past_participle(verb: str) -> str:
    """The state a thing is in after a verb: `inspect` gives `inspected`."""
    first, _, rest = verb.partition(" ")
    past = _PARTICIPLES.get(first)
    if past is None:
        if first.endswith("e"):
            past = f"{first}d"
        elif len(first) > 2 and first[-1] == "y" and first[-2] not in "aeiou":  # noqa: PLR2004 - a stem and its y
            past = f"{first[:-1]}ied"
        else:
            doubles = (
                len(first) <= _DOUBLING
                and first[-1] in "bdgmnpt"
                and first[-2:-1] in tuple("aeiou")
                and first[-3:-2] not in tuple("aeiou")
            )
            past = f"{first}{first[-1]}ed" if doubles else f"{first}ed"
    return snake(f"{past} {rest}".strip())


def pascal(snake: str) -> str:
    """`nail_technician` as `NailTechnician`."""
    return "".join(part[:1].upper() + part[1:] for part in snake.split("_") if part)


def camel(snake: str) -> str:
    """`create_nail_technician` as `createNailTechnician`."""
    name = pascal(snake)
    return name[:1].lower() + name[1:]


def kebab(snake: str) -> str:
    """`nail_technicians` as `nail-technicians`."""
    return snake.replace("_", "-")


def _singular(word: str) -> str:
    if word in _UNCOUNTED or word.endswith(_ENDS_IN_S) or word in _IRREGULAR:
        return word
    if word in _SINGULARS:
        return _SINGULARS[word]
    if word.endswith("ies") and len(word) > len("pies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "sses", "xes", "zzes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and len(word) > len("gas") else word


def _plural(word: str) -> str:
    if word in _UNCOUNTED or word in _SINGULARS or not word:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("s") and not word.endswith(_ENDS_IN_S):
        return word
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    if word.endswith(("ch", "sh", "s", "x", "z")):
        return f"{word}es"
    return f"{word}s"
