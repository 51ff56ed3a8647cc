"""Three users over all tiers, what each of them is known to have, and the steps they take with ids of each other."""

import json
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import CodeType
from typing import Any  # what comes back may be anything

from app.memory_service import MemoryService
from memory import MemoryUnavailable, Owner, Recalled, Record, Scope, Tier
from memory.records import MEDIUM
from tests.memory.isolation_stores import Stores

START = datetime(2026, 1, 1, tzinfo=UTC)
Call = Callable[[str], Coroutine[Any, Any, object]]
_ID = re.compile(r"\b(?:thr|msg|rec|run|art)_[0-9a-z]{26}")


@dataclass
class Holdings:
    """What one user has."""

    threads: set[str] = field(default_factory=set)
    messages: int = 0
    runs: set[str] = field(default_factory=set)
    artifacts: set[str] = field(default_factory=set)
    records: dict[str, tuple[str, bool, int]] = field(default_factory=dict)
    """By id the text, whether it is pinned, and how often it was used."""
    strays: set[str] = field(default_factory=set)
    """Vectors put under ids that are no record of his."""
    turns: dict[str, int] = field(default_factory=dict)
    """In short-term memory, by thread."""
    variables: dict[str, str] = field(default_factory=dict)
    feedback: int = 0

    def said(self, thread: str) -> None:
        """A turn more in short-term memory, which holds fifty."""
        self.turns[thread] = min(50, self.turns.get(thread, 0) + 1)


class World:
    """Users with what they have. What is given to one of them is looked through for what is another's."""

    def __init__(self, stores: Stores, number: int) -> None:
        """Users of this number: anna and ben of one tenant, and another anna of another."""
        acme, globex = f"acme{number}", f"globex{number}"
        self.stores = stores
        self.owners = (Owner("anna", acme), Owner("ben", acme), Owner("anna", globex))
        self.markers = {
            owner: f"{colour}mark{number}"
            for owner, colour in zip(self.owners, ("crimson", "indigo", "ochre"), strict=True)
        }
        self.has = {owner: Holdings() for owner in self.owners}
        self.members: dict[str, set[Owner]] = {}
        self.filed: dict[str, str] = {}
        """By record the project it belongs to."""
        self.superseded: set[str] = set()
        """Records that newer ones say they replace."""
        self.leads: dict[str, Owner] = {}
        self.born: dict[str, Owner] = {}
        """Whose an id is, or was."""
        self.ids: dict[str, list[str]] = {
            kind: [f"{kind}_{'0' * 26}"] for kind in ("thr", "msg", "rec", "run", "art", "prj")
        }
        """All that were ever given, and one of each kind that never was."""
        self.sealed: list[tuple[Owner, str]] = []
        self.tokens: list[tuple[Owner, str]] = []
        self.operations = 0
        self.shared = 0
        """How often what another shares came back."""
        self._refusals: dict[tuple[CodeType, Owner], tuple[type[Exception], str]] = {}
        self._said = 0

    def text(self, me: Owner) -> str:
        """Something that only this user says, and only once."""
        self._said += 1
        return f"Note {self._said} about the garden of {self.markers[me]}."

    def at(self) -> datetime:
        """A time after all earlier ones."""
        return START + timedelta(minutes=self._said)

    def some(self, kind: str, pick: int) -> str:
        """An id of this kind, whoever's."""
        return self.ids[kind][pick % len(self.ids[kind])]

    def project(self, me: Owner, pick: int) -> str:
        """A project, three times of four one of those that the user sees."""
        seen = sorted(name for name in self.members if self.sees(me, name))
        return seen[pick % len(seen)] if seen and pick % 4 else self.some("prj", pick)

    def others(self, me: Owner) -> list[Owner]:
        """The other users."""
        return [owner for owner in self.owners if owner != me]

    def keep(self, me: Owner, name: str) -> str:
        """Note an id that was given to this user."""
        assert self.born.setdefault(name, me) == me, f"{name} of {self.born[name]} was given to {me}"
        self.ids[name[:3]].append(name)
        return name

    def sees(self, me: Owner, project: str | None) -> bool:
        """Whether the user is a member of the project now."""
        return project is not None and me in self.members.get(project, ())

    def seen(self, me: Owner, *given: object) -> None:
        """Nothing that was given to this user holds a word or an id of another."""
        text = " ".join(map(str, given))
        for other in self.others(me):
            assert self.markers[other] not in text, f"{me} was given what {other} said: {text}"
        for name in _ID.findall(text):
            whose = self.born.setdefault(name, me)
            assert whose == me, f"{me} was given {name} of {whose}: {text}"

    def seen_records(self, me: Owner, records: Iterable[Record]) -> None:
        """The same of records; those of others are decisions and the like of a project that he is a member of."""
        for record in records:
            whose = self.born.get(record.id, me)
            if whose == me:
                self.seen(me, record)
                continue
            assert record.kind in MEDIUM, f"{me} was given a {record.kind} of {whose}"
            assert self.sees(me, record.project_id), f"{me} was given {record.id} of {whose}"
            assert self.markers[whose] in record.text

    def seen_recalled(self, me: Owner, project: str, items: Iterable[Recalled]) -> None:
        """The same of what came back in a project: of others what they have there now, and none of its sources."""
        for item in items:
            if item.by is None:
                self.seen(me, item)
                continue
            whose = Owner(item.by, me.tenant_id)
            assert whose != me
            assert self.sees(me, project), f"{me} was given {item.id} of {whose} in {project}"
            assert item.kind in MEDIUM, f"{me} was given a {item.kind} of {whose}"
            assert self.filed.get(item.id) == project, f"{me} was given {item.id} of another project"
            assert item.id not in self.superseded
            assert self.has[whose].records[item.id][0] == item.text
            assert (item.message_ids, item.thread_id) == ((), None)
            self.seen(whose, item)
            self.shared += 1

    async def refused(self, me: Owner, call: Call, name: str) -> None:
        """What is another's is refused with the very words for what there is not."""
        tried = call.__code__, me
        if tried not in self._refusals:
            self._refusals[tried] = await _error(call, f"{name[:3]}_{'z' * 26}")
        assert await _error(call, name) == self._refusals[tried]

    def remembered(self, me: Owner, record: Record) -> None:
        """A record that is this user's from now on."""
        self.keep(me, record.id)
        self.has[me].records[record.id] = (record.text, record.pinned, record.recalled)
        if record.project_id is not None:
            self.filed[record.id] = record.project_id
        if record.supersedes is not None:
            self.superseded.add(record.supersedes)

    async def learn(self, me: Owner) -> None:
        """Take in what work in the background, or an import, has made of this user's."""
        known = self.has[me].records
        for record in await self.stores.records.list(me, limit=10_000):
            self.seen(me, record)
            if record.id not in known:
                self.remembered(me, record)
        for thread in await self.stores.threads.page(me, limit=10_000, before=None):
            self.seen(me, thread)
            if thread.id not in self.has[me].threads:
                self.has[me].threads.add(self.keep(me, thread.id))

    def erased(self, me: Owner) -> None:
        """All of this user is gone."""
        self.has[me] = Holdings()
        for project in [project for project, lead in self.leads.items() if lead == me]:
            self.gone_project(project)
        for members in self.members.values():
            members.discard(me)
        self.sealed = [(whose, text) for whose, text in self.sealed if whose != me]
        self.tokens = [(whose, text) for whose, text in self.tokens if whose != me]

    def gone_project(self, project: str) -> None:
        """A project that there is no longer."""
        del self.leads[project], self.members[project]
        self.filed = {record: within for record, within in self.filed.items() if within != project}

    async def check(self) -> None:
        """Everybody has what he is known to have, in every store, and nothing of it says a word of another."""
        for me in self.owners:
            has, document = self.has[me], await exported(self.stores.service, me)
            self.seen(me, json.dumps(document))
            found = {name: [row["id"] for row in rows] for name, rows in document.items()}
            assert set(found["threads"]) == has.threads
            assert len(found["messages"]) == has.messages
            assert set(found["runs"]) == has.runs
            assert set(found["artifacts"]) == has.artifacts
            assert len(found["feedback"]) == has.feedback
            assert set(found["projects"]) == {name for name, lead in self.leads.items() if lead == me}
            assert set(found["memberships"]) == {name for name in self.members if self.sees(me, name)}
            records = {row["id"]: row for row in document["records"]}
            assert {
                name: (row["text"], row["pinned"], row["recalled"]) for name, row in records.items()
            } == has.records
            holding = {
                name
                for name, row in records.items()
                if row["tier"] == Tier.LONG and row["state"] != "superseded"
            }
            assert set(await self.stores.vectors.ids(me)) == holding | has.strays
            await self._check_short(me)

    async def _check_short(self, me: Owner) -> None:
        for thread, turns in self.has[me].turns.items():
            held = await self.stores.short.recall(scope(me, thread), limit=1000)
            self.seen(me, held)
            assert len(held) == turns
        for thread, value in self.has[me].variables.items():
            state = await self.stores.short.state(scope(me, thread), "davina")
            assert state.variables == {"noted": value}


def scope(me: Owner, thread: str, project: str | None = None) -> Scope:
    """This user in a thread, whoever's."""
    return Scope(thread_id=thread, tenant_id=me.tenant_id, user_id=me.user_id, project_id=project)


async def exported(service: MemoryService, me: Owner) -> Mapping[str, list[dict[str, Any]]]:
    """The lists of a user's document."""
    document = json.loads(b"".join([piece async for piece in await service.give_out(me)]))
    return {name: rows for name, rows in document.items() if isinstance(rows, list)}


async def _error(call: Call, name: str) -> tuple[type[Exception], str]:
    try:
        given = await call(name)
    except MemoryUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  # compared with another
        return type(error), str(error).replace(name, "…")
    raise AssertionError(f"{name} was not refused: {given}")
