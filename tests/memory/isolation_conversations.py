"""What a user does with conversations, mostly with the id of one that may be another's."""

from dataclasses import asdict

import orjson
import pytest

from agents.tools import Artifact
from app.runs import ChatRequest
from graphs import MadeArtifact
from memory import Owner, Scope, ToolUse, Turn, UnknownProject, new_id
from memory.short import StateChange
from tests.app.answered import answered
from tests.memory.isolation import World, exported, scope


async def turn(world: World, me: Owner, pick: int) -> None:
    """A whole turn in a new thread, or in any there is; with an artifact in any project."""
    stores, has = world.stores, world.has[me]
    thread = None if pick % 3 == 0 else world.some("thr", pick)
    within = scope(me, thread or new_id("thr"), world.some("prj", pick))
    run, said = new_id("run"), world.text(me)

    async def begin(name: str, project: str | None = None) -> None:
        await stores.runs.begin(
            run,
            Scope(**{**asdict(within), "thread_id": name}),
            ChatRequest(message=said, thread_id=thread, project_id=project),
            new_thread=thread is None,
            worker="w",
            idempotency_key=None,
        )

    if thread is not None and thread not in has.threads:
        await world.refused(me, begin, thread)
        return
    if not world.sees(me, within.project_id):
        with pytest.raises(UnknownProject):
            await begin(within.thread_id, within.project_id)
        await begin(within.thread_id)  # as where he was a member at the beginning
    else:
        await begin(within.thread_id, within.project_id)
    answer = world.text(me)
    made = MadeArtifact(
        id=new_id("art"),
        agent="davina",
        artifact=Artifact(name="notes.txt", media_type="text/plain", content=answer),
    )
    use = ToolUse(agent="davina", name="npv", arguments={"rate": 8}, result=answer)
    done = Turn(run_id=run, request=said, answer=answer, agents=("davina",), tool_uses=(use,), at=world.at())
    await stores.threads.remember(within, done)
    await stores.short.remember(within, done)
    result, logged = answered(run, within, request=said, answer=answer, agents=["davina"], uses=[use])
    await stores.runs.finish(result, within, artifacts=[made], interaction=logged)
    if thread is None:
        has.threads.add(world.keep(me, within.thread_id))
    has.messages += 2
    has.said(within.thread_id)
    has.runs.add(world.keep(me, run))
    has.artifacts.add(world.keep(me, made.id))


async def answer_into(world: World, me: Owner, pick: int) -> None:
    """Write a message into any thread."""
    thread = world.some("thr", pick)
    done = Turn(run_id=new_id("run"), request="", answer=world.text(me), at=world.at())

    async def write(name: str) -> None:
        await world.stores.threads.remember(scope(me, name), done)

    if thread in world.has[me].threads:
        await write(thread)
        world.has[me].messages += 1
    else:
        await world.refused(me, write, thread)


async def read_thread(world: World, me: Owner, pick: int) -> None:
    stores, thread = world.stores, world.some("thr", pick)
    after = world.some("msg", pick // 3)
    turns = await stores.threads.recall(scope(me, thread), limit=50)
    runs = await stores.runs.of_thread(me, thread, limit=50, before=world.some("run", pick // 5))
    world.seen(me, turns, runs)
    if thread in world.has[me].threads:
        messages = await stores.threads.messages(me, thread, limit=200, after=after if pick % 2 else None)
        world.seen(me, await stores.threads.get(me, thread), messages)
        for message in messages:
            if message.id not in world.ids["msg"]:
                world.keep(me, message.id)
        return
    assert not turns
    assert not runs
    await world.refused(me, lambda name: stores.threads.get(me, name), thread)
    await world.refused(me, lambda name: stores.threads.messages(me, name, limit=9, after=after), thread)


async def list_threads(world: World, me: Owner, pick: int) -> None:
    before = world.some("thr", pick)
    page = await world.stores.threads.page(me, limit=500, before=before)
    world.seen(me, page)
    assert {one.id for one in page} == {name for name in world.has[me].threads if name < before}


async def delete_thread(world: World, me: Owner, pick: int) -> None:
    stores, has, thread = world.stores, world.has[me], world.some("thr", pick)
    if thread not in has.threads:
        await world.refused(me, lambda name: stores.threads.delete(me, name), thread)
        return
    has.messages -= len(await stores.threads.messages(me, thread, limit=10_000, after=None))
    gone = await stores.runs.of_thread(me, thread, limit=10_000, before=None)
    await stores.threads.delete(me, thread)
    await stores.short.forget(scope(me, thread))
    has.threads.discard(thread)
    has.turns.pop(thread, None)
    has.variables.pop(thread, None)
    has.runs -= {run.id for run in gone}
    has.artifacts = {row["id"] for row in (await exported(stores.service, me))["artifacts"]}


async def forget_message(world: World, me: Owner, pick: int) -> None:
    """Forget any message; one's own goes with its turn, and all that came from it alone."""
    service, has, message = world.stores.service, world.has[me], world.some("msg", pick)
    before = await exported(service, me)
    threads = {row["id"]: row["thread_id"] for row in before["messages"]}
    if message not in threads:
        await world.refused(me, lambda name: service.forget_message(me, name), message)
        return
    gone = await service.forget_message(me, message)
    assert set(gone.messages) <= threads.keys()
    left = await exported(service, me)
    has.messages -= len(gone.messages)
    has.turns.pop(threads[message], None)
    has.variables.pop(threads[message], None)
    has.runs &= {row["id"] for row in left["runs"]}
    has.artifacts = {row["id"] for row in left["artifacts"]}
    has.feedback = len(left["feedback"])
    for record in has.records.keys() & set(gone.records):
        del has.records[record]


async def read_run(world: World, me: Owner, pick: int) -> None:
    stores, run, artifact = world.stores, world.some("run", pick), world.some("art", pick // 2)
    if run in world.has[me].runs:
        world.seen(me, await stores.runs.get(me, run))
    else:
        await world.refused(me, lambda name: stores.runs.get(me, name), run)
    whose = world.born.get(artifact)
    try:
        content = (await stores.runs.artifacts.one(me, artifact)).content
    except Exception:  # noqa: BLE001  # compared with that of an unknown one
        assert artifact not in world.has[me].artifacts
        await world.refused(me, lambda name: stores.runs.artifacts.one(me, name), artifact)
        return
    if whose == me:
        world.seen(me, content)
    else:
        assert any(me in members and whose in members for members in world.members.values())


async def rate_run(world: World, me: Owner, pick: int) -> None:
    run, said = world.some("run", pick), world.text(me)

    async def rate(name: str) -> object:
        return await world.stores.service.rate(me, name, rating=4, thumb=None, comment=said, correction=None)

    async def rate_logged(name: str) -> object:
        return await world.stores.interactions.rate(me, name, rating=1)

    if run in world.has[me].runs:
        world.seen(me, await rate(run))
        world.has[me].feedback += 1
    elif world.born.get(run) != me:
        await world.refused(me, rate, run)
        await world.refused(me, rate_logged, run)


async def work_short(world: World, me: Owner, pick: int) -> None:
    """Short-term memory under any thread's id is one's own."""
    short, within, has = world.stores.short, scope(me, world.some("thr", pick)), world.has[me]
    thread = within.thread_id
    held = await short.held(within)
    world.seen(me, held, await short.state(within, "davina"), await short.summary(within))
    assert len(held.turns) == has.turns.get(thread, 0)
    if pick % 3 == 0:
        said = world.text(me)
        await short.remember(within, Turn(run_id=new_id("run"), request=said, answer=said, at=world.at()))
        has.said(thread)
    elif pick % 3 == 1:
        has.variables[thread] = world.text(me)
        change = StateChange(variables={"noted": has.variables[thread]})
        world.seen(me, await short.update(within, "davina", change))
    elif pick % 5 == 0:
        await short.forget(within)
        has.turns.pop(thread, None)
        has.variables.pop(thread, None)


async def take_in(world: World, me: Owner, pick: int) -> None:
    """A history whose lines name another's thread, another user, and keys made to look like his."""
    other, thread = world.others(me)[pick % 2], world.some("thr", pick)

    def line(user: str, named: str) -> bytes:
        at = world.at().isoformat().replace("+00:00", "Z")
        return orjson.dumps(
            {"user": user, "thread": named, "role": "user", "text": world.text(me), "time": at}
        )

    named = (thread, f"import:{thread}", f"{other}/{thread}", f"{other.tenant_id}\n{other.user_id}")
    history = [line(me.user_id, name) for name in named] + [
        line(other.user_id, thread),
        line(str(other), thread),
    ]

    async def sent() -> object:
        for part in history:
            yield part + b"\n"

    report = await world.stores.service.take_in(me, sent(), name=str(other))  # type: ignore[arg-type]  # pieces of bytes
    namesakes = sum(user == me.user_id for user in (other.user_id, str(other)))
    assert (report.imported, report.rejected) == (4 + namesakes, 2 - namesakes)
    world.has[me].messages += report.imported
    await world.learn(me)
