"""What is told of time-stamps among the metrics."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector


class StampState(msgspec.Struct, frozen=True, kw_only=True):
    """How a ledger, by its id, stands with its time-stamping authorities. `ends` counts answers by authority and what
    came of it."""

    tenant: str
    records: int
    seconds: float
    ends: Mapping[tuple[str, str], int]


class Stamps(Collector):
    """How far ledgers go beyond what was time-stamped, read when somebody asks."""

    def __init__(self, states: Callable[[], Iterable[StampState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        name = "gateway_ledger_unstamped"
        records = GaugeMetricFamily(f"{name}_records", "Records beyond the newest time-stamp", labels=["tenant"])
        seconds = GaugeMetricFamily(f"{name}_seconds", "Age of the oldest of them", labels=["tenant"])
        answers = CounterMetricFamily("gateway_tsa_answers", "Answers", labels=["tenant", "tsa", "end"])
        for one in self._states():
            records.add_metric([one.tenant], one.records)
            seconds.add_metric([one.tenant], one.seconds)
            for (tsa, end), number in one.ends.items():
                answers.add_metric([one.tenant, tsa, end], number)
        yield from (records, seconds, answers)
