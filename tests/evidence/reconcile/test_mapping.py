"""A mapping is read strictly, and refused by its key, never by its value."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError
from gateway.evidence.reconcile.mapping import MAX_BYTES, load

from .kit import AGENTS, mapping

SECRET = "swordfish"


def test_a_mapping_says_how_a_log_is_laid_out() -> None:
    found = load(mapping(gateway=("10.0.0.5",), columns={"time": "t", "host": "h", "source": "s"}), AGENTS)
    (one,) = found.source
    assert (one.id, one.each, one.columns.source, one.zone, one.skew_s) == ("proxy", "request", "s", "UTC", 120)
    for host in ("10.0.0.9", "10.0.0.9:8443", "::7", "[::7]:8443"):
        assert load(mapping(hosts={host: "ward"}), AGENTS).hosts == {host: "ward"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": SECRET}, "source[0].format"),
        ({"each": SECRET}, "source[0].each"),
        ({"id": SECRET.upper()}, r"source[0].id"),
        ({SECRET: 1}, "no other keys"),
        ({"columns": {"time": "t"}}, "either columns.host or agent"),
        ({"agent": "ward"}, "either columns.host or agent"),
        ({"agent": SECRET, "columns": {"time": "t"}}, "registered agents"),
        ({"agents": (SECRET,)}, "registered agents"),
        ({"gateway": ("10.0.0.5",)}, "go together"),
        ({"gateway": (SECRET,), "columns": {"time": "t", "host": "h", "source": "s"}}, "network addresses"),
        ({"columns": {"time": "t", "host": "h", "count": "n"}}, 'each = "day"'),
        ({"columns": {"time": "t", "host": "h", "duration": "n"}}, 'each = "connection"'),
        ({"each": "day", "columns": {"time": "t", "host": "h", "request": "n"}}, 'each = "request"'),
        ({"head": False}, "where there is no head"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"rows": "data"}, 'format = "json"'),
        ({"time": SECRET}, "source[0].time"),
        ({"zone": SECRET}, "source[0].zone"),
        ({"zone": "../../etc/passwd"}, "source[0].zone"),
        ({"zone": "Europe"}, "source[0].zone"),
        ({"skew_s": -1}, "skew_s"),
        ({"lag_s": 100_000}, "lag_s"),
        ({"hosts": {SECRET.upper(): "ward"}}, "hosts"),
        ({"hosts": {"x.example": SECRET}}, "hosts"),
        ({"hosts": {"x.example:65536": "ward"}}, "hosts"),
        ({"agent": "ward", "columns": {"time": "t", "port": "p"}}, "columns.port"),
        ({"agent": "ward", "columns": {"time": "t", "path": "p"}}, "columns.path"),
        ({"each": "connection", "columns": {"time": "t", "host": "h", "path": "p"}}, "columns.path"),
        ({"encoding": "utf-16"}, "source[0].encoding"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_by_its_key(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(mapping(**changes), AGENTS)
    assert told in str(raised.value)
    assert SECRET not in str(raised.value).lower()


@pytest.mark.parametrize("data", [b"", b"source = []", b"\xff", b"[[source]", b"x" * (MAX_BYTES + 1)], ids=range(5))
def test_what_is_no_mapping_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        load(data, AGENTS)


def test_two_sources_have_two_ids() -> None:
    with pytest.raises(ConfigurationError, match="each id once"):
        load(mapping().replace(b"[hosts]", b"") + b"\n" + mapping(), AGENTS)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_mapping_or_refused(data: bytes) -> None:
    for tried in (data, mapping() + data):
        try:
            load(tried, AGENTS)
        except ConfigurationError:
            continue
