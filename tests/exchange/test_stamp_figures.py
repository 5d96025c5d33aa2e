"""What is told of time-stamps is what the ledgers say at the time."""

from gateway.exchange.metrics import Metrics
from gateway.exchange.stamp_figures import StampState


def test_ledgers_are_told_of_as_they_are_when_somebody_asks() -> None:
    metrics, states = Metrics(), [StampState(tenant="tn_1", records=3, seconds=1.5, ends={("clock", "wrong"): 2})]
    metrics.stamps(lambda: states)
    told = metrics.exposition().decode()
    assert 'gateway_ledger_unstamped_records{tenant="tn_1"} 3.0' in told
    assert 'gateway_ledger_unstamped_seconds{tenant="tn_1"} 1.5' in told
    assert 'gateway_tsa_answers_total{end="wrong",tenant="tn_1",tsa="clock"} 2.0' in told
