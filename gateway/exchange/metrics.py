"""What is counted and timed. Labels are names from the configuration or the code, never a request's own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_STEP_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 30)
_BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
STEPS = ("identify", "read", "limit", "classify", "decide", "record-intent", "forward", "inspect", "record-outcome")


class Metrics:
    """The gateway's Prometheus metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter("gateway_requests", "Requests by end", ["protocol", "code"], registry=self.registry)
        self._decisions = Counter("gateway_decisions", "Decisions", ["effect", "zone"], registry=self.registry)
        self._agent_errors = Counter(
            "gateway_agent_errors", "Failures of agents", ["agent", "code"], registry=self.registry
        )
        steps = Histogram(
            "gateway_step_seconds",
            "Seconds spent in each step of the pipeline",
            ["step"],
            buckets=_STEP_BUCKETS,
            registry=self.registry,
        )
        self._steps = {name: steps.labels(name) for name in STEPS}
        self._batches = Histogram(
            "gateway_ledger_batch_records", "Records committed together", buckets=_BATCH_BUCKETS, registry=self.registry
        )
        self._commits = Histogram(
            "gateway_ledger_commit_seconds", "Seconds a batch took", buckets=_STEP_BUCKETS, registry=self.registry
        )
        self._lag = Gauge(
            "gateway_ledger_lag_records", "Records that wait to be written", ["tenant"], registry=self.registry
        )
        self._up = Gauge("gateway_ledger_up", "Whether the ledger can be written", ["tenant"], registry=self.registry)

    def request(self, protocol: str, code: str) -> None:
        self._requests.labels(protocol, code).inc()

    def decision(self, effect: str, zone: str | None) -> None:
        self._decisions.labels(effect, zone or "none").inc()

    def agent_error(self, agent: str, code: str) -> None:
        self._agent_errors.labels(agent, code).inc()

    def step(self, name: str, nanoseconds: int) -> None:
        self._steps[name].observe(nanoseconds / 1e9)

    def batch(self, size: int, seconds: float) -> None:
        self._batches.observe(size)
        self._commits.observe(seconds)

    def ledger(self, tenant: str, lag: int, up: bool) -> None:
        self._lag.labels(tenant).set(lag)
        self._up.labels(tenant).set(up)

    def exposition(self) -> bytes:
        """The text format of Prometheus, version 0.0.4."""
        return generate_latest(self.registry)
