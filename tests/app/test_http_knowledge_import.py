"""Files that are imported over HTTP: kept, read and indexed by a job, and removed."""

import asyncio
import errno
import gzip
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.jobs import Uploads, job_id, runner
from app.problems import ProblemError
from app.wiring import Running
from tests.app.test_http import problem_of
from tests.app.test_http_knowledge import found, until_ended
from tests.app.test_http_openapi import checked, document

__all__ = ["document"]
_IMPORT = "/v1/knowledge/import"


def export(subject: str) -> bytes:
    pairs = [
        {"question": f"What is the {subject} of a mempool?", "answer": f"The {subject} is what waits in it."},
        {"question": f"Who sees the {subject}?", "answer": ""},
    ]
    return json.dumps({"total_pairs": 3, "topic": subject, "qa_pairs": pairs}).encode()


def kept(running: Running) -> list[Path]:
    folder = running.settings.data / "uploads"
    return sorted(folder.rglob("*")) if folder.exists() else []


async def test_uploaded_file_is_read_indexed_found_and_removed(client, running: Running, document):
    given = {"name": "queue.json.gz", "collection": "uploaded"}
    ordered = await client.post(_IMPORT, params=given, content=gzip.compress(export("queue depth")))
    assert ordered.status_code == 202, ordered.text
    checked(document, "JobView", ordered.json())
    assert ordered.headers["location"] == f"/v1/knowledge/jobs/{ordered.json()['id']}"
    job = await until_ended(client, ordered.headers["location"])
    assert (job["kind"], job["state"], job["error"]) == ("import", "finished", None)
    result = job["result"]
    assert (result["name"], result["outcome"], result["collection"]) == (
        "queue.json.gz",
        "imported",
        "uploaded",
    )
    assert (result["read"], result["added"], result["rejected"], result["mismatched"]) == (1, 1, 1, 1)
    assert result["shape"] == "pairs under qa_pairs; topic from topic"
    assert [remark["what"] for remark in result["remarks"]] == ["rejected", "mismatched"]
    assert kept(running) == []
    source = (await client.get(f"/v1/knowledge/sources/{result['source']}")).json()
    assert source["remarks"] == result["remarks"]
    hits = await found(client, "What is the queue depth of a mempool?", collection="uploaded")
    assert hits[0]["source"] == "queue.json.gz"
    again = await client.post(_IMPORT, params=given, content=gzip.compress(export("queue depth")))
    assert (await until_ended(client, again.headers["location"]))["result"]["outcome"] == "already"


async def test_upload_is_read_in_the_encoding_that_is_given(client, running: Running):
    given = {"name": "old.csv", "collection": "uploaded"}
    table = "question,answer\nЧто такое стакан?,Заявки на покупку и продажу.\n".encode("koi8_r")
    refused = await client.post(_IMPORT, params={**given, "encoding": "klingon"}, content=table)
    problem_of(refused, 422, "invalid_request")
    assert "There is no encoding 'klingon'" in refused.text
    assert kept(running) == []
    ordered = await client.post(_IMPORT, params={**given, "encoding": "koi8-r"}, content=table)
    job = await until_ended(client, ordered.headers["location"])
    assert (job["result"]["encoding"], job["result"]["added"]) == ("koi8-r", 1)
    (hit,) = await found(client, "Что такое стакан?", collection="uploaded", limit=1)
    assert hit["answer"] == "Заявки на покупку и продажу."


async def test_upload_sent_again_with_its_key_is_one_job(client, running: Running):
    key = {"idempotency-key": "upload-1"}
    given = {"name": "key.json", "collection": "uploaded"}
    first = await client.post(_IMPORT, params=given, content=export("key"), headers=key)
    await until_ended(client, first.headers["location"])
    again = await client.post(_IMPORT, params=given, content=export("key"), headers=key)
    assert again.json()["id"] == first.json()["id"]
    other = await client.post(_IMPORT, params=given, content=export("lock"), headers=key)
    problem_of(other, 409, "idempotency_conflict")
    assert kept(running) == []


async def test_file_that_cannot_be_read_is_told_in_the_result(client):
    ordered = await client.post(
        _IMPORT, params={"name": "picture.png"}, content=b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    )
    job = await until_ended(client, ordered.headers["location"])
    assert (job["state"], job["result"]["outcome"]) == ("finished", "refused")
    assert "is a picture. Save what it holds as text" in job["result"]["reason"]


async def test_file_beyond_the_limit_is_refused_before_it_is_read(client, running: Running):
    longest = running.settings.knowledge.longest_import
    refused = await client.post(
        _IMPORT, params={"name": "a.json"}, content=b"{}", headers={"content-length": str(longest + 1)}
    )
    assert str(longest) in problem_of(refused, 413, "body_too_large")["detail"]


@pytest.mark.parametrize("name", ["", "..", "a/b.json", "a\\b.json", "a\nb", "a\0b", "é" * 200])
async def test_name_that_no_file_can_have_is_refused(client, name):
    refused = await client.post(_IMPORT, params={"name": name}, content=b"{}")
    assert problem_of(refused, 422, "invalid_request")["errors"][0]["field"] == "query.name"


async def test_form_is_refused_with_what_to_send_instead(client):
    refused = await client.post(_IMPORT, params={"name": "a.json"}, files={"file": b"{}"})
    assert "as the body itself" in problem_of(refused, 422, "request_refused")["detail"]


async def test_import_cannot_be_ordered_without_a_file(client):
    order = {"kind": "import", "arguments": {"name": "a", "collection": "c", "sha256": "", "upload": "../x"}}
    problem_of(await client.post("/v1/knowledge/jobs", json=order), 422, "invalid_request")


async def test_full_disk_is_told_and_leaves_nothing(running: Running):
    async def chunks() -> AsyncIterator[bytes]:
        yield b"{"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = kept(running)
    with pytest.raises(ProblemError, match="No space left on device") as raised:
        await running.freya.known.take_in(chunks(), name="a.json", collection="c")
    assert raised.value.problem.code == "upload_failed"
    assert kept(running) == before


async def test_import_whose_process_died_is_gone_on_with(client: httpx.AsyncClient, running: Running):
    async def chunks() -> AsyncIterator[bytes]:
        yield export("death")

    known, job = running.freya.known, job_id()
    sha256 = await known._uploads.keep(chunks(), job, "death.json")
    async with known._jobs._pool.connection() as connection:
        await connection.execute(
            "INSERT INTO knowledge_jobs (id, kind, arguments, state, worker, attempts, heartbeat_at)"
            " VALUES (%s, 'import', %s, 'running', 'dead', 1, now() - interval '1 minute')",
            (
                job,
                json.dumps({"name": "death.json", "collection": "uploaded", "sha256": sha256, "upload": job}),
            ),
        )
    ended = await until_ended(client, f"/v1/knowledge/jobs/{job}")
    assert (ended["state"], ended["result"]["added"]) == ("finished", 1)
    assert not [path for path in kept(running) if job in str(path)]


async def test_cancelled_import_leaves_no_file(client: httpx.AsyncClient, running: Running, monkeypatch):
    monkeypatch.setattr(runner, "_BEAT_S", 0.02)
    began = asyncio.Event()

    async def without_end(*_: object) -> dict[str, Any]:
        began.set()
        await asyncio.Event().wait()
        return {}

    carrying = running.freya.known._ordered.__self__  # type: ignore[attr-defined]  # the runner's method
    monkeypatch.setattr(carrying, "_carry", without_end)
    job = (await client.post(_IMPORT, params={"name": "c.json"}, content=export("cancelling"))).json()["id"]
    async with asyncio.timeout(60):
        await began.wait()
    assert [path.name for path in kept(running) if job in str(path)] == [job, "c.json"]
    await client.post(f"/v1/knowledge/jobs/{job}/cancel")
    assert not [path for path in kept(running) if job in str(path)]


async def test_what_nobody_waits_for_any_more_is_swept_away(tmp_path: Path):
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"

    uploads = Uploads(tmp_path)
    await uploads.sweep(())
    for job in ("job_gone", "job_wanted", "job_fresh"):
        await uploads.keep(chunks(), job, "a.json")
    await uploads.keep(chunks(), "job_wanted", "other.json")
    broken = tmp_path / "uploads" / "upload_killed.partial"
    broken.write_bytes(b"half")
    hours_ago = time.time() - 7200
    for path in (tmp_path / "uploads" / "job_gone", tmp_path / "uploads" / "job_wanted", broken):
        os.utime(path, (hours_ago, hours_ago))
    await uploads.sweep({"job_wanted"})
    assert {path.name for path in (tmp_path / "uploads").iterdir()} == {"job_wanted", "job_fresh"}
    assert [path.name for path in (tmp_path / "uploads" / "job_wanted").iterdir()] == ["a.json"]
    assert await uploads.path("job_wanted", "a.json") == tmp_path / "uploads" / "job_wanted" / "a.json"
    assert await uploads.path("job_gone", "a.json") is None
