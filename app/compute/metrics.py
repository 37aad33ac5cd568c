"""Counters and gauges for operators, in Prometheus's format."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """What a runner has done, is doing, and how long the event loop lets others wait."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.rejected = self._counter("rejected", "Experiments refused, by reason.", "reason")
        self.ended = self._counter("ended", "Runs ended, by outcome: done, cancelled, deadline or failed.", "outcome")
        self.cached = self._counter("cache", "Lookups in the cache, by outcome: hit or miss.", "outcome")
        lags = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
        self.lag = Histogram(
            "initscope_loop_lag_seconds", "How late the event loop is.", buckets=lags, registry=self._registry
        )

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> None:
        """A number that is read whenever somebody asks."""
        Gauge(f"initscope_{name}", help, registry=self._registry).set_function(read)

    def text(self) -> bytes:
        return generate_latest(self._registry)

    def _counter(self, name: str, help: str, label: str) -> Counter:
        return Counter(f"initscope_{name}", help, [label], registry=self._registry)
