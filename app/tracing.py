"""OpenTelemetry traces through request, graph, tools and models, where an endpoint is set; nothing of it is imported elsewhere.

Spans say what was done, how long it took and how it ended: names, counts and kinds of errors, and nothing that anybody said.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any  # Any: LangChain's own signatures
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

_FIRST_OURS = 500


class TracingSettings(BaseModel):
    """Where traces go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: AnyHttpUrl | None = Field(
        default=None,
        description="Base URL of an OTLP receiver over HTTP, such as http://127.0.0.1:4318; unset: no traces are made.",
    )
    service: str = Field(
        default="freya", min_length=1, description="The name under which this service's spans are kept."
    )
    share: float = Field(default=1.0, ge=0, le=1, description="The share of requests that are traced.")


class Tracing:
    """Makes spans of requests, and handlers that make them of what a run does."""

    def __init__(self, provider: "TracerProvider") -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("freya", version("freya-agents"))

    @contextmanager
    def request(self, method: str, route: str, headers: Mapping[str, str]) -> Iterator[Callable[[int], None]]:
        """A span of a request, below the one that its `traceparent` names; call what it gives with the status."""
        from opentelemetry.trace import SpanKind, Status, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        above = TraceContextTextMapPropagator().extract(headers)
        given = {"http.request.method": method, "http.route": route}
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            above,
            kind=SpanKind.SERVER,
            attributes=given,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:

            def answered(status: int) -> None:
                span.set_attribute("http.response.status_code", status)
                if status >= _FIRST_OURS:
                    span.set_status(Status(StatusCode.ERROR))

            yield answered

    def of_run(self, run_id: str) -> list[AsyncCallbackHandler]:
        """What makes spans of a run, below the request that began it."""
        from opentelemetry.context import get_current

        return [_RunSpans(self, run_id, get_current())]

    def span(self, name: str, above: "Context", attributes: Mapping[str, str]) -> "Span":
        """A span that has begun."""
        return self._tracer.start_span(name, above, attributes=attributes)

    async def close(self) -> None:
        """Send what is waiting, for seconds at most."""
        await asyncio.to_thread(self._provider.shutdown)


@dataclass
class _Open:
    span: "Span"
    is_own: bool
    """Whether it ends with what opened it; else it is that of what stands above."""


class _RunSpans(AsyncCallbackHandler):
    """A span for the graph, each of its nodes, each tool and each call of a model."""

    run_inline = True

    def __init__(self, tracing: Tracing, run_id: str, above: "Context") -> None:
        self._tracing = tracing
        self._run_id = run_id
        self._above = above
        self._open: dict[UUID, _Open] = {}

    async def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        """A node begins; the parts that LangChain makes of it are none of their own."""
        name = str(more.get("name") or "")
        if parent_run_id is None:
            self._begin(run_id, None, "run", {"freya.run_id": self._run_id})
        elif name and name == (more.get("metadata") or {}).get("langgraph_node"):
            self._begin(run_id, parent_run_id, f"node {name}", {})
        elif (above := self._open.get(parent_run_id)) is not None:
            self._open[run_id] = _Open(above.span, is_own=False)

    async def on_tool_start(
        self, serialized: Any, input_str: str, *, run_id: UUID, parent_run_id: UUID | None = None, **more: Any
    ) -> None:
        """A tool is called."""
        name = str((serialized or {}).get("name") or more.get("name") or "")
        self._begin(run_id, parent_run_id, f"tool {name}", {"gen_ai.tool.name": name})

    async def on_chat_model_start(
        self,
        serialized: Any,
        messages: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **more: Any,
    ) -> None:
        """A model is asked."""
        model = str((more.get("metadata") or {}).get("ls_model_name") or "")
        self._begin(
            run_id, parent_run_id, "model", {"gen_ai.operation.name": "chat", "gen_ai.request.model": model}
        )

    async def on_llm_end(self, response: LLMResult, *, run_id: UUID, **_: Any) -> None:
        """A model answered."""
        opened = self._open.get(run_id)
        for generation in (each for batch in response.generations for each in batch):
            message = generation.message if isinstance(generation, ChatGeneration) else None
            if opened is None or not isinstance(message, AIMessage):
                continue
            said = message.response_metadata
            opened.span.set_attribute(
                "gen_ai.response.model", str(said.get("served_by") or said.get("model_name") or "")
            )
            if used := message.usage_metadata:
                opened.span.set_attribute("gen_ai.usage.input_tokens", used["input_tokens"])
                opened.span.set_attribute("gen_ai.usage.output_tokens", used["output_tokens"])
        self._end(run_id)

    async def on_chain_end(self, outputs: Any, *, run_id: UUID, **_: Any) -> None:
        """A node is done."""
        self._end(run_id)

    async def on_tool_end(self, output: Any, *, run_id: UUID, **_: Any) -> None:
        """A tool is done; what was wrong with a call comes as a message of status `error`."""
        self._end(run_id, "tool" if getattr(output, "status", "") == "error" else None)

    async def on_chain_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """A node failed."""
        self._end(run_id, type(error).__name__)

    async def on_tool_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """A tool failed."""
        self._end(run_id, type(error).__name__)

    async def on_llm_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """A model did not answer."""
        self._end(run_id, type(error).__name__)

    def _begin(self, run_id: UUID, above: UUID | None, name: str, attributes: Mapping[str, str]) -> None:
        from opentelemetry.trace import set_span_in_context

        opened = self._open.get(above) if above is not None else None
        context = set_span_in_context(opened.span, self._above) if opened else self._above
        self._open[run_id] = _Open(self._tracing.span(name, context, attributes), is_own=True)

    def _end(self, run_id: UUID, error: str | None = None) -> None:
        from opentelemetry.trace import Status, StatusCode

        opened = self._open.pop(run_id, None)
        if opened is None or not opened.is_own:
            return
        if error is not None:
            opened.span.set_attribute("error.type", error)
            opened.span.set_status(Status(StatusCode.ERROR))
        opened.span.end()


@asynccontextmanager
async def open_tracing(settings: TracingSettings) -> AsyncIterator[Tracing | None]:
    """What makes spans; None where no endpoint is set. A receiver that is away costs spans, and no request."""
    if settings.endpoint is None:
        yield None
        return
    tracing = Tracing(await asyncio.to_thread(_provider, settings))
    try:
        yield tracing
    finally:
        await tracing.close()


def _provider(settings: TracingSettings) -> "TracerProvider":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    resource = Resource.create({"service.name": settings.service, "service.version": version("freya-agents")})
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(settings.share)), resource=resource)
    exporter = OTLPSpanExporter(f"{str(settings.endpoint).rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    return provider
