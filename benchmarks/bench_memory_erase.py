"""Erasing all of a user: how long it takes, and whether anything of it is left anywhere; prints JSON.

The real command takes in a history of `--turns` turns of one user (10,000) and some of another, answers some messages of each,
and remembers what was said (`--remembered`: only once all of it is embedded and consolidated, which takes minutes). Every
message has a word that nobody else says. Then the user is erased through the HTTP door, once and again, and every row of every
table, every key of Redis and every byte of the vectors' files is searched for these words, by this program and not by the receipt.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # JSON

import httpx
import psycopg
from psycopg import sql
from redis.asyncio import Redis

from app.embedded import EmbeddedServers
from memory import MemorySettings, ShortTermTier
from memory.history import RedisKeys
from tests.e2e.running import running, until_ready
from tests.e2e.seeding import fresh_data

_BAR_S = 10
_TURNS_A_THREAD = 50
_ASKED = 10
_MINE, _HIS = "quillfern", "ostrabell"
_SETTLED_S = 3600


def history(user: str, word: str, turns: int) -> Iterator[str]:
    """Lines of a history, two a turn; every fiftieth states a fact."""
    for turn in range(turns):
        day = f"2026-0{1 + turn * 8 // turns}-{1 + turn % 28:02d}T{turn % 24:02d}:{turn % 60:02d}:00Z"
        fact = turn % _TURNS_A_THREAD == 0
        said = (
            f"My cat is called {word.title()}{turn}."
            if fact
            else f"What of the {word} offer number {turn}, is it any good?"
        )
        for role, text in (("user", said), ("assistant", f"That {word} is one of {turn}.")):
            line = {
                "user": user,
                "thread": f"t{turn // _TURNS_A_THREAD}",
                "role": role,
                "text": text,
                "time": day,
            }
            yield json.dumps(line) + "\n"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--remembered", action="store_true", help="wait until all of it is remembered")
    options = parser.parse_args()
    async with (
        fresh_data("freya-bench-erase-") as data,
        running(data) as command,
        EmbeddedServers(data, postgres_url=None, redis_url=None) as servers,
        httpx.AsyncClient(base_url=command.url, timeout=600) as client,
    ):
        await until_ready(client, ready=True)
        report = await _measured(client, data, servers, options.turns, wait=options.remembered)
    json.dump(report, sys.stdout, indent=2)
    print()


async def _measured(
    client: httpx.AsyncClient, data: Path, servers: EmbeddedServers, turns: int, *, wait: bool
) -> dict[str, Any]:
    began = time.monotonic()
    for user, word, count in (("mine", _MINE, turns), ("his", _HIS, max(1, turns // 100))):
        await _post(client, user, "/v1/memory/import", content="".join(history(user, word, count)))
        for number in range(_ASKED):
            asked = f"NPV of -{1000 + number}, 400, 400, 400 at 8 % for {word}"
            await _post(client, user, "/v1/chat", json={"message": asked})
    imported = time.monotonic() - began
    while wait:
        status = (await client.get("/v1/memory/status", headers={"freya-user": "mine"})).json()
        if not status["to_embed"] and not status["to_consolidate"]:
            break
        if time.monotonic() - began > _SETTLED_S:
            sys.exit(f"not all of it was remembered within an hour: {status}")
        await asyncio.sleep(2)
    before = {word: await _found(data, servers, word) for word in (_MINE, _HIS)}
    began = time.monotonic()
    receipt = await _post(client, "mine", "/v1/memory/erase", json={"confirm": "local/mine"})
    took = time.monotonic() - began
    again = await _post(client, "mine", "/v1/memory/erase", json={"confirm": "local/mine"})
    return {
        "benchmark": "memory_erase",
        "bars": {"seconds": _BAR_S, "left": {}},
        "turns": turns,
        "taken_in_s": round(imported, 1),
        "remembered": wait,
        "held_before": before,
        "erased_s": round(took, 2),
        "removed": receipt["total"],
        "verified": receipt["verified"],
        "removed_again": again["total"],
        "left": await _found(data, servers, _MINE),
        "of_the_other_left": await _found(data, servers, _HIS),
    }


async def _post(client: httpx.AsyncClient, user: str, path: str, **sent: Any) -> dict[str, Any]:
    answer = await client.post(path, headers={"freya-user": user}, **sent)
    if not answer.is_success:
        sys.exit(f"{path} answered {answer.status_code}: {answer.text}")
    told: dict[str, Any] = answer.json()
    return told


async def _found(data: Path, servers: EmbeddedServers, word: str) -> dict[str, int]:
    """Where the word stands: rows by table, keys by type, files of vectors; what has none is left out."""
    found: dict[str, int] = {}
    async with await psycopg.AsyncConnection.connect(servers.postgres_url) as connection:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        for (table,) in await (await connection.execute(tables)).fetchall():
            held = sql.SQL("SELECT count(*) FROM {} AS r WHERE r::text ILIKE {}").format(
                sql.Identifier(table), sql.Literal(f"%{word}%")
            )
            ((found[f"rows of {table}"],),) = await (await connection.execute(held)).fetchall()
    async with Redis.from_url(servers.redis_url) as redis:
        keys = await RedisKeys(redis, ShortTermTier(redis, MemorySettings())).holding([word])
    found |= {f"keys: {kind}": count for kind, count in keys.items()}
    files = [path for path in (data / "memory-vectors").rglob("*") if path.is_file()]
    found["files of vectors"] = sum(word.encode() in path.read_bytes().lower() for path in files)
    return {what: count for what, count in found.items() if count}


if __name__ == "__main__":
    asyncio.run(main())
