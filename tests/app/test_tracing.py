"""Traces, received by an OTLP receiver of the test's own."""

import asyncio
import contextlib
import dataclasses
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from app.http import create_app
from app.settings import HttpSettings
from app.tracing import Tracing, TracingSettings, open_tracing
from app.wiring import Running

SECRET = "Galileo7731"  # noqa: S105  # what a user says
ASKED = {"message": f"NPV of -1000, 400, 400, 400 at 8 %. My telescope is {SECRET}.", "agents": ["davina"]}
TRACE, ABOVE = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Receiver:
    """Takes what is sent to `/v1/traces`."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        received = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for body in self.bodies
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture(scope="module")
async def tracing(receiver: Receiver) -> AsyncIterator[Tracing]:
    async with open_tracing(TracingSettings(endpoint=receiver.url)) as opened:
        assert opened is not None
        yield opened


@pytest.fixture(scope="module")
async def traced(running: Running, tracing: Tracing) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with traces."""
    carrier = running.freya._manager._carrier
    before = carrier._parts
    carrier._parts = dataclasses.replace(before, callbacks=tracing.of_run)
    settings = running.settings.model_copy(update={"http": HttpSettings()})
    made = create_app(settings, lambda: contextlib.nullcontext(dataclasses.replace(running, tracing=tracing)))
    async with (
        made.router.lifespan_context(made),
        httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://localhost") as client,
    ):
        yield client
    carrier._parts = before


async def sent(tracing: Tracing) -> None:
    assert await asyncio.to_thread(tracing._provider.force_flush, 5_000)


def values(span: Span) -> dict[str, object]:
    return {
        each.key: each.value.string_value or each.value.int_value or each.value.double_value
        for each in span.attributes
    }


async def test_trace_goes_through_request_graph_tools_and_models(traced, tracing, receiver):
    headers = {"traceparent": f"00-{TRACE}-{ABOVE}-01"}
    answer = (await traced.post("/v1/chat", json=ASKED, headers=headers)).json()
    await sent(tracing)
    spans = [span for span in receiver.spans if span.trace_id.hex() == TRACE]
    by_id = {span.span_id: span for span in spans}

    def above(span: Span) -> list[str]:
        found = by_id.get(span.parent_span_id)
        return [] if found is None else [found.name, *above(found)]

    named = {span.name: span for span in spans}
    request = named["POST /v1/chat"]
    assert request.parent_span_id.hex() == ABOVE
    assert values(request) == {
        "http.request.method": "POST",
        "http.route": "/v1/chat",
        "http.response.status_code": 200,
    }
    assert above(named["run"]) == ["POST /v1/chat"]
    assert values(named["run"]) == {"freya.run_id": answer["run_id"]}
    for node in ("guard", "recall", "route", "synthesise", "remember", "retrieve"):
        assert above(named[f"node {node}"])[-2:] == ["run", "POST /v1/chat"], node
    tool = named[f"tool {answer['tool_calls'][0]['name']}"]
    assert above(tool)[-2:] == ["run", "POST /v1/chat"]
    assert above(tool)[0].startswith("node ")
    assert "gen_ai.response.model" in values(named["model"])
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano > 0 for span in spans)


async def test_spans_hold_nothing_that_was_said(traced, tracing, receiver):
    answer = await traced.post(
        "/v1/chat", json=ASKED, headers={"authorization": "Bearer frk_not_in_spans_0123456789"}
    )
    await traced.get(f"/v1/runs/{SECRET}", headers={"freya-user": SECRET})
    await traced.request("GET", f"/{SECRET}?q={SECRET}")
    await sent(tracing)
    assert SECRET in answer.text or answer.status_code == 200
    everything = b"".join(receiver.bodies)
    assert b"unmatched" in everything
    for private in (SECRET, "telescope", "NPV of", "frk_not_in_spans", answer.json()["answer"][:40]):
        assert private.encode() not in everything


async def test_what_fails_is_marked_without_its_words(
    traced, tracing, receiver, running, monkeypatch, logged
):
    async def broken(*_: object, **__: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr(running.freya, "run", broken)
    assert (await traced.get("/v1/runs/run_any")).status_code == 500
    await sent(tracing)
    failed = [span for span in receiver.spans if span.name == "GET /v1/runs/{run_id}"][-1]
    assert failed.status.code == 2
    assert not failed.events
    assert SECRET in logged.text  # the log of a defect is where to look
    assert SECRET.encode() not in b"".join(receiver.bodies)


async def test_without_an_endpoint_nothing_is_made():
    async with open_tracing(TracingSettings()) as made:
        assert made is None


def test_without_an_endpoint_the_exporter_is_not_imported():
    code = "import sys, app.settings, app.tracing; print([m for m in sys.modules if m.startswith('opentelemetry.exporter')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
