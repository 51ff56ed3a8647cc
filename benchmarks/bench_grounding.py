"""Whether what answers state can be traced: every number to a tool's result or a cited passage, every citation to its passage.

`python benchmarks/bench_grounding.py` prints JSON. The cases of the suites (`app/evaluation/suites/`), those for routing too, are
put through the graph, each to its specialist, with the extractive model, the tools, and the packaged pairs as knowledge (the nearest
questions by meaning, from a cosine of .4). Counted are the answers, their numbers and citations, the numbers that no source
holds, and the citations whose passage does not hold what it was cited for; these are taken out of an answer before it is
given. `second_look` traces what was given once more: each number must stand, as digits, in the request, a result of a tool or a cited
passage, by no code of the first check; what it misses it lists, for a person to judge (words for numbers, sums of parts).
"""

import argparse
import asyncio
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any  # JSON

import numpy as np

from agents import discover
from app.evaluation import Case, read_cases, suite_files
from graphs import GraphSettings, Route, RunContext, SpecialistResult, Task, build_freya
from knowledge import Hit
from knowledge.corpus import packaged_topics
from memory import Carried, Owner, RecallFilter, Recollection, Scope, Turn, WorkingState
from memory import NoRecords as NothingKept
from models.chat import ChatSettings, ConfiguredChatModels
from models.embeddings import CachedEmbedder, OpenVinoEmbedder

NEAR = 0.4
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_MARK = re.compile(r" ?\[\d{1,3}\](?!\()|^\s*\d{1,3}[.)]\s", re.MULTILINE)
_ROUNDING = 0.5001


class Shelf:
    """The packaged pairs, found by the meaning of their questions."""

    def __init__(self, embedder: CachedEmbedder, pairs: Sequence[Hit], vectors: np.ndarray[Any, Any]) -> None:
        self._embedder, self._pairs, self._vectors = embedder, pairs, vectors

    @classmethod
    async def open(cls, embedder: CachedEmbedder) -> "Shelf":
        """Embed every question."""
        pairs = list(packaged_pairs())
        return cls(embedder, pairs, await embedder.embed([pair.question for pair in pairs]))

    async def search(self, query: str, *, collections: Sequence[str] = (), limit: int = 5) -> list[Hit]:
        """The nearest pairs of the collections."""
        cosines = self._vectors @ (await self._embedder.embed([query[:500]]))[0]
        found: list[Hit] = []
        for row in np.argsort(-cosines):
            pair, near = self._pairs[int(row)], float(cosines[row])
            if near < NEAR or len(found) == limit:
                break
            if not collections or pair.collection in collections:
                found.append(replace(pair, similarity=near, relevance=near))
        return found


# ruff: noqa: ARG002  # the parameters are those of the Protocols


class NoTurns:
    """The memory of a thread in which nothing was said."""

    own = NothingKept()

    async def recall(self, scope: Scope) -> list[Turn]:
        """No turns."""
        return []

    async def carried(self, scope: Scope) -> Carried:
        """No turns."""
        return Carried((), None)

    async def state(
        self, scope: Scope, agent: str, turns: Sequence[Turn] | None = None, *, whole: bool = False
    ) -> WorkingState:
        """At nothing."""
        return WorkingState(agent=agent)

    async def states(self, scope: Scope) -> list[WorkingState]:
        """At nothing."""
        return []

    async def remember(self, scope: Scope, turn: Turn, *, first: bool = False) -> None:
        """Kept nowhere."""


class NoRecords:
    """What is remembered of a user who never was here."""

    async def recall(
        self, owner: Owner, query: str, *, budget: int, wanted: RecallFilter, now: datetime | None = None
    ) -> Recollection:
        """Nothing."""
        return Recollection(items=(), budget=budget)


class Named:
    """A router that sends a request to those who are named."""

    async def route(self, message: str, turns: Sequence[Turn], wanted: Sequence[str] = ()) -> Route:
        """A task for each."""
        tasks = tuple(Task(agent=name, request=message, confidence=1.0) for name in wanted)
        return Route(kind="tasks", tasks=tasks, reason="named")


def packaged_pairs() -> Iterator[Hit]:
    """Every pair that ships."""
    for collection, topics in packaged_topics().items():
        for topic in topics:
            for number, pair in enumerate(topic.pairs):
                yield Hit(
                    pair_id=f"pair_{collection}_{topic.slug}_{number}",
                    collection=collection,
                    topic=topic.name,
                    question=pair.question,
                    answer=pair.answer,
                    source="starter",
                    score=1.0,
                    similarity=1.0,
                )


def cases_of(limit: int | None) -> list[tuple[Case, tuple[str, ...]]]:
    """The cases that are for specialists, with whom they are put to."""
    cases = [case for path in suite_files([]) for case in read_cases(path)]
    named = [(case, (case.agent,) if case.agent else case.agents or ()) for case in cases]
    return [(case, agents) for case, agents in named if agents][:limit]


def unseen_numbers(result: SpecialistResult, passages: Mapping[str, str]) -> list[str]:
    """Numbers of an answer, as digits, that neither the request, nor a tool, nor a cited passage has, as it rounds them."""
    cited = [passages[citation.pair_id] for citation in result.citations]
    said = [result.request, *cited, *(use.result for use in result.tool_uses)]
    said += [json.dumps(use.arguments) for use in result.tool_uses]
    said += [json.dumps(one.model_dump(mode="json")) for one in result.computed]
    known = [value for text in said for value in values_in(text)]
    text = _MARK.sub(" ", _CODE.sub(" ", result.answer))
    return [
        written
        for written in _NUMBER.findall(text)
        if not any(is_rounding(value, written) for value in known)
    ]


def values_in(text: str) -> list[float]:
    """The numbers of a text, those with one comma read both ways."""
    read = (
        plain
        for written in _NUMBER.findall(text)
        for plain in {
            written.replace(",", ""),
            written.replace(".", "").replace(",", "."),
            written.replace(",", "."),
        }
    )
    return [float(plain) for plain in read if plain.count(".") <= 1]


def is_rounding(value: float, written: str) -> bool:
    """Whether the number, or its hundredfold, is what was written, rounded as it is."""
    plain = written.replace(",", "")
    if plain.count(".") > 1:
        return False
    step = 10.0 ** -len(plain.partition(".")[2])
    return any(abs(value * factor - float(plain)) <= step * _ROUNDING for factor in (1.0, 100.0, 0.01))


async def measure(data: Path, limit: int | None) -> dict[str, object]:
    """Put the cases and count."""
    charters = discover()
    embedder = CachedEmbedder(await OpenVinoEmbedder.load(data), None, hot_vectors=8_000)
    shelf = await Shelf.open(embedder)
    passages = {pair.pair_id: pair.answer for pair in packaged_pairs()}
    chat, settings = ConfiguredChatModels(ChatSettings(), embedder), GraphSettings()
    graph = build_freya(settings)
    counts: Counter[str] = Counter()
    untraced: list[dict[str, object]] = []
    second: list[dict[str, object]] = []
    unseen = 0
    for case, agents in cases_of(limit):
        context = RunContext(
            run_id="run",
            scope=Scope(thread_id="thr"),
            emit=lambda _: None,
            charters=charters,
            retriever=shelf,
            memory=NoTurns(),
            recaller=NoRecords(),
            notice=lambda _: (),
            router=Named(),
            chat=chat,
            settings=settings,
        )
        state = await graph.ainvoke({"message": case.request, "wanted": list(agents)}, context=context)
        counts["cases"] += 1
        for result in state["results"]:
            counts[result.outcome] += 1
            checked = result.grounding
            if checked is None:
                continue
            counts["numbers"] += checked.numbers
            counts["untraced"] += len(checked.untraced)
            counts["citations"] += len(result.citations)
            counts["miscited_and_taken_out"] += len(checked.miscited)
            counts["cited_what_is_no_passage"] += result.made_up
            counts["answers_that_hold"] += checked.holds
            shown = {"agent": result.agent, "request": result.request[:160]}
            if not checked.holds:
                untraced.append({**shown, "untraced": checked.untraced, "miscited": checked.miscited})
            if missed := unseen_numbers(result, passages):
                unseen += len(missed)
                second.append({**shown, "numbers": missed})
    await embedder.close()
    return {
        **counts,
        "that_do_not_hold": untraced,
        "second_look": {"answers": len(second), "numbers": unseen, "which": second},
    }


def main() -> None:
    """Measure and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder of the embedding model, kept between runs")
    parser.add_argument("--limit", type=int, help="the first cases alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = asyncio.run(measure(options.data or Path(scratch), options.limit))
    print(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
