"""What is remembered of judged messages, and what a newer statement does to an older one; prints JSON.

    python -m benchmarks.bench_extraction [--misses development]

The messages of statements_judged.jsonl and the pairs of supersessions_judged.jsonl were written and judged by somebody who
had not seen the rules. Half of each, by a digest of the message and by the place of the pair, is for developing; the
misses of the other half are for nobody who changes a rule.

A draft says a judged statement if it is of its kind (expertise and progress count as facts), has at least half of its
telling words, and denies what it denies. Precision is the share of drafts that say some judged statement, recall the
share of judged statements that some draft says; statements that may as well be left out count for precision only.
`any_kind` is both without regard to the kind. Of a pair the earlier message is remembered a day before the later one,
in PostgreSQL; a newer statement is right when an older one no longer stands unchallenged, a compatible one when all do.
The peer keeps each sentence in which the first person occurs and which asks nothing, as a fact.
"""

import argparse
import asyncio
import json
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # JSON

from app.memory_vectors import ChromaVectors
from benchmarks.bench_memory import opened
from knowledge import Chroma
from memory import Draft, Kind, Owner, RecordState
from memory.consolidation import Excerpt, Extractor, RuleExtractor, Said, SimilarExtractor
from memory.records import RecordStore

HALVES = ("development", "held_out")
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ENOUGH = 0.5
_AS_FACT = frozenset({Kind.EXPERTISE, Kind.PROGRESS})
_WORD = re.compile(r"[^\W_]+(?:[.,:][0-9]+)*(?:'[^\W_]+)?")
_EMPTY = frozenset(
    "a an the and or of in on at to for with from by as is are be has have does do their they them user's i i'm i've my "
    "we our it its that this who".split()
)
_DENIES = re.compile(
    r"\b(?:not|no|never|none|without|cannot|dislikes?|avoids?|hates?|quit|stopp?(?:ed|s)?|against|drop|gave up|can't|don't|"
    r"doesn't|won't|rather than|instead)\b",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:i|i'm|im|i've|ive|i'd|i'll|my|me|we|we're|our|us)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Told:
    """What somebody takes from a message."""

    kind: Kind
    text: str


class FirstPerson:
    """The peer."""

    async def extract(self, excerpt: Excerpt) -> list[Told]:
        """Each sentence about the writer, as it stands."""
        return [
            Told(Kind.FACT, sentence)
            for sentence in re.split(r"(?<=[.!?])\s+|\n+", excerpt.said.text)
            if _FIRST_PERSON.search(sentence) and not sentence.endswith("?")
        ]


def read(name: str, half: str) -> list[dict[str, Any]]:
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["half"] == half]


def telling(text: str) -> set[str]:
    """The words that say something, without common endings."""
    words = (word.casefold().removesuffix("'s") for word in _WORD.findall(text.replace("’", "'")))
    return {re.sub(r"(?<=\w{3})(?:ing|es|ed|e|s)$", "", word) for word in words if word not in _EMPTY}


def says(told: Told | Draft, judged: dict[str, Any], *, any_kind: bool = False) -> bool:
    """Whether what was taken is the judged statement."""
    kind = Kind.FACT if told.kind in _AS_FACT else told.kind
    wanted = telling(judged["statement"])
    return (
        (any_kind or kind == judged["kind"])
        and len(wanted & telling(told.text)) >= _ENOUGH * len(wanted)
        and bool(_DENIES.search(told.text))
        in {bool(_DENIES.search(part)) for part in judged["statement"].split(",")}
    )


def scored(
    taken: Sequence[tuple[dict[str, Any], Sequence[Told | Draft]]], *, any_kind: bool = False
) -> dict[str, Any]:
    """Precision and recall, and how many messages of nothing gave something."""
    right = drafts = found = wanted = 0
    for row, told in taken:
        drafts += len(told)
        right += sum(any(says(one, judged, any_kind=any_kind) for judged in row["remember"]) for one in told)
        due = [judged for judged in row["remember"] if not judged.get("optional")]
        wanted += len(due)
        found += sum(any(says(one, judged, any_kind=any_kind) for one in told) for judged in due)
    return {
        "drafts": drafts,
        "precision": round(right / drafts, 3) if drafts else None,
        "statements": wanted,
        "recall": round(found / wanted, 3),
        "from_nothing": sum(bool(told) for row, told in taken if not row["remember"]),
        "of_nothing": sum(not row["remember"] for row, _ in taken),
    }


def misses(taken: Sequence[tuple[dict[str, Any], Sequence[Told | Draft]]]) -> list[str]:
    """What was taken wrongly and what was left, message by message."""
    lines = []
    for row, told in taken:
        wrong = [f"+ {one.kind}: {one.text}" for one in told if not any(says(one, each) for each in row["remember"])]  # fmt: skip
        left = [
            f"- {each['kind']}: {each['statement']}"
            for each in row["remember"]
            if not each.get("optional") and not any(says(one, each) for one in told)
        ]
        if wrong or left:
            lines.append(" | ".join((row["message"], *wrong, *left)))
    return lines


async def supersessions(
    store: RecordStore, extractor: Extractor, pairs: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], list[str]]:
    """What becomes of the earlier statements, by verdict."""
    outcomes: dict[str, Counter[str]] = {}
    wrong = []
    for number, pair in enumerate(pairs):
        owner = Owner(f"{pair['half']}{number}")
        earlier = await store.remember(owner, await extractor.extract(_excerpt(pair["earlier"], "earlier")))
        later = await extractor.extract(_excerpt(pair["later"], "later", days=1))
        await store.remember(owner, later)
        states = [(await store.get(owner, kept.record.id)).state for kept in earlier]
        stands = all(state is RecordState.ACTIVE for state in states)
        if not earlier or not later:
            outcome = "nothing_extracted"
        else:
            outcome = "right" if stands == (pair["verdict"] == "compatible") else "wrong"
        outcomes.setdefault(pair["verdict"], Counter())[outcome] += 1
        if outcome != "right":
            texts = [[kept.record.text for kept in earlier], [draft.text for draft in later]]
            wrong.append(f"{pair['verdict']} | {pair['earlier']} | {pair['later']} | {outcome} | {texts}")
    return {verdict: dict(counts) for verdict, counts in outcomes.items()}, wrong


def _excerpt(text: str, name: str, *, days: int = 0) -> Excerpt:
    return Excerpt(said=Said(id=name, role="user", text=text, said_at=_AT + timedelta(days=days)))


async def measured(shown: str | None) -> dict[str, Any]:
    report: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="freya-bench-") as folder:
        async with opened(Path(folder)) as (database, model):
            chroma = Chroma(Path(folder) / "vectors")
            store = RecordStore(database, ChromaVectors(chroma, model), model)
            extractor = SimilarExtractor(RuleExtractor(), model)
            for half in HALVES:
                rows = read("statements_judged.jsonl", half)
                ours = [(row, await extractor.extract(_excerpt(row["message"], "said"))) for row in rows]
                peer = [(row, await FirstPerson().extract(_excerpt(row["message"], "said"))) for row in rows]
                pairs = read("supersessions_judged.jsonl", half)
                newer, wrong = await supersessions(store, extractor, pairs)
                report[half] = {
                    "messages": len(rows),
                    "ours": {**scored(ours), "any_kind": scored(ours, any_kind=True)},
                    "every_first_person_sentence": {
                        **scored(peer),
                        "any_kind": scored(peer, any_kind=True),
                    },
                    "newer_statements": newer,
                }
                if half == shown:
                    report[half]["misses"] = misses(ours)
                    report[half]["newer_misses"] = wrong
            await chroma.close()
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--misses", choices=HALVES, help="list the misses of a half")
    print(json.dumps(asyncio.run(measured(parser.parse_args().misses)), indent=2, ensure_ascii=False))
