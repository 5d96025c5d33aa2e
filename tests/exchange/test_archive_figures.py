"""Whoever watches sees how old the oldest record is, and what keeps the next archive from being made."""

from gateway.exchange.archive_figures import ArchiveFigures, Figures
from gateway.exchange.metrics import Metrics


def test_figures_are_those_of_the_last_look() -> None:
    metrics, figures = Metrics(), ArchiveFigures()
    metrics.archives(figures.states)
    figures.told("tn_1", Figures(archives=1, oldest_s=5.0, over_s=0, waits=None))
    figures.told("tn_1", Figures(archives=2, oldest_s=7.5, over_s=90, waits="hold"))
    figures.told("tn_2", Figures(archives=0, oldest_s=None, over_s=0, waits=None))
    figures.failed("tn_1")
    lines = metrics.exposition().decode().splitlines()
    assert 'gateway_archives{tenant="tn_1"} 2.0' in lines
    assert 'gateway_record_oldest_timestamp_seconds{tenant="tn_1"} 7.5' in lines
    assert not any(line.startswith('gateway_record_oldest_timestamp_seconds{tenant="tn_2"') for line in lines)
    assert 'gateway_archive_lag_seconds{tenant="tn_1"} 90.0' in lines
    assert 'gateway_archive_waits{reason="hold",tenant="tn_1"} 1.0' in lines
    assert 'gateway_archive_waits{reason="checkpoint",tenant="tn_1"} 0.0' in lines
    assert 'gateway_archive_failures_total{tenant="tn_1"} 1.0' in lines
