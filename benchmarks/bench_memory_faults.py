"""What is left after the stores fail in the middle of turns and of consolidation: whether a turn or a fact is lost or double.

`python -m benchmarks.bench_memory_faults --times 20` runs the real command and prints JSON. Two clients of each of two
users keep talking, each turn under a key of its own and sent again under it until it is answered. At a random moment
(seeded) Redis is killed, Chroma killed and later started again, or PostgreSQL killed or stopped at once; the talk goes
on. When nothing waits to be embedded or consolidated any more, every answered turn must be in its thread once, every
fact remembered once with its right value and its vector, and nothing with the other user. `recovery_s` is from the
fault to a /readyz that is well again; for Chroma from the moment it answers.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any  # JSON

import chromadb
import httpx

from tests.e2e.running import Command, running, until_ready
from tests.e2e.seeding import fresh_data
from tests.e2e.stores import Chroma, until_revived

FAULTS = ("redis", "chroma", "postgres")
USERS = ("ada", "ben")
_SOON = {"FREYA_MEMORY__CONSOLIDATION__EVERY_S": "2", "FREYA_MEMORY__CONSOLIDATION__RETRY_S": "1"}
_TURN_S, _SETTLED_S = 60.0, 60.0
_AGAIN = frozenset({409, 503, 504})
_LOOKS = 60
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Turn:
    """A turn that was answered."""

    run_id: str
    message: str
    answer: str


@dataclass
class Talk:
    """A client of a user on a thread of its own."""

    http: httpx.AsyncClient
    user: str
    thread: str
    messages: Iterator[str]
    answered: list[Turn] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Statuses other than 200 and errors of the connection, each of which was sent again."""

    async def go_on(self, end: asyncio.Event) -> None:
        """Send turns one after the other until told to end; the one that is on its way is answered first."""
        while not end.is_set():
            await self._turn(next(self.messages))

    async def _turn(self, message: str) -> None:
        key = f"{self.thread}-{len(self.answered)}"
        async with asyncio.timeout(_TURN_S):
            while True:
                try:
                    reply = await self.http.post(
                        "/v1/chat",
                        json={"message": message, "thread_id": self.thread},
                        headers={"Freya-User": self.user, "Idempotency-Key": key},
                    )
                except httpx.TransportError as error:
                    self.refused[type(error).__name__] += 1
                else:
                    if reply.status_code == httpx.codes.OK:
                        body = reply.json()
                        self.answered.append(Turn(body["run_id"], message, body["answer"]))
                        return
                    self.refused[f"{reply.status_code} {reply.json()['code']}"] += 1
                    if reply.status_code not in _AGAIN:
                        sys.exit(f"{message!r} was answered with {reply.status_code}: {reply.text}")
                await asyncio.sleep(0.2)


@dataclass
class Planted:
    """What one user said of himself, in order."""

    cats: list[str] = field(default_factory=list)
    cities: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Those that only this user said."""
        return [*self.cats, *self.cities]

    def talk(self, names: Iterator[str], *, moves: bool) -> Iterator[str]:
        """Turns without end that plant facts; only one client of a user `moves`, so that the last city is known."""
        for number in itertools.count():
            kind = number % 3
            if kind == 0:
                self.cats.append(next(names))
                yield f"My cat is called {self.cats[-1]}."
            elif kind == 1 and moves:
                self.cities.append(next(names))
                yield f"I moved to {self.cities[-1]}."
            else:
                yield f"NPV of -{1000 + number}, 400, 400, 400 at 8 %"


_NOT_SAID = {"artifact", "performance", "pattern", "practice"}
"""Kinds of records that are made of what runs did."""


@dataclass
class Found:
    """What was wrong after a fault, each thing by what it is."""

    turns: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    """Turns that are in their thread more than once, or unanswered beside their answer."""
    facts: int = 0
    facts_lost: list[str] = field(default_factory=list)
    facts_doubled: list[str] = field(default_factory=list)
    crossed: list[str] = field(default_factory=list)
    vectors: list[str] = field(default_factory=list)
    """Of the long tier, those that are missing or left over."""

    @property
    def wrong(self) -> list[str]:
        """All of it."""
        return [
            *self.lost, *self.doubled, *self.facts_lost, *self.facts_doubled, *self.crossed, *self.vectors
        ]  # fmt: skip


def names(ending: str, seed: int) -> Iterator[str]:
    """Names without end, none of them twice, that all end alike."""
    choose, given = random.Random(f"{ending}{seed}"), set()
    while True:
        name = "".join(choose.choice("bdfgklmnprstv") + choose.choice("aeiou") for _ in range(4)) + ending
        if name not in given:
            given.add(name)
            yield name.capitalize()


class Bench:
    """A service whose stores can be struck, and users who talk with it."""

    def __init__(
        self,
        command: Command,
        http: httpx.AsyncClient,
        chroma: Chroma,
        seed: int,
    ) -> None:
        self._command = command
        self._http = http
        self._chroma = chroma
        self._choose = random.Random(seed)
        self._names = {user: names(ending, seed) for user, ending in zip(USERS, ("x", "q"), strict=True)}
        self._planted = {user: Planted() for user in USERS}
        self.recoveries: dict[str, list[float]] = {fault: [] for fault in FAULTS}
        self.refused: Counter[str] = Counter()

    async def strike(self, fault: str) -> Found:
        """One fault in the middle of the talk, and what was wrong when all had settled."""
        talks = [await self._begun(user, moves=moves) for user in USERS for moves in (True, False)]
        end = asyncio.Event()
        going = [asyncio.create_task(talk.go_on(end)) for talk in talks]
        try:
            await asyncio.sleep(self._choose.uniform(0.3, 1.5))
            self.recoveries[fault].append(await self._struck(fault))
            await asyncio.sleep(self._choose.uniform(0.1, 0.5))
        finally:
            end.set()
            await asyncio.gather(*going)
        for talk in talks:
            self.refused.update(talk.refused)
        await self._settled()
        return await self._found(talks)

    async def _begun(self, user: str, *, moves: bool) -> Talk:
        made = await self._http.post("/v1/threads", json={"title": "faults"}, headers={"Freya-User": user})
        planted = self._planted[user].talk(self._names[user], moves=moves)
        return Talk(self._http, user, made.raise_for_status().json()["id"], planted)

    async def _struck(self, fault: str) -> float:
        """The store fails and comes back; gives how long the service was not well, in seconds."""
        struck = time.perf_counter()
        if fault == "chroma":
            await self._chroma.kill()
            await asyncio.sleep(self._choose.uniform(0.5, 2.0))
            await self._chroma.start()
            struck = time.perf_counter()
        else:
            redis = fault == "redis"
            file = self._command.data / ("redis/redis.pid" if redis else "postgres/postmaster.pid")
            died = int((await asyncio.to_thread(file.read_text)).split()[0])
            os.kill(died, signal.SIGKILL if redis else self._choose.choice((signal.SIGKILL, signal.SIGINT)))
            await until_revived(file, died)
        await until_ready(self._http, ready=True)
        return time.perf_counter() - struck

    async def _settled(self) -> None:
        """Wait until nothing of anybody waits to be embedded or consolidated."""
        async with asyncio.timeout(_SETTLED_S):
            while True:
                if not any([await self._waits(user) for user in USERS]):
                    return
                await asyncio.sleep(0.1)

    async def _waits(self, user: str) -> bool:
        status = await self._get(user, "/v1/memory/status")
        return bool(status["to_embed"] or status["to_consolidate"])

    async def _found(self, talks: Iterable[Talk]) -> Found:
        found = Found()
        for talk in talks:
            found.turns += len(talk.answered)
            self._compare(found, talk, await self._all(talk.user, f"/v1/threads/{talk.thread}/messages"))
        for user in USERS:
            records = await self._all(user, "/v1/memory")
            self._compare_facts(found, user, records)
            found.vectors += await self._astray(user, records)
        return found

    def _compare(self, found: Found, talk: Talk, messages: list[dict[str, Any]]) -> None:
        kept = Counter((one["run_id"], one["role"], one["content"]) for one in messages)
        wanted = Counter(
            part
            for turn in talk.answered
            for part in ((turn.run_id, "user", turn.message), (turn.run_id, "assistant", turn.answer))
        )
        found.lost += [str(part) for part in wanted - kept]
        found.doubled += [str(part) for part in kept - wanted]
        found.crossed += [one["id"] for one in messages if self._is_of_another(talk.user, one["content"])]

    def _compare_facts(self, found: Found, user: str, records: list[dict[str, Any]]) -> None:
        planted = self._planted[user]
        active = [one for one in records if one["state"] == "active"]
        held = Counter(one["text"] for one in active if one["kind"] not in _NOT_SAID)
        wanted = Counter(
            [*(f"Has a cat called {name}." for name in planted.cats), *(f"Lives in {name}." for name in planted.cities[-1:])]
        )  # fmt: skip
        versions = Counter(one["text"] for one in records if one["slot"] == "fact:home")
        found.facts += wanted.total()
        found.facts_lost += list(wanted - held) + [
            f"a version: {city}" for city in planted.cities if not versions[f"Lives in {city}."]
        ]
        found.facts_doubled += list(held - wanted) + [text for text, times in versions.items() if times > 1]
        slots = Counter(one["slot"] for one in active)
        found.facts_doubled += [f"slot {slot}" for slot, times in slots.items() if slot and times > 1]
        found.facts_doubled += [f"contested: {one['text']}" for one in records if one["state"] == "contested"]
        found.crossed += [one["id"] for one in records if self._is_of_another(user, one["text"])]

    async def _astray(self, user: str, records: list[dict[str, Any]]) -> list[str]:
        """Vectors that are missing or left over, once the time to make them good is over."""
        wanted = {one["id"] for one in records if one["tier"] == "long" and one["state"] != "superseded"}
        astray: set[str] = set()
        for _ in range(_LOOKS):
            astray = wanted ^ await asyncio.to_thread(partial(_vectors, self._chroma.port, user))
            if not astray:
                break
            await asyncio.sleep(0.5)
        return sorted(astray)

    def _is_of_another(self, user: str, text: str) -> bool:
        others = {name for other in USERS if other != user for name in self._planted[other].names}
        return not others.isdisjoint(_WORD.findall(text))

    async def _all(self, user: str, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self._get(user, path, limit="200", **cursor)
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = {"cursor": page["next"]}

    async def _get(self, user: str, path: str, **parameters: str) -> dict[str, Any]:
        reply = await self._http.get(path, params=parameters, headers={"Freya-User": user})
        got: dict[str, Any] = reply.raise_for_status().json()
        return got


@asynccontextmanager
async def bench(seed: int) -> AsyncIterator[Bench]:
    """The real command with PostgreSQL and Redis of its own, and Chroma as a server; it must live to the end."""
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(fresh_data("freya-faults-"))
        chroma = await stack.enter_async_context(Chroma.serving(data / "chroma-server"))
        url = {"FREYA_KNOWLEDGE__CHROMA_URL": chroma.url}
        command = await stack.enter_async_context(running(data, **url, **_SOON))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=command.url, timeout=30))
        yield Bench(command, http, chroma, seed)
        if command.process.returncode is not None:
            raise RuntimeError("the service ended:\n" + "".join(command.log[-50:]))


def _vectors(port: int, user: str) -> set[str]:
    """The ids of the records whose vectors Chroma holds for the user."""
    client = chromadb.HttpClient(host="127.0.0.1", port=port)
    held = [one for one in client.list_collections() if one.name.startswith("freya.memory.")]
    ids = [name for one in held for name in one.get(where={"user": user}, include=[])["ids"]]
    return {name.rpartition("/")[2] for name in ids}


async def measured(times: int, seed: int) -> dict[str, Any]:
    """Each fault so many times, one after the other."""
    found = {fault: [] for fault in FAULTS}  # type: dict[str, list[Found]]
    async with bench(seed) as made:
        for number in range(times):
            for fault in FAULTS:
                found[fault].append(await made.strike(fault))
                wrong = found[fault][-1].wrong
                print(f"{fault} {number + 1}: {len(wrong)} wrong {wrong[:5]}", file=sys.stderr)
        return {
            "faults": {fault: _told(each, made.recoveries[fault]) for fault, each in found.items()},
            "sent_again": dict(made.refused),
            "seed": seed,
        }


def _told(found: list[Found], recoveries: list[float]) -> dict[str, Any]:
    return {
        "times": len(found),
        "turns": sum(one.turns for one in found),
        "turns_lost": sum(len(one.lost) for one in found),
        "turns_double": sum(len(one.doubled) for one in found),
        "facts": found[-1].facts,
        "facts_lost": max(len(one.facts_lost) for one in found),
        "facts_double": max(len(one.facts_doubled) for one in found),
        "of_another_user": sum(len(one.crossed) for one in found),
        "vectors_astray": sum(len(one.vectors) for one in found),
        "recovery_s": {"p50": round(statistics.median(recoveries), 2), "max": round(max(recoveries), 2)},
    }


def main() -> None:
    """Print the figures as JSON; ends with status 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    told = asyncio.run(measured(wanted.times, wanted.seed))
    print(json.dumps(told, indent=2))
    wrong = ("turns_lost", "turns_double", "facts_lost", "facts_double", "of_another_user", "vectors_astray")
    sys.exit(any(one[name] for one in told["faults"].values() for name in wrong))


if __name__ == "__main__":
    main()
