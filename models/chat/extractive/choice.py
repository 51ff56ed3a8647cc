"""Choosing the tools that a request calls for."""

import re
from dataclasses import dataclass

from models.chat.extractive.arguments import Reading, mentions_of, read_arguments
from models.chat.extractive.toolset import Toolset, ToolSpec
from models.chat.extractive.words import content_stems, words
from models.interfaces import Embedder

_SURE = 0.52
_SURE_TOLD = 0.46
_SURE_WITH_DATA = 0.36
_SURE_OF_QUESTION = 0.72
_SAME_REQUEST = 0.9
_ALONGSIDE = 0.12
_NAMED = 0.3
_CALLED = 0.15
"""What it is worth that a tool is called by a name that is its alone: more than most cosines are apart."""
_OWN_WORD = 0.03
_MOST_OWN_WORDS = 3
_CHOSEN = 0.08
_COMPLETE = 0.1
_UNABLE = 0.3
"""What it takes from a tool that it does not do what the request names and another tool does."""
_EXPLAINED = 0.12
_LIKELY = 0.5
_LIKELY_ASKED = 0.6
_LIKELY_NAMED = 0.35
"""Cosines from which a tool is taken for what is meant, where nothing else answers: of what is told to be done or of the user's own, of the rest, and of
a tool that is named by one who does not ask in general."""
_LONGEST_COMPARED = 400
_GREETING = r"^(?:(?:hi|hello|hey|please|so|ok|okay|and|thanks)[\s,!.]{1,9}){0,3}"
_ASKS_TO_KNOW = re.compile(
    _GREETING
    + r"(?:what|what's|why|how|when|where|which|who|is|are|does|do(?!\s(?:an?|the|me|this|my|our)\b)|should|can(?!\syou)|could(?!\syou)|explain|tell me about|describe|define)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(
    _GREETING
    + r"(?:explain|define|describe|tell me about|what (?:is|are|does|do)(?! (?:my|our|the (?:npv|irr|roas|p-value)))"
    r"|how (?:is|are|does|do(?: you)?|can (?:i|you)|to)\b.{0,60}\b(?:work|computed|calculated|compute|calculate|measured|defined|used|use|mean|means)\b"
    r"|why\b|when should|should i\b|difference between|meaning of|what's a\b|what's the (?:difference|meaning)|is (?:a|an|the|it)\b.{0,60}\b(?:good|bad|reliable|better|normal|high|low)\b)",
    re.IGNORECASE,
)
_ASKS_TO_DO = re.compile(
    r"\b(?:analy[sz]e|arrange|audit|balance|build|calculate|check|combine|compare|compute|convert|create|describe the|design|"
    r"benchmark|distribute|divide|do|draft|draw|estimate|evaluate|extract|fill|find|forecast|generate|give me|i need|i want|i'd like|"
    r"lay out|list|make|model|outline|plan|prepare|prioriti[sz]e|project|put|rank|schedule|score|set up|show|simulate|size|split|suggest|"
    r"only|just|turn|we need|work out|write)\b"
    r"|\A\W*(?:an?|some)\s+(?:[\w-]+\s+){1,4}?(?:for|that|which|who|to)\b(?!.*\?)",
    re.IGNORECASE,
)
_POINTS_AT_DATA = re.compile(
    r"\b(?:my|our|this|these|those|the following|attached|uploaded|pasted)\b[^.?!]{0,40}"
    r"\b(?:ads?|article|headlines?|homepage|bars|business|calendar|campaign|canvas|candles|cash|chart|closes|copy|csv|data|figures|file|headline|holdings|html|idea|"
    r"landing|list|loss|markup|newsletter|numbers|page|paragraph|portfolio|position|post|price|prices|series|site|source|spreadsheet|stake|"
    r"stop|table|test|text|values|website|liquidation|runway|burn|cac|ltv|roas|ctr|npv|irr)\b",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\b[A-Z0-9]{2,8}[/-]?(?:USDT|USDC|BUSD|USD|EUR|BTC|ETH)\b")
"""A traded pair, whose prices an exchange has."""
_EXPLAINS = re.compile(
    _GREETING
    + r"(?:explain|define|describe|tell me about|how\b(?! (?:high|low|strong|much)\b)|why\b|when\b|should\b)",
    re.IGNORECASE,
)
_OURS = re.compile(r"\b(?:my|our|we|us)\b", re.IGNORECASE)
_LABELS = re.compile(r"[A-Za-z]{3,}\s?:\s")
_DATA = re.compile(r"[\d:\"“«]")
"""Where what is asked for ends and what is given begins."""
_ONLY = re.compile(r"\b(?:only|just|nothing but|solely)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A tool with how well it fits the request (0 to about 1.5), what could be read, and what it was compared by."""

    tool: ToolSpec
    fit: float
    reading: Reading
    nearest: str
    cosine: float
    named: bool
    """Whether the request says words of its name."""
    called: bool = False
    """Whether the request calls it by its whole name, or by an abbreviation or choice that is its alone."""
    lacks: str | None = None
    """An operation that the request names and the tool does not do."""


@dataclass(frozen=True)
class Manner:
    """How a request is put."""

    asks: bool
    """It is a question."""
    defines: bool
    """It asks what something is, means or how it works."""
    acts: bool
    """It tells to do something."""
    points: bool
    """It points at data of the user's own."""
    pair: bool
    """It names a pair that is traded, and asks for no explanation."""
    data: bool
    """There is data in it: numbers, quotations, markup, labelled lists."""
    only: bool

    @classmethod
    def of(cls, request: str) -> "Manner":
        """The manner of a request, by its first sentences."""
        found = mentions_of(request)
        beginning = found.wording[:_LONGEST_COMPARED].strip()
        asks = _ASKS_TO_KNOW.match(beginning) is not None
        texts = found.texts
        return cls(
            asks=asks,
            defines=_DEFINES.match(beginning) is not None,
            acts=_ASKS_TO_DO.search(beginning) is not None,
            points=_POINTS_AT_DATA.search(beginning) is not None,
            pair=_PAIR.search(beginning) is not None and not _EXPLAINS.match(beginning),
            data=bool(found.quantities or texts.quotes or texts.markup or texts.fenced or texts.table)
            or _LABELS.search(beginning) is not None,
            only=_ONLY.search(beginning) is not None,
        )


async def choose_tools(
    request: str, toolset: Toolset, embedder: Embedder, *, forced: bool = False, strict: bool = True
) -> tuple[list[Candidate], Candidate | None]:
    """The tools to call with their arguments, and the tool that would be called if what it lacks were given.

    A number of the request that no argument takes is asked about before anything is computed, unless not `strict`.

    Several tools are called only where each works on the request as a whole. `forced` calls the best-fitting
    readable tool however weakly it fits.
    """
    if not toolset.tools or not request.strip():
        return [], None
    manner = Manner.of(request)
    ranked = await _rank(request, toolset, embedder, manner, every=forced)
    if not ranked:
        return [], None
    if forced:
        ready = [candidate for candidate in ranked if not candidate.reading.missing]
        return (ready[:1], None) if ready else ([], ranked[0])
    complete = [c for c in ranked if not c.reading.missing and not c.lacks and _is_called_for(c, manner)]
    ready = [c for c in complete if not (strict and c.reading.unexplained)]
    if ready and ready[0].fit >= ranked[0].fit - _ALONGSIDE:
        return _together(ready, manner, toolset), None
    return [], _wanting(ranked[0], complete, manner)


async def likely_tool(request: str, toolset: Toolset, embedder: Embedder) -> Candidate | None:
    """The tool that a request seems to name, which nothing was found to answer; None where it asks for no work of a tool.

    More is taken for a task here than by `choose_tools`, as the request is declined otherwise.
    """
    manner = Manner.of(request)
    beginning = mentions_of(request).wording[:_LONGEST_COMPARED].strip()
    own = manner.points or manner.data or _OURS.search(beginning) is not None
    if not (request.strip() and toolset.tools) or manner.defines or (_EXPLAINS.match(beginning) and not own):
        return None
    ranked = await _rank(request, toolset, embedder, manner, every=True)
    least = _LIKELY if own or (manner.acts and not manner.asks) else _LIKELY_ASKED
    near = _LIKELY_NAMED if own or not manner.asks else least
    return next((c for c in ranked if c.cosine >= (near if c.called or c.named else least)), None)


def _wanting(best: Candidate, complete: list[Candidate], manner: Manner) -> Candidate | None:
    """The tool to ask about, where none can be called yet."""
    if best.lacks:
        return best if best.reading.figures or manner.acts else None
    if best.reading.missing and _is_worth_asking(best, manner):
        return best
    if complete and complete[0].fit >= best.fit - _ALONGSIDE:
        return complete[0]
    nothing = not best.reading.missing and not best.reading.literal and not best.tool.takes_text_only
    return best if nothing and best.called and not manner.defines else None


def _is_called_for(candidate: Candidate, manner: Manner) -> bool:
    tool, reading, fit = candidate.tool, candidate.reading, candidate.fit
    if candidate.called and not manner.defines and (reading.literal or tool.takes_text_only):
        given = reading.figures > 0 or (tool.tells_its_text and manner.data)
        told = tool.takes_text_only and manner.acts and manner.data
        if not manner.asks or manner.points or manner.pair or given or told:
            return True
        if not tool.takes_text_only:
            return False
    if candidate.cosine >= _SAME_REQUEST and (manner.acts or not manner.defines):
        return True
    if tool.takes_text_only:
        return _is_design(fit, manner)
    if tool.works_on_rows and not any(isinstance(value, list) for value in reading.values.values()):
        return _has_rows(candidate, manner)
    if reading.figures:
        return fit >= (_SURE if manner.defines else _SURE_WITH_DATA)
    return not manner.defines and fit >= (_SURE if manner.acts or manner.points else _SURE_OF_QUESTION)


def _has_rows(candidate: Candidate, manner: Manner) -> bool:
    """Whether a request that holds no row of numbers holds or names what has them: bars, data of the user's, a pair."""
    meant = candidate.named or candidate.called or candidate.tool.choices_in(candidate.reading.values) > 0
    if _holds_bars(candidate.reading) or (manner.pair and meant):
        return candidate.fit >= _SURE_WITH_DATA
    return candidate.fit >= _SURE and (manner.points or (manner.acts and not manner.asks))


def _is_design(fit: float, manner: Manner) -> bool:
    """Whether a request that is taken as a whole is meant for such work, and does not ask about it."""
    if manner.defines and not manner.data:
        return False
    if manner.acts and not manner.asks:
        return fit >= _SURE_TOLD
    return fit >= (_SURE if manner.data else _SURE_OF_QUESTION)


def _holds_bars(reading: Reading) -> bool:
    """Whether a request that was taken as a whole holds a table or labelled figures."""
    for value in reading.values.values():
        if isinstance(value, str):
            found = mentions_of(value)
            if found.texts.table or found.quantities >= 4:  # noqa: PLR2004  # a bar has four prices
                return True
    return False


def _is_worth_asking(candidate: Candidate, manner: Manner) -> bool:
    if candidate.called and not manner.defines:
        return True
    if candidate.fit < _SURE or (manner.defines and not (candidate.reading.figures or manner.points)):
        return False
    return (
        candidate.reading.figures > 0
        or manner.points
        or (manner.acts and not manner.asks)
        or (candidate.reading.literal > 0 and not manner.asks)
    )


def _together(ready: list[Candidate], manner: Manner, toolset: Toolset) -> list[Candidate]:
    """The best tool, and with it those that the same example calls for or that the request names as well."""
    first = ready[0]
    if not first.tool.takes_text_only:
        return [first]
    others = [c for c in ready[1:] if c.tool.takes_text_only]
    if manner.only and first.named:
        chosen = [first, *(c for c in others if c.named and c.fit >= first.fit - _ALONGSIDE / 4)]
    else:
        chosen = [
            first,
            *(c for c in others if c.nearest == first.nearest and c.fit >= first.fit - _ALONGSIDE),
            *(c for c in others if c.nearest != first.nearest and _named_with(first, c)),
        ]
    order = {tool.name: place for place, tool in enumerate(toolset.tools)}
    return sorted(chosen, key=lambda candidate: order[candidate.tool.name])


def _named_with(first: Candidate, other: Candidate) -> bool:
    """Whether the request names both, and both read the same of it."""
    return first.named and other.named and first.tool.reads == other.tool.reads


async def _rank(
    request: str, toolset: Toolset, embedder: Embedder, manner: Manner, *, every: bool
) -> list[Candidate]:
    """Every tool that may be meant, best fit first: cosine to its nearest example, its name's words in the request, what it can read."""
    wording = mentions_of(request).wording
    vectors = await embedder.embed([wording[:_LONGEST_COMPARED]])
    nearest = toolset.nearest(vectors[0])
    stems = set(content_stems(wording[: 4 * _LONGEST_COMPARED]))
    said = stems | set(words(wording[: 4 * _LONGEST_COMPARED]))
    beginning = words(_DATA.split(wording, maxsplit=1)[0])
    unique = toolset.unique_words(stems)
    ranked = []
    for tool, (cosine, example), own in zip(toolset.tools, nearest, unique, strict=True):
        reading = read_arguments(tool.signature, request)
        called = tool.is_called(said, toolset)
        if (
            not every
            and tool.lacks_request(reading.missing)
            and not (called or tool.is_called_by(stems))
            and not (manner.points and not manner.data and tool.tells_its_text)
        ):
            continue  # it is about something else: what such a tool works on is not in it, nor is the tool asked for
        share = tool.named_by(stems)
        fit = cosine + _NAMED * share + _CHOSEN * tool.choices_in(reading.values)
        if not tool.takes_text_only:
            fit += _CALLED * called + _OWN_WORD * min(own, _MOST_OWN_WORDS)
        if tool.takes_text_only and tool.holds_request(reading.values):
            fit += _COMPLETE
        if reading.figures and not tool.takes_text_only:
            fit += (
                0.0 if reading.missing else _COMPLETE * min(1.0, 2 * reading.explained)
            ) + _EXPLAINED * reading.explained
        if tool.takes_text_only and tool.tells_its_text and manner.data:
            fit += _COMPLETE + _EXPLAINED
        lacks = None if tool.takes_text_only else tool.lacks_operation(beginning)
        ranked.append(Candidate(tool, fit, reading, example, cosine, share > 0, called, lacks))
    able = any(tool.does_operation(beginning) for tool in toolset.tools)
    return sorted(ranked, key=lambda c: -(c.fit - (_UNABLE if able and c.lacks else 0.0)))
