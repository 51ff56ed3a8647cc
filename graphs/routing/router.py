"""The router: a calibrated classifier decides, a model is asked when it is unsure, and nothing is forced."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import chain
from pathlib import Path

import numpy as np
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool
from pydantic import BaseModel

from agents import Charter, UnknownAgent
from graphs.routing.classifier import Classifier, Examples, Labelled, learn
from graphs.routing.dividing import Reading, divide
from graphs.routing.interfaces import Kind, Route, Task
from graphs.routing.parts import (
    Part,
    asks_anew,
    continues,
    is_follow_up,
    only_continues,
    refers_back,
    split_parts,
)
from graphs.routing.seams import Run, parted, pieces_of, runs_of
from graphs.routing.spelling import Corrector
from graphs.settings import RouterSettings
from memory import Turn
from models import Embedder, ModelsError, Unit, english_words, glossary_digest, prepare_glossary
from models.chat import ChatModels, Role

logger = logging.getLogger(__name__)
_OTHER: dict[str, Kind] = {
    "small_talk": "small_talk",
    "out_of_scope": "out_of_scope",
    "recap": "recap",
    "protected": "protected",
}
_SURE_OTHER = 0.6
_SURE_IT_LEAVES = 0.95
_SURE_THOUGH_IT_REFERS_BACK = 0.85
_SURE_THOUGH_IT_CONTINUES = 0.95
_MOST_QUESTIONS = 400
_PROBED = 8  # examples by whose embeddings the model is told apart
_MOST_TASKS = 4
_THANKED = 3  # turns back
_LIKELY_SECOND = 0.15
"""From here on the runner-up is asked where the first finds nothing."""


class CalibratedRouter:
    """Routes by what it learned from the charters' utterances and tool examples. Made by `open`."""

    def __init__(
        self,
        classifier: Classifier,
        embedder: Embedder,
        charters: Mapping[str, Charter],
        chat: ChatModels,
        settings: RouterSettings,
    ) -> None:
        self._classifier = classifier
        self._embedder = embedder
        self._charters = charters
        self._chat = chat
        self._settings = settings
        self._corrector = Corrector(classifier.vocabulary.words, embedder)
        self._whole = frozenset(name for name, charter in charters.items() if _takes_whole(charter))

    @classmethod
    async def open(
        cls,
        embedder: Embedder,
        charters: Mapping[str, Charter],
        chat: ChatModels,
        settings: RouterSettings,
        *,
        data: Path,
        questions: Mapping[str, Sequence[str]],
    ) -> "CalibratedRouter":
        """Learn from the charters, or load what was learned from the same examples before.

        `questions` are further examples by agent name: questions of its knowledge.
        """
        written = await asyncio.to_thread(read_labelled, charters, questions)
        probe = await embedder.embed(written.texts[:_PROBED])
        await asyncio.to_thread(prepare_glossary)
        path = data / "router" / f"{written.digest(probe, await asyncio.to_thread(glossary_digest))}.npz"
        classifier = await asyncio.to_thread(_kept, path)
        if classifier is None:
            examples = await _embedded(embedder, await asyncio.to_thread(_in_english_words, written))
            classifier = await asyncio.to_thread(learn, examples)
            await asyncio.to_thread(_keep, classifier, path)
        return cls(classifier, embedder, charters, chat, settings)

    async def route(self, message: str, turns: Sequence[Turn], wanted: Sequence[str] = ()) -> Route:
        """Who works on the message."""
        if wanted:
            return self._as_asked(message, turns, wanted)
        parts = split_parts(message)
        runs = [runs_of(pieces_of(part.text, self._leaning)) for part in parts]
        last = await self._leading(turns) if turns and is_follow_up(message) else None
        joined = f"{last.request} {message}" if last else message
        read = await self._read(
            [message, joined, *(part.text for part in parts), *chain(*map(dict.values, runs))]
        )
        if last and (route := self._follow_up(message, last, read[message], read[joined])):
            return route
        parts = [
            piece
            for part, found in zip(parts, runs, strict=True)
            for piece in self._pieces(part, found, read)
        ]
        if len(parts) > 1:
            readings = [read[part.text] for part in parts]
            divided = divide(parts, readings, self._charters, self._settings, whole=self._whole)
            if divided:
                return divided
        return await self._one(message, read[message])

    def _pieces(self, part: Part, runs: Mapping[Run, str], read: Mapping[str, Reading]) -> list[Part]:
        """The requests that a part falls into at its seams; the part itself where it is one."""
        texts = parted(runs, read, self._charters)
        return [
            replace(part, text=text, apart=True, then=part.then and not n) for n, text in enumerate(texts)
        ] or [part]

    def _leaning(self, texts: Sequence[str]) -> list[str]:
        """The specialist to whom the words of each text lean, without an embedding."""
        table = self._classifier.leanings([self._plain(text) for text in texts])
        labels = self._classifier.labels
        table[:, [label not in self._charters for label in labels]] = -np.inf
        return [labels[int(row.argmax())] for row in table]

    def _plain(self, text: str) -> str:
        """The text in English words, as far as they are known; one in English without slips of the pen."""
        english = english_words(text)
        return self._corrector.corrected(text) if english == text else english

    async def _leading(self, turns: Sequence[Turn]) -> Turn:
        """The last turn, small talk aside: thanks between two requests part nothing."""
        for turn in reversed(turns[-_THANKED:]):
            if turn.agents or not turn.request:
                return turn
            reading = (await self._read([turn.request]))[turn.request]
            if reading.label != "small_talk" or reading.probability < _SURE_OTHER:
                return turn
        return turns[-1]

    async def _read(self, said: Iterable[str]) -> dict[str, Reading]:
        """What each text is read as."""
        said = list(dict.fromkeys(said))
        texts = [self._plain(text) for text in said]
        table = self._classifier.probabilities(texts, await self._embedder.embed(texts))
        labels = self._classifier.labels
        readings = {}
        for text, row in zip(said, table, strict=True):
            order = row.argsort()[::-1]
            best = int(order[0])
            second = next((int(n) for n in order[1:] if labels[int(n)] in self._charters), best)
            readings[text] = Reading(labels[best], float(row[best]), labels[second], float(row[second]))
        return readings

    def _as_asked(self, message: str, turns: Sequence[Turn], wanted: Sequence[str]) -> Route:
        unknown = [name for name in wanted if name not in self._charters]
        if unknown:
            raise UnknownAgent(
                f"there is no agent {', '.join(unknown)}; there are {', '.join(self._charters)}"
            )
        about = turns[-1].request if turns and is_follow_up(message) else ""
        names = list(dict.fromkeys(wanted))
        tasks = tuple(Task(agent=name, request=message, about=about, confidence=1.0) for name in names)
        return Route(kind="tasks", tasks=tasks, reason="the client named the agents")

    def _follow_up(self, message: str, last: Turn, alone: Reading, joined: Reading) -> Route | None:
        """Keep to the earlier specialists, unless the message by itself clearly means something else."""
        agents = [name for name in last.agents if name in self._charters]
        if not only_continues(message) and self._changes_subject(message, alone, joined, agents):
            return None
        if not agents and joined.label in self._charters and joined.probability >= self._settings.sure:
            agents = [joined.label]
        if not agents:
            return None
        tasks = tuple(
            Task(agent=name, request=message, about=last.request, confidence=joined.probability)
            for name in agents
        )
        return Route(kind="tasks", tasks=tasks, reason="a follow-up stays with who answered before")

    def _changes_subject(self, message: str, alone: Reading, joined: Reading, agents: Sequence[str]) -> bool:
        """Whether a message that may be a follow-up is surely about something else when read by itself.

        One that is connected to what was before, and asks nothing of its own, must be so when read with it, too.
        """
        leads_on = continues(message)
        if alone.label in self._charters:
            if leads_on and not asks_anew(message) and joined.label in agents:
                return False
            leans = leads_on or refers_back(message)
            needed = max(self._settings.part, _SURE_IT_LEAVES) if leans else self._settings.part
            return alone.label not in agents and alone.probability >= needed
        if alone.label == "recap":
            return alone.probability >= _SURE_OTHER
        if leads_on:
            return alone.probability >= _SURE_THOUGH_IT_CONTINUES
        return alone.probability >= (_SURE_THOUGH_IT_REFERS_BACK if refers_back(message) else _SURE_OTHER)

    async def _one(self, message: str, reading: Reading) -> Route:
        if reading.label in _OTHER and reading.probability >= self._settings.sure:
            return Route(kind=_OTHER[reading.label], reason=f"{reading.label} {reading.probability:.2f}")
        if reading.label in self._charters and reading.probability >= self._settings.sure:
            return self._tasks(message, reading)
        named = await self._ask_model(message)
        if named:
            tasks = tuple(Task(agent=name, request=message, confidence=0.5) for name in named)
            return Route(kind="tasks", tasks=tasks, reason="a model was asked, the classifier being unsure")
        if reading.label in self._charters and reading.probability >= self._settings.abstain:
            return self._tasks(message, reading)
        kind: Kind = (
            _OTHER.get(reading.label, "unclear")
            if reading.probability >= self._settings.abstain
            else "unclear"
        )
        return Route(kind=kind, reason=f"unsure: {reading.label} {reading.probability:.2f}")

    def _tasks(self, message: str, reading: Reading) -> Route:
        second = reading.second if reading.second_probability >= _LIKELY_SECOND else ""
        tasks = [Task(agent=reading.label, request=message, second=second, confidence=reading.probability)]
        if reading.second in self._charters and reading.second_probability >= self._settings.second:
            tasks = [task.model_copy(update={"second": ""}) for task in tasks]
            tasks.append(Task(agent=reading.second, request=message, confidence=reading.second_probability))
        return Route(kind="tasks", tasks=tuple(tasks), reason=f"{reading.label} {reading.probability:.2f}")

    async def _ask_model(self, message: str) -> list[str]:
        """The agents that the orchestrator's model names; none where it names none or does not answer."""
        listed = "\n".join(f"- {charter.name}: {charter.description}" for charter in self._charters.values())

        @tool
        def route_to(agents: str) -> str:
            """Send the request to these agents, names separated by commas; `none` when it fits no agent."""
            return agents

        prompt = f"Decide which agents should answer the user's request. The agents are:\n{listed}"
        try:
            model = self._chat.of(Role.AGENTIC).bind_tools([route_to])
            reply = await model.ainvoke([SystemMessage(prompt), HumanMessage(message)])
        except ModelsError as error:
            logger.warning("the routing model did not answer", extra={"error": str(error)})
            return []
        calls = getattr(reply, "tool_calls", [])
        said = {name.strip() for call in calls for name in str(call["args"].get("agents", "")).split(",")}
        return [name for name in self._charters if name in said][:_MOST_TASKS]


def _takes_whole(charter: Charter) -> bool:
    """Whether most of its tools take a request as a whole, so that several of them may serve it together."""
    taking = 0
    for each in charter.tools:
        schema = each.args_schema
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            asked = schema.model_json_schema()
            needed = asked.get("required", [])
            taking += any(
                argument.get("x-unit") == Unit.REQUEST and (name in needed or "x-holds" not in argument)
                for name, argument in asked.get("properties", {}).items()
            )  # what may be left out and must hold something is read beside figures
    return 2 * taking > len(charter.tools)


async def read_examples(
    embedder: Embedder, charters: Mapping[str, Charter], questions: Mapping[str, Sequence[str]]
) -> Examples:
    """Every example with its label and embedding, as `read_labelled` orders them, in English words."""
    written = await asyncio.to_thread(read_labelled, charters, questions)
    return await _embedded(embedder, await asyncio.to_thread(_in_english_words, written))


async def _embedded(embedder: Embedder, labelled: Labelled) -> Examples:
    vectors = await embedder.embed(labelled.texts)
    return Examples(labelled.texts, labelled.labels, vectors, labelled.requests)


def read_labelled(charters: Mapping[str, Charter], questions: Mapping[str, Sequence[str]]) -> Labelled:
    """Every example with its label as it is written, each text once: requests first, then what else tells of a label."""
    requests = dict(labelled_requests(charters))
    background = labelled_background(charters, questions)
    both = requests | {text: label for text, label in background if text not in requests}
    return _labelled(both, len(requests))


def _in_english_words(written: Labelled) -> Labelled:
    """The same with what is in other languages in English words, as `CalibratedRouter` reads requests.

    Of texts that are the same in English words the first counts.
    """
    found: dict[str, str] = {}
    requests = 0
    for text, label, is_request in zip(written.texts, written.labels, written.requests, strict=True):
        found.setdefault(english_words(text), label)
        requests = len(found) if is_request else requests
    return _labelled(found, requests)


def _labelled(labels: Mapping[str, str], requests: int) -> Labelled:
    return Labelled(tuple(labels), tuple(labels.values()), np.arange(len(labels)) < requests)


def labelled_requests(charters: Mapping[str, Charter]) -> list[tuple[str, str]]:
    """The utterances with their labels, each text once."""
    found: dict[str, str] = {}
    for label in _OTHER:
        for text in _utterances("graphs", "utterances", beginning=label):
            found.setdefault(text, label)
    for name, charter in charters.items():
        for text in (*charter.utterances, *_utterances("agents", name, beginning="utterances_")):
            found.setdefault(text, name)
    return list(found.items())


def labelled_background(
    charters: Mapping[str, Charter], questions: Mapping[str, Sequence[str]]
) -> list[tuple[str, str]]:
    """What else tells of a specialist, each text once: its tools, scope and sub-agents, and questions it can answer."""
    found: dict[str, str] = {}
    for name, charter in charters.items():
        texts = [str(text) for tool in charter.tools for text in (tool.metadata or {}).get("examples", ())]
        texts += [tool.description.partition("\n")[0] for tool in charter.tools]
        texts += [tool.name.replace("_", " ") for tool in charter.tools]
        texts += [*charter.scope, *(sub.purpose for sub in charter.subagents)]
        asked = questions.get(name, ())
        texts += asked[:: max(1, -(-len(asked) // _MOST_QUESTIONS))]
        for text in texts:
            found.setdefault(text, name)
    return list(found.items())


def _utterances(package: str, folder: str, *, beginning: str) -> list[str]:
    """The lines of a folder's utterance files whose names begin so; none where there is no such folder."""
    place = files(package).joinpath(folder)
    if not place.is_dir():
        return []
    names = sorted(
        each.name
        for each in place.iterdir()
        if each.name.startswith(beginning) and each.name.endswith(".txt")
    )
    return [line for name in names for line in _lines(place.joinpath(name).read_text(encoding="utf-8"))]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _kept(path: Path) -> Classifier | None:
    """What was learned before; None where nothing was, or it cannot be read."""
    try:
        return Classifier.load(path)
    except (OSError, ValueError, KeyError):
        return None


def _keep(classifier: Classifier, path: Path) -> None:
    try:
        classifier.save(path)
    except OSError as error:
        logger.warning(
            "what the router learned could not be kept", extra={"path": str(path), "error": str(error)}
        )
