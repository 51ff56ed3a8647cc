"""Prometheus metrics of one service, in a registry of its own."""

from collections import Counter as Counts
from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from app.resident_metrics import ResidentsCollector
from graphs import AgentFinished, RunEvent, Token, ToolFinished
from models.chat import Inference
from models.embeddings import Observation
from models.residency import ResidentState

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)

STEPS = frozenset({"recall", "route", "retrieve", "model", "tools", "sub_agents", "remember"})
"""Of models and tools one for each round."""
JOB_STATES = ("queued", "running")


class Metrics:
    """What is counted and timed; `render` gives the exposition text."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.runs = Counter(
            "freya_runs", "Runs that ended, by outcome.", ["outcome"], registry=self._registry
        )
        self.run_seconds = Histogram(
            "freya_run_seconds", "From request to recorded answer.", buckets=_SECONDS, registry=self._registry
        )
        self.requests = Counter(
            "freya_http_requests", "HTTP responses.", ["method", "route", "status"], registry=self._registry
        )
        self.request_seconds = Histogram(
            "freya_http_request_seconds", "To the first byte of the response.", ["route"], buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self.embedded = Counter(
            "freya_embedding_texts", "Texts embedded, by where the vector came from.", ["model", "origin"],
            registry=self._registry,
        )  # fmt: skip
        self.embedding_seconds = Histogram(
            "freya_embedding_seconds",
            "Of one embedding request.",
            ["model"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.asked = Counter(
            "freya_model_requests", "Requests to chat models of a chain.", ["role", "model", "outcome"],
            registry=self._registry,
        )  # fmt: skip
        self.model_seconds = Histogram(
            "freya_model_seconds", "Of an answer of a chat model.", ["role", "model"], buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self.tokens = Counter(
            "freya_tokens",
            "Tokens that runs took, by model and kind.",
            ["model", "kind"],
            registry=self._registry,
        )
        self.first_token = Histogram(
            "freya_first_token_seconds", "From request to the first piece of an answer.", buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self.steps = Histogram(
            "freya_step_seconds",
            "Of a step of answered runs.",
            ["step"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.tools = Counter(
            "freya_tool_calls",
            "Calls of tools that ended.",
            ["agent", "tool", "status"],
            registry=self._registry,
        )
        self.tool_seconds = Histogram(
            "freya_tool_seconds", "Of a call of a tool.", ["tool"], buckets=_SECONDS, registry=self._registry
        )
        self.mcp_calls = Counter(
            "freya_mcp_calls", "Calls of tools of other MCP servers.", ["server", "tool", "outcome"],
            registry=self._registry,
        )  # fmt: skip
        self.mcp_seconds = Histogram(
            "freya_mcp_seconds", "Of a call of another MCP server's tool.", ["server", "tool"], buckets=_SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self.agents = Histogram(
            "freya_agent_seconds",
            "Of an agent's work.",
            ["agent", "status"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.jobs = Gauge("freya_jobs", "Jobs of knowledge by state.", ["state"], registry=self._registry)
        self.unchecked = Counter(
            "freya_limits_unchecked",
            "Checks of limits that were left out while Redis was away.",
            registry=self._registry,
        )
        self._active = Gauge("freya_runs_active", "Runs going on.", registry=self._registry)
        self._admitted = Gauge(
            "freya_runs_admitted", "How many runs may go on at once at this moment.", registry=self._registry
        )
        self._streams = Gauge(
            "freya_streams_open", "Streams and WebSockets that are open.", registry=self._registry
        )
        self._followed = Gauge(
            "freya_console_followed",
            "Runs whose events open pages of the console read.",
            registry=self._registry,
        )

    def watch_runs(self, *, active: Callable[[], int], admitted: Callable[[], int]) -> None:
        """Read from here how many runs go on, and how many may, whenever the metrics are read."""
        self._active.set_function(active)
        self._admitted.set_function(admitted)

    def watch_streams(self, count: Callable[[], int]) -> None:
        """Read the number of open streams from here whenever the metrics are read."""
        self._streams.set_function(count)

    def watch_console(self, count: Callable[[], int]) -> None:
        """Read the number of runs that pages of the console follow from here whenever the metrics are read."""
        self._followed.set_function(count)

    def run_ended(self, outcome: str, seconds: float) -> None:
        """Count a run."""
        self.runs.labels(outcome).inc()
        self.run_seconds.observe(seconds)

    def run_told(self, event: RunEvent, seconds: float) -> None:
        """Count what an event tells, which came so many seconds after its run began."""
        match event:
            case Token():
                self.first_token.observe(seconds)
            case ToolFinished(agent=agent, tool=tool, status=status, duration_ms=took):
                self.tools.labels(agent or "", tool, status).inc()
                self.tool_seconds.labels(tool).observe(took / 1000)
            case AgentFinished(agent=agent, status=status, duration_ms=took):
                self.agents.labels(agent or "", status).observe(took / 1000)

    def mcp_called(self, server: str, tool: str, outcome: str, seconds: float) -> None:
        """Count a call of another MCP server's tool."""
        self.mcp_calls.labels(server, tool, outcome).inc()
        self.mcp_seconds.labels(server, tool).observe(seconds)

    def steps_took(self, milliseconds: Mapping[str, float]) -> None:
        """Time the steps of a run, whichever agent took them: `davina.retrieve` is a `retrieve`."""
        for name, took in milliseconds.items():
            step = name.rpartition(".")[2].rstrip("0123456789").removesuffix("_")
            if step in STEPS:
                self.steps.labels(step).observe(took / 1000)

    def jobs_stand(self, states: Iterable[str]) -> None:
        """How many jobs there are in each state."""
        counted = Counts(states)
        for state in JOB_STATES:
            self.jobs.labels(state).set(counted[state])

    def tokens_used(self, model: str, read: int, written: int) -> None:
        """Count the tokens that a run took of a model."""
        self.tokens.labels(model, "input").inc(read)
        self.tokens.labels(model, "output").inc(written)

    def texts_embedded(self, observation: Observation) -> None:
        """Count an embedding request."""
        for origin in ("hot", "stored", "computed"):
            self.embedded.labels(observation.model, origin).inc(getattr(observation, origin))
        self.embedding_seconds.labels(observation.model).observe(observation.seconds)

    def model_asked(self, inference: Inference) -> None:
        """Count a request to a chat model."""
        self.asked.labels(inference.role, inference.model, inference.outcome).inc()
        if inference.outcome == "answered":
            self.model_seconds.labels(inference.role, inference.model).observe(inference.seconds)

    def watch_residents(self, states: Callable[[], Sequence[ResidentState]]) -> None:
        """Read the models in memory from here whenever the metrics are read."""
        self._registry.register(ResidentsCollector(states))

    def render(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)
