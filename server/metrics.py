"""Figures about the calls, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class CallMetrics:
    """Counts calls by method and code, and measures how long they took.

    Attributes:
        registry: Where they are registered; one for each server, so that several may live in one process.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter("graphmasal_calls", "Calls that ended", ("method", "code"), registry=self.registry)
        self._seconds = Histogram(
            "graphmasal_call_seconds", "Duration of calls", ("method",), registry=self.registry, buckets=_SECONDS
        )
        self._in_flight = Gauge("graphmasal_calls_in_flight", "Calls under way", ("method",), registry=self.registry)

    def note_begin(self, method: str) -> None:
        """Notes that a call began."""
        self._in_flight.labels(method).inc()

    def note_end(self, method: str, code: str, seconds: float) -> None:
        """Notes that a call ended with the status code of that name."""
        self._in_flight.labels(method).dec()
        self._calls.labels(method, code).inc()
        self._seconds.labels(method).observe(seconds)
