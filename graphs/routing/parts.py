"""Taking a message apart into the requests in it, and telling a follow-up from a new request."""

import re
from dataclasses import dataclass
from typing import Literal

_ASKS = (
    "what|what's|how|why|when|where|which|who|is|are|can|could|should|do|does|compute|calculate|work out|write|give|tell|"
    "explain|describe|define|design|create|generate|build|show|find|audit|check|review|estimate|plan|draft|make|prepare|"
    "suggest|recommend|compare|analy[sz]e|summari[sz]e|list|name|score|split|help|run|set up|sketch|rank|price|fill|size (?:the|a|up|my|our)|forecast (?:the|my|our|revenue|sales)|"
    # Spanish, German and Russian imperatives and question words
    "qué|cómo|cuál(?:es)?|cuánto|cuánta|por qué|calcula|escribe|explica|explícame|dime|dame|crea|diseña|haz|genera|estima|analiza|compara|"
    "planifica|evalúa|redacta|muestra|hazme|quién|dónde|sugiere|propón|prepara|busca|revisa|comprueba|traza|resume|pon|monta|elabora|"
    "was (?:ist|sind|bedeutet|kostet)|wie|warum|welche\\w*|wann|berechne|rechne|schreib\\w*|erklär\\w*|sag|gib|erstell\\w*|entwirf|bau\\w*|zeig\\w*|schätz\\w*|plan\\w*|"
    "vergleich\\w*|bewert\\w*|ermittl\\w*|prüf\\w*|ermittle|wer|wo|was|mach\\w*|nenn\\w*|such\\w*|find\\w*|verfass\\w*|formulier\\w*|erzeug\\w*|"
    "teste?|schlag|generier\\w*|"
    "что|как|какой|какая|какие|почему|сколько|посчитай|рассчитай|вычисли|напиши|объясни|расскажи|дай|создай|сделай|спроектируй|"
    "оцени|покажи|составь|сравни|проанализируй|придумай|подготовь|сгенерируй|кто|где|чем|зачем|проверь|найди|подбери|посоветуй|"
    "разработай|опиши|назови|спланируй|посмотри|считай|прикинь|предложи"
)
_THEN = r"then|after that|afterwards|next|finally|luego|después|entonces|dann|danach|anschließend|затем|потом|после этого"
_ALSO = r"also|please|secondly|también|además|auch|außerdem|также|ещё|еще"
_JOINT = re.compile(
    r"(?P<strong>(?<=[.!?])\s+(?=\S)|\s*;\s+|\n+)"
    rf"|(?P<adds>,?\s+(?:(?:and|y|und|и|а)\s+)?(?:(?P<then>{_THEN})|{_ALSO}|plus|as well as)\s*,?\s+(?=[^\W\d_]))"
    rf"|(?:,|,?\s+(?:and|y|e|und|и|а))\s+(?=(?:please\s+)?(?:{_ASKS})\b)"
    r"|(?P<noun>,?\s+(?:and|plus)\s+(?=(?:the|an?|my|our|its)\s))",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[-*•])\s+")
_REFERS_BACK = re.compile(
    r"\b(?:it|its|that|this|them|they|those|these|he|she|same|previous|above|earlier|"
    r"(?:para|de|con|sobre) (?:ello|eso|esto|él|ella)|lo vend\w+|dafür|davon|damit|daraus|darauf|dessen|"
    r"das(?=\W*$)|eso|esto|"
    r"для (?:него|неё|нее|них|этого)|на основе этого|по нему|по ним|его|её|это)\b",
    re.IGNORECASE,
)
_STATES = re.compile(
    r"^(?:i|we|my|our|it|they|there|people|customers|users|clients|guests|this|that|he|she|"
    r"(?:the|an?)(?=\b.*\b(?:is|are|was|were|has|have|had|can|will|would|could|must|do|does|did|needs?|wants?|costs?|sells?|pays?|opens?)\b))\b"
    r"(?!.*\?\s*$)"
    r"(?!\s+(?:want|need|require|request|would (?:like|also like|welcome|appreciate)|wanna|have to know|wonder)\b)(?!'d like)"
    r"(?!\s+are \w+ (?:things|questions|requests)\b)",
    re.IGNORECASE | re.DOTALL,
)
_FILLS = re.compile(r"^(?:[^\W\d_]+\s+){0,2}[^\W\d_]+\s*(?::|=)\s", re.IGNORECASE)
"""How an entry of a form begins: "Customer segments: students"."""
_CONNECTS = re.compile(
    r"^(?:and|or|but|now|then|also|so|what about|how about|what if|instead|same|again|why|which one|"
    r"make (?:it|that)|use|with|without|for|at|try|in (?:simpler|other|plain|more) \w+|"
    r"y|o|pero|ahora|entonces|también|qué tal|y si|en vez de|lo mismo|otra vez|por qué|cuál de (?:ellos|ellas)|hazlo|con|sin|para|"
    r"und|oder|aber|jetzt|dann|auch|was ist mit|wie wäre es mit|stattdessen|dasselbe|nochmal|warum|wieso|mach es|mit|ohne|für|bei|"
    r"и|а|или|но|теперь|тогда|тоже|а если|вместо|то же|ещё раз|еще раз|почему|сделай (?:его|её|ее|это)|с|со|без|для|при)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^(?:please\s+|ok(?:ay)?,?\s+|can you\s+|could you\s+|bitte\s+|por favor,?\s+|пожалуйста,?\s+)?"
    r"(?:go on|continue|more|tell me more|elaborate|shorter|longer|in detail|"
    r"more details?|(?:give (?:me )?)?(?:an?|another|one more) example|for example|why(?: is that| so)?|how so|"
    r"explain (?:it|that|this)|show (?:me )?how|another one|are you sure|how sure|in (?:english|german|spanish|russian)\W*(?:please\W*)?$|"
    r"sigue|continúa|más(?: detalles| corto| largo)?|cuéntame más|otro ejemplo|por ejemplo|por qué|explícalo|otr[oa] más|"
    r"estás segur[oa]|en (?:inglés|alemán|español|ruso)\W*(?:por favor\W*)?$|"
    r"weiter|mach weiter|mehr(?: details)?|erzähl mehr|kürzer|länger|genauer|noch ein beispiel|zum beispiel|warum|wieso|erklär (?:es|das)|noch (?:einer|eine|einen|eins)|"
    r"bist du sicher|wie sicher|auf (?:englisch|deutsch|spanisch|russisch)\W*(?:bitte\W*)?$|"
    r"продолжай|дальше|ещё|еще|подробнее|короче|длиннее|расскажи больше|другой пример|например|почему|объясни это|ещё один|еще один|"
    r"ты уверен[аы]?|(?:на|по)[ -](?:английском|немецком|испанском|русском|английски|немецки|испански|русски)\W*$)\b",
    re.IGNORECASE,
)
_REQUESTS = re.compile(rf"^(?:please\s+)?(?:{_ASKS})\b", re.IGNORECASE)
_TOLD = re.compile(
    r"^(?:please\s+)?(?:tell me (?:about|what|how|why)|explain|describe|define|what(?:'s| is| are)|how (?:do|does|is|are)|why)\b"
    r"(?!.*\b(?:my|our)\b)",
    re.IGNORECASE | re.DOTALL,
)
_FIGURE = re.compile(r"\d")
_BEGINS_THEN = re.compile(rf"^\W*(?:(?:and|y|und|и|а)\s+)?(?:{_THEN})\b", re.IGNORECASE)
_WORKS = re.compile(
    r"\b(?:compute|calculate|work out|size|estimate|forecast|project|design|create|generate|build|draft|write|plan|value|make|suggest|sketch|"
    r"calcula|estima|diseña|crea|genera|escribe|redacta|planifica|haz|prepara|elabora|sugiere|propón|"
    r"berechne|rechne|schätz\w*|entwirf|erstell\w*|bau\w*|schreib\w*|plane|mach|mache|verfass\w*|erzeug\w*|formulier\w*|generier\w*|"
    r"посчитай|рассчитай|вычисли|оцени|создай|сделай|спроектируй|напиши|составь|сгенерируй|придумай|подготовь|разработай|спланируй|предложи)\b",
    re.IGNORECASE,
)
_SHORT = 5
_LONGEST_FOLLOW_UP = 12
_FEWEST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message."""

    text: str
    refers_back: bool
    """It points to something said before it ("it", "that")."""
    states: bool
    """It tells something and asks nothing."""
    in_sentence: bool = False
    """Only a comma or an "and" parts it from what stands before it, or an "also" that no request's verb follows."""
    adds: bool = False
    """It is a request beside the one before: "also" or "then" leads to it, or a verb that asks begins it."""
    apart: bool = False
    """It was read already, and is surely for another specialist than what stands beside it."""
    then: bool = False
    """It is to be done after what stands before it: "then" leads to it."""

    @property
    def works(self) -> bool:
        """Whether it asks for something to be made or worked out, on which a later part may build."""
        return bool(_WORKS.search(self.text) or _FIGURE.search(self.text))

    @property
    def wants(self) -> Literal["knowledge", "figures", ""]:
        """Whether it asks to be told something, or gives figures to work with; empty where it is neither surely."""
        if _FIGURE.search(self.text):
            return "figures"
        return "knowledge" if _TOLD.match(self.text) else ""


def split_parts(message: str) -> list[Part]:
    """The parts of a message that may be requests of their own, in order; a fragment stays with the part before it.

    Quoted texts, code, markup and tables are not taken apart.
    """
    if any(mark in message.lower() for mark in ("```", "<html", "<!doctype", "<body", "<head")):
        return [_part(message)]
    pieces: list[tuple[str, re.Match[str] | None]] = []
    begins = position = 0
    led_by: re.Match[str] | None = None
    for joint in [*_JOINT.finditer(message), None]:
        end = joint.start() if joint else len(message)
        piece = message[position:end]
        if pieces and (_is_fragment(piece) or _inside_quotes(message, position)):
            pieces[-1] = (message[begins:end], *pieces[-1][1:])
        elif piece.strip():
            pieces.append((piece, led_by))
            begins = position
        if joint:
            position, led_by = joint.end(), joint
    return [_part(piece, led_by) for piece, led_by in pieces]


def is_follow_up(message: str) -> bool:
    """Whether the message leans on what was said before: it connects to it, points back, or is too short to stand."""
    words = message.split()
    if len(words) > _LONGEST_FOLLOW_UP:
        return False
    return continues(message) or refers_back(message) or len(words) < _SHORT


def continues(message: str) -> bool:
    """Whether it begins as only the continuation of something can: "and for 14 days?", "go on", "why is that?"."""
    begins = _bare(message)
    return bool(_CONNECTS.match(begins) or _CONTINUES.match(begins))


def refers_back(message: str) -> bool:
    """Whether it points to something said before ("it", "that")."""
    return bool(_REFERS_BACK.search(message))


def only_continues(message: str) -> bool:
    """Whether it asks for more of the same and names nothing else."""
    return bool(_CONTINUES.match(_bare(message)))


def asks_anew(message: str) -> bool:
    """Whether after what connects it to what was said before it goes on as a request of its own: "and what is staking?"."""
    begins = _bare(message)
    connected = _CONNECTS.match(begins)
    return connected is not None and bool(_REQUESTS.match(begins[connected.end() :].lstrip(" ,")))


def _bare(message: str) -> str:
    return message.strip().lstrip("¿¡ ")


def _part(piece: str, led_by: re.Match[str] | None = None) -> Part:
    """A part, and by which joint it is led to."""
    text = _NUMBERED.sub("", piece).strip()
    requests = bool(_REQUESTS.match(text))
    added, weakly, then, noun = (
        (
            led_by["adds"] is not None,
            led_by["strong"] is None,
            led_by["then"] is not None,
            led_by["noun"] is not None,
        )
        if led_by
        else (False, False, False, False)
    )
    then = then or _BEGINS_THEN.match(text) is not None
    return Part(
        text,
        refers_back(text),
        bool(_STATES.match(text) or (led_by and _FILLS.match(text))) and not (then or noun),
        in_sentence=weakly and not (added and requests),
        then=then,
        adds=added or requests,
    )


def _is_fragment(piece: str) -> bool:
    return len(re.findall(r"[^\W\d_]{2,}", piece)) < _FEWEST_WORDS


def _inside_quotes(message: str, position: int) -> bool:
    return message.count('"', 0, position) % 2 == 1 or message.count("“", 0, position) > message.count(
        "”", 0, position
    )
