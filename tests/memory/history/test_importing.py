import json
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memory import Database, ImportRefused, Owner, ThreadStore, withhold_due
from memory.history import HistoryImporter, ImportReport
from memory.privacy import DataKeys, PrivacySettings, Sealer
from tests.memory.privacy.conftest import key

_START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def _line(owner: Owner, number: int = 0, **changes: object) -> dict[str, object]:
    said = {
        "user": owner.user_id,
        "thread": "kitchen",
        "role": "user",
        "text": f"Counter {number} is 38 square feet.",
        "time": (_START + timedelta(seconds=number)).isoformat(),
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not ...}


async def _bytes(*lines: object, piece: int = 64) -> AsyncIterator[bytes]:
    """JSON lines as a stream of small pieces; bytes stand as they are."""
    whole = b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines)
    for begin in range(0, len(whole), piece):
        yield whole[begin : begin + piece]


@pytest.fixture
def importer(database: Database) -> HistoryImporter:
    return HistoryImporter(database)


async def _contents(database: Database, owner: Owner) -> list[str]:
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT content FROM messages ORDER BY thread_id, id")
        return [row["content"] for row in await cursor.fetchall()]


async def test_messages_keep_their_times_speakers_and_order(importer, database, owner) -> None:
    lines = [
        _line(owner, 0, text="Hello, I am Ada."),
        _line(owner, 1, role="assistant", name="Helper", text="Hello Ada.", mood="kept out"),
        _line(owner, 2, thread="garden", text="Roses?", time="2026-02-01T10:00:00.250+02:00"),
    ]

    report = await importer.run(owner, _bytes(*lines), name="old")

    threads = ThreadStore(database)
    garden, kitchen = sorted(await threads.page(owner, limit=9, before=None), key=lambda one: one.created_at)
    assert (report.lines, report.imported, report.known, report.rejected) == (3, 3, 0, 0)
    assert (garden.title, kitchen.title) == ("Roses?", "I am Ada.")
    assert kitchen.created_at == _START
    assert kitchen.updated_at == _START + timedelta(seconds=1)
    asked, answered = await threads.messages(owner, kitchen.id, limit=9, after=None)
    assert (asked.role, asked.speaker, asked.run_id, asked.created_at) == ("user", None, None, _START)
    assert (answered.role, answered.speaker, answered.content) == ("assistant", "Helper", "Hello Ada.")
    assert "kept out" not in answered.model_dump_json()
    (rose,) = await threads.messages(owner, garden.id, limit=9, after=None)
    assert rose.created_at == datetime(2026, 2, 1, 8, 0, 0, 250_000, tzinfo=UTC)


async def test_messages_of_one_instant_stay_in_the_order_of_the_file(importer, database, owner) -> None:
    lines = [_line(owner, 0, text=f"word {number}") for number in range(40)]

    await importer.run(owner, _bytes(*lines), name="old")

    assert await _contents(database, owner) == [f"word {number}" for number in range(40)]


async def test_the_same_file_again_changes_nothing(importer, database, owner) -> None:
    lines = [_line(owner, number) for number in range(30)]
    await importer.run(owner, _bytes(*lines), name="old")
    before = await _rows(database, owner)

    report = await importer.run(owner, _bytes(*lines, piece=7), name="old again")

    assert (report.imported, report.known) == (0, 30)
    assert await _rows(database, owner) == before


async def test_a_file_that_has_grown_adds_only_what_is_new(importer, database, owner) -> None:
    lines = [_line(owner, number) for number in range(20)]
    await importer.run(owner, _bytes(*lines), name="old")

    report = await importer.run(owner, _bytes(*lines, _line(owner, 20), _line(owner, 20)), name="old")

    assert (report.imported, report.known) == (2, 20)  # said twice is kept twice
    assert len(await _contents(database, owner)) == 22


async def test_an_import_that_was_killed_goes_on_where_it_stopped(importer, database, owner) -> None:
    lines = [_line(owner, number) for number in range(1200)]

    async def killed() -> AsyncIterator[bytes]:
        async for piece in _bytes(*lines[:700], piece=4096):
            yield piece
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await importer.run(owner, killed(), name="old")
    assert len(await _contents(database, owner)) == 500  # the batch that was whole

    report = await importer.run(owner, _bytes(*lines, piece=4096), name="old")

    assert (report.imported, report.known) == (700, 500)
    async with database.of(owner) as connection:
        cursor = await connection.execute(
            "SELECT state, error, lines, imported FROM memory_imports ORDER BY id"
        )
        broken, whole = await cursor.fetchall()
    assert broken["state"] == "failed"
    assert "begun anew" in broken["error"]
    assert (whole["state"], whole["lines"], whole["imported"]) == ("finished", 1200, 700)


async def test_bad_lines_are_reported_with_their_numbers_and_left_out(importer, database, owner) -> None:
    bad: Sequence[tuple[object, str]] = [
        (b'{"user": ', "Invalid JSON"),
        (b'{"text": "\xff"}', "Invalid JSON"),
        (_line(owner, time="yesterday"), "time: write it as RFC 3339"),
        (_line(owner, time="2026-03-01T09:30:00"), "time: write it as RFC 3339"),
        (_line(owner, time=1772357400), "time: write it as RFC 3339"),
        (_line(owner, time="1969-03-01T09:30:00Z"), "time: is before 1970"),
        (_line(owner, time="9999-12-31T23:59:59-10:00"), "time: is after 9998"),
        (_line(owner, role="system"), "role: "),
        (_line(owner, text=""), "text: "),
        (_line(owner, text="é" * 40_000), "text: is longer than 64 KB"),
        (_line(owner, text="a\x00b"), "text: has a NUL character"),
        (_line(owner, thread=...), "thread: Field required"),
        (b'{"text": "' + b"a" * 2_000_000 + b'"}', "is longer than 1024 KB"),
        (_line(owner, user="somebody"), "user: it is of 'somebody'"),
    ]

    report = await importer.run(
        owner, _bytes(*(line for line, _ in bad), b"", _line(owner, 1), piece=50_000), name="bad"
    )

    assert (report.lines, report.rejected, report.imported) == (15, 14, 1)
    for number, (problem, (_, said)) in enumerate(zip(report.problems, bad, strict=True), start=1):
        assert problem.startswith(f"line {number}: {said}"), problem
    assert await _contents(database, owner) == ["Counter 1 is 38 square feet."]


async def test_only_the_first_problems_are_shown(importer, owner) -> None:
    report = await importer.run(owner, _bytes(*[b"x"] * 50), name="bad")

    assert (report.rejected, len(report.problems)) == (50, 20)


async def test_any_users_lines_are_kept_for_each_of_them_where_that_is_asked_for(
    importer, database, owner, other
) -> None:
    lines = [_line(one, number) for number in range(6) for one in (owner, other)]

    report = await importer.run(owner, _bytes(*lines, _line(Owner(), user="a:b")), name="all", users="any")

    assert (report.imported, report.rejected) == (12, 1)
    assert "no name of a user" in report.problems[0]
    mine, his = await _rows(database, owner), await _rows(database, other)
    assert len(mine) == len(his) == 6
    assert not {row["id"] for row in mine} & {row["id"] for row in his}
    assert not {row["thread_id"] for row in mine} & {row["thread_id"] for row in his}


async def test_texts_are_encrypted_for_their_owner_on_the_way_in(database, owner) -> None:
    sealer = Sealer(DataKeys(database, PrivacySettings(keys=(key(1),))))
    said = [
        _line(owner, number, text="secret", name=name) for number, name in enumerate(("Mara", "Mara", "Ben"))
    ]

    await HistoryImporter(database, sealer).run(owner, _bytes(*said), name="letters of Mara")

    contents = await _contents(database, owner)
    assert [await sealer.open(owner, text) for text in contents] == ["secret"] * 3
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT message::text AS row FROM messages AS message")
        rows = await cursor.fetchall()
        cursor = await connection.execute(
            "SELECT metadata, (SELECT name FROM memory_imports) AS name FROM threads"
        )
        rows += await cursor.fetchall()
        cursor = await connection.execute("SELECT DISTINCT speaker FROM messages")
        assert len(await cursor.fetchall()) == 2
    assert not any(word in str(rows) for word in ("secret", "Mara", "letters", "Ben"))
    (thread,) = await ThreadStore(database, sealer).page(owner, limit=9, before=None)
    assert thread.metadata == {"imported_from": "letters of Mara"}
    messages = await ThreadStore(database, sealer).messages(owner, thread.id, limit=9, after=None)
    assert [message.speaker for message in messages] == ["Mara", "Mara", "Ben"]


@pytest.mark.parametrize("metadata", [{"sealed": "sealed:1:x"}, {"sealed": "x"}, {"sealed": {}}, {}])
@pytest.mark.parametrize("keys", [(), (key(1),)])
async def test_metadata_that_looks_encrypted_comes_back_as_it_is(database, owner, metadata, keys) -> None:
    threads = ThreadStore(database, Sealer(DataKeys(database, PrivacySettings(keys=keys))))
    made = await threads.create(owner, "t", project_id=None, metadata=metadata)
    assert (await threads.get(owner, made.id)).metadata == metadata


async def test_a_file_that_is_not_there_is_refused(importer, database, owner, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="cannot be read"):
        await importer.run(owner, tmp_path / "none.jsonl", name="none")

    async with database.of(owner) as connection:
        row = await (await connection.execute("SELECT state, error FROM memory_imports")).fetchone()
    assert row is not None
    assert row["state"] == "failed"


@pytest.mark.uncounted
async def test_ten_thousand_lines_take_no_longer_each_than_a_thousand(
    importer, database, owner, tmp_path: Path
) -> None:
    lines = (json.dumps(_line(owner, number, thread=f"t{number // 20}")) for number in range(10_000))
    path = tmp_path / "history.jsonl"
    path.write_text("\n".join(lines))
    seen: list[ImportReport] = []
    few = tmp_path / "few.jsonl"
    few.write_text(
        "\n".join(json.dumps(_line(owner, number, thread=f"f{number // 20}")) for number in range(1_000))
    )
    began = time.monotonic()
    await importer.run(owner, few, name="few")
    took, began = time.monotonic() - began, time.monotonic()

    report = await importer.run(owner, path, name="long", progress=seen.append)

    assert report.imported == 10_000
    assert (
        time.monotonic() - began < 30 * took
    )  # ten times the lines; the rest is for what the machine does beside it
    assert [one.lines for one in seen] == [*range(500, 10_001, 500), 10_000]
    assert len(await ThreadStore(database).page(owner, limit=1000, before=None)) == 550


async def _rows(database: Database, owner: Owner) -> list[dict[str, object]]:
    async with database.of(owner) as connection:
        return await (await connection.execute("SELECT * FROM messages ORDER BY id")).fetchall()


async def test_a_thread_with_a_request_to_forget_is_looked_through_and_the_request_withheld(
    importer, database, owner
) -> None:
    lines = [
        _line(owner, 0, text="I live in Oslo."),
        _line(owner, 1, text="Forget that I live in Oslo."),
        _line(owner, 2, role="assistant", text="It is forgotten."),
        _line(owner, 3, thread="garden", text="Roses?"),
    ]
    await importer.run(owner, _bytes(*lines), name="old")

    assert await withhold_due(database) == 1
    assert await withhold_due(database) == 0
    async with database.of(owner) as connection:
        cursor = await connection.execute("SELECT content FROM messages WHERE withheld ORDER BY id")
        assert [row["content"] for row in await cursor.fetchall()] == [
            "Forget that I live in Oslo.",
            "It is forgotten.",
        ]
