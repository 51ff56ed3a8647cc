"""The resident models, read whenever the metrics are."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from models.residency import ResidentState
from models.resident import Statistics


class ResidentsCollector(Collector):
    """Gauges of what is in memory, counters of what was done since."""

    def __init__(self, states: Callable[[], Sequence[ResidentState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[Metric]:
        """The families as they stand now."""
        states = self._states()
        loaded = GaugeMetricFamily("freya_resident_loaded", "Whether it is in memory.", labels=["model"])
        taken = GaugeMetricFamily("freya_resident_bytes", "What it takes.", labels=["model", "use"])
        for state in states:
            loaded.add_metric([state.name], float(state.loaded))
            if state.loaded and state.footprint is not None:
                for use in ("weights", "cache", "compute"):
                    taken.add_metric([state.name, use], float(getattr(state.footprint, use)))
            if state.statistics is not None:
                taken.add_metric([state.name, "parked"], float(state.statistics.parked_bytes))
        yield loaded
        yield taken
        working = [(state.name, state.statistics) for state in states if state.statistics is not None]
        yield from _gauges(working)
        yield from _counters(working)


def _gauges(working: Sequence[tuple[str, Statistics]]) -> Iterator[Metric]:
    requests = GaugeMetricFamily("freya_resident_requests", "Requests now.", labels=["model", "state"])
    cells = GaugeMetricFamily("freya_resident_cache_tokens", "Of its context.", labels=["model", "state"])
    for name, now in working:
        requests.add_metric([name, "running"], now.running)
        requests.add_metric([name, "waiting"], now.waiting)
        cells.add_metric([name, "used"], now.cells_used)
        cells.add_metric([name, "free"], now.cells - now.cells_used)
    yield requests
    yield cells


def _counters(working: Sequence[tuple[str, Statistics]]) -> Iterator[Metric]:
    ended = CounterMetricFamily("freya_resident_ended", "Requests that ended.", labels=["model", "how"])
    tokens = CounterMetricFamily("freya_resident_tokens", "Tokens.", labels=["model", "kind"])
    seconds = CounterMetricFamily("freya_resident_seconds", "In its thread.", labels=["model", "work"])
    for name, now in working:
        for how in ("completed", "failed", "cancelled", "expired", "refused"):
            ended.add_metric([name, how], getattr(now, how))
        for kind in ("prompt", "reused", "restored", "generated"):
            tokens.add_metric([name, kind], getattr(now, f"{kind}_tokens"))
        seconds.add_metric([name, "decoding"], now.decode_s)
        seconds.add_metric([name, "sampling"], now.sampling_s)
        seconds.add_metric([name, "parking"], now.parking_s)
    yield ended
    yield tokens
    yield seconds
