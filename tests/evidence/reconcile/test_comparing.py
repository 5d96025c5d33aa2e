"""Rows and records meet as many as can meet, whatever order the rows come in, and what is left is told apart."""

import io
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.evidence.reconcile.compared import Compared
from gateway.evidence.reconcile.comparing import Comparison, Sent
from gateway.evidence.reconcile.hosts import Place
from gateway.evidence.reconcile.lines import read
from gateway.ledger.times import timestamp

from .kit import DAY, HOSTS, S, compared, comparison, kinds, log, sent, source

NOON = 43_200


def at(seconds: float) -> str:
    return timestamp(int(DAY + seconds * S))


def test_what_is_on_both_sides_meets_within_the_clocks_difference() -> None:
    found = compared(sent(NOON, NOON + 300, NOON + 600), log(NOON + 719, NOON + 181, NOON - 119))
    assert kinds(found) == {"met": 3}
    assert found.read.compared == 3
    assert list(found.findings()) == []


def test_traffic_that_no_record_is_behind_went_around_the_gateway() -> None:
    found = compared(sent(NOON), log(NOON, NOON + 3_600))
    assert kinds(found) == {"met": 1, "around": 1}
    (finding,) = found.findings()
    assert (finding.kind, finding.line, finding.seq, finding.host, finding.agents) == (
        "around",
        3,
        None,
        "ward.example",
        "ward",
    )


def test_more_rows_than_records_near_in_time_are_told_apart() -> None:
    assert kinds(compared(sent(NOON), log(NOON, NOON + 1))) == {"met": 1, "extra": 1}


def test_records_that_the_log_lacks_are_missing_as_far_as_the_log_reaches() -> None:
    found = compared(sent(10, NOON, 80_000), log(NOON - 3_600, NOON + 3_600))
    assert kinds(found) == {"around": 2, "missing": 1, "beyond": 2}
    assert [(one.kind, one.tenant, one.seq) for one in found.findings()][-1] == ("missing", "default", 1)


def test_a_record_of_an_emergency_ledger_is_missing_there() -> None:
    (record,) = sent(NOON)
    found = compared([msgspec.structs.replace(record, emergency="em_1")], log(NOON - 3_600, NOON + 3_600))
    assert [one.emergency for one in found.findings() if one.kind == "missing"] == ["em_1"]


def test_a_log_without_rows_reaches_nowhere() -> None:
    assert kinds(compared(sent(NOON), "time,host\n")) == {"beyond": 1}


def test_rows_of_other_hosts_and_times_are_counted_and_not_compared() -> None:
    found = compared(sent(NOON), log(NOON, -400, 90_000, more=f"{at(NOON)},elsewhere.example\n"))
    assert (found.read.compared, found.read.elsewhere, found.read.outside, found.read.rows) == (1, 1, 2, 4)


def test_what_lies_at_the_edge_of_the_period_meets_what_lies_beyond_it() -> None:
    assert kinds(compared(sent(-50, 50, 86_350, 86_450), log(50 - 100, 100, 86_390, 86_460))) == {"met": 2}


def test_an_address_that_is_not_the_gateways_went_around_it_whatever_is_on_record() -> None:
    columns = {"time": "time", "host": "host", "source": "src"}
    text = f"time,host,src\n{at(NOON)},ward.example,10.0.0.9\n{at(NOON + 1)},ward.example,10.0.0.5\n"
    text += f"{at(NOON + 2)},ward.example,10.0.0.5\n"
    found = compared(sent(NOON), text, columns=columns, gateway=("10.0.0.5",))
    assert kinds(found) == {"met": 1, "around": 1, "repeated": 1}
    assert [one.line for one in found.findings()] == [2]


GATEWAY: dict[str, Any] = {"columns": {"time": "time", "host": "host", "source": "src"}, "gateway": ("10.0.0.5",)}
"""A log that says where rows came from."""


def test_what_comes_from_the_gateway_without_a_record_near_is_told_too() -> None:
    text = "time,host,src\n" + "".join(f"{at(NOON + s)},ward.example,10.0.0.5\n" for s in (0, 120, 121, 2_160))
    found = compared(sent(NOON), text, **GATEWAY)
    assert kinds(found) == {"met": 1, "repeated": 1, "around": 2}
    assert [(one.kind, one.line) for one in found.findings()] == [("around", 4), ("around", 5)]


def test_a_connection_from_the_gateway_without_a_record_near_is_told_too() -> None:
    text = "time,host,src\n" + "".join(f"{at(NOON + s)},ward.example,10.0.0.5\n" for s in (0, 2_160))
    found = compared(sent(NOON), text, each="connection", **GATEWAY)
    assert kinds(found) == {"met": 1, "around": 1}


def test_what_names_no_request_is_near_one_that_another_row_has_named() -> None:
    columns = {**GATEWAY["columns"], "request": "id"}
    text = f"time,host,src,id\n{at(NOON)},ward.example,10.0.0.5,ex-0\n{at(NOON + 1)},ward.example,10.0.0.5,-\n"
    assert kinds(compared(sent(NOON), text, **{**GATEWAY, "columns": columns})) == {"met": 1, "repeated": 1}


def test_a_request_that_is_named_once_more_is_repeated_near_in_time_alone() -> None:
    columns = {"time": "time", "host": "host", "request": "id"}
    text = "time,host,id\n" + "".join(f"{at(NOON + s)},ward.example,ex-0\n" for s in (0, 30, 2_160))
    found = compared(sent(NOON), text, columns=columns)
    assert kinds(found) == {"met": 1, "repeated": 1, "around": 1}
    assert [one.line for one in found.findings()] == [4]


TWO: dict[str, frozenset[int | None]] = {"ward.example": frozenset({29_001, 29_002})}
"""Two agents are behind one host, each at its own port."""


def to(*ports: int) -> str:
    return "time,host\n" + "".join(f"{at(NOON)},ward.example:{port}\n" for port in ports)


def test_a_row_is_met_by_records_of_its_own_port_alone() -> None:
    records = sent(NOON, NOON, NOON, port=29_001)
    found = compared(records, to(29_001, 29_002, 5_432), ports=TWO)
    assert kinds(found) == {"met": 1, "around": 1, "beyond": 2}
    assert [one.line for one in found.findings()] == [3]
    assert (found.read.compared, found.read.other_ports, found.read.elsewhere) == (2, 1, 0)


def test_a_connection_is_met_by_records_of_its_own_port_alone() -> None:
    records = [*sent(NOON, port=29_001), *sent(NOON, port=29_002, first=5)]
    assert kinds(compared(records[:1], to(29_001, 29_002), ports=TWO, each="connection")) == {"met": 1, "around": 1}
    assert kinds(compared(records, to(29_001), ports=TWO, each="connection")) == {"met": 1, "beyond": 1}


def test_a_request_that_is_named_is_met_at_its_own_port_alone() -> None:
    columns = {"time": "time", "host": "host", "request": "id"}
    text = f"time,host,id\n{at(NOON)},ward.example:29002,ex-0\n"
    assert kinds(compared(sent(NOON, port=29_001), text, columns=columns, ports=TWO)) == {"around": 1, "beyond": 1}


def test_a_day_is_compared_port_by_port_and_the_rest_by_host() -> None:
    columns = {"time": "time", "host": "host", "count": "n"}
    day = at(0)
    text = f"time,host,n\n{day},ward.example:29001,1\n{day},ward.example:29002,3\n{day},ward.example,3\n"
    records = [*sent(NOON, NOON, NOON, port=29_001), *sent(NOON, first=5)]
    found = compared(records, text, ports=TWO, each="day", columns=columns)
    assert kinds(found) == {"met": 4, "around": 3}


def test_a_row_without_a_port_is_met_by_what_those_with_one_have_left() -> None:
    records = [*sent(NOON, port=29_001), *sent(NOON, port=29_002, first=5)]
    text = f"time,host\n{at(NOON - 1)},ward.example\n{at(NOON)},ward.example:29001\n{at(NOON + 1)},ward.example\n"
    assert kinds(compared(records, text, ports=TWO)) == {"met": 2, "extra": 1}


def test_a_record_of_no_known_port_meets_a_row_to_any() -> None:
    found = compared([*sent(NOON), *sent(NOON, port=29_001, first=5)], to(5_432, 5_432), ports=TWO)
    assert kinds(found) == {"met": 1, "extra": 1, "beyond": 1}
    assert found.read.other_ports == 0


def test_a_row_that_names_a_request_is_met_by_that_one_and_no_other() -> None:
    columns = {"time": "time", "host": "host", "request": "id"}
    text = f"time,host,id\n{at(80_000)},ward.example,ex-0\n{at(NOON)},ward.example,00-{1:032x}-{7:016x}-01\n"
    text += f"{at(NOON)},ward.example,ex-9\n{at(NOON)},ward.example,-\n{at(NOON)},ward.example,ex-1\n"
    found = compared(sent(NOON, NOON, NOON), text, columns=columns)
    assert kinds(found) == {"met": 3, "around": 1, "repeated": 1}
    assert [one.line for one in found.findings()] == [4]


def test_one_connection_carries_many_requests() -> None:
    columns = {"time": "time", "host": "host", "duration": "s"}
    text = f"time,host,s\n{at(NOON)},ward.example,3600\n{at(NOON + 20_000)},ward.example,5\n"
    found = compared(
        sent(NOON - 60, NOON + 1_800, NOON + 3_700, NOON + 9_000), text, each="connection", columns=columns
    )
    assert kinds(found) == {"met": 1, "around": 1, "missing": 1}
    assert [one.seq for one in found.findings() if one.kind == "missing"] == [3]


def test_a_providers_daily_totals_are_held_against_those_on_record_in_its_own_days() -> None:
    """Of a zone ahead of UTC the first whole day of the period is none: what is told of it is left out."""
    columns = {"time": "day", "count": "n", "bytes": "b"}
    asked: dict[str, Any] = {"each": "day", "agent": "cloudy", "columns": columns}
    records = sent(NOON, NOON + 1, NOON + 2, agent="cloudy", host="api.cloud.example")
    found = compared([*records, *sent(NOON, first=9)], f"day,n,b\n{at(0)},5,100\n", **asked)
    assert kinds(found) == {"met": 3, "around": 2}
    (day,) = found.days()
    assert (day.day, found.host(day.place), day.bytes) == (at(0)[:10], "api.cloud.example", 100)
    assert kinds(compared(records, f"day,n,b\n{at(0)},1,\n", **asked)) == {"met": 1, "missing": 2}
    assert kinds(compared(records, "day,n,b\n", **asked)) == {"beyond": 3}
    assert kinds(compared(records, f"day,n,b\n{at(0)},5,\n", zone="Asia/Tokyo", **asked)) == {}


def test_a_log_of_some_agents_says_nothing_of_others() -> None:
    records = [*sent(NOON), *sent(NOON, agent="cloudy", host="api.cloud.example", first=5)]
    found = compared(records, log(NOON - 600, NOON, NOON + 600), agents=("ward",))
    assert kinds(found) == {"met": 1, "around": 2}


def test_several_logs_are_compared_one_after_the_other_with_all_records() -> None:
    made = comparison([*sent(NOON), *sent(NOON, agent="cloudy", host="api.cloud.example", first=5)])
    own = source(agent="cloudy", columns={"time": "time"})
    for _ in range(2):
        first = source()
        text = log(NOON, more=f"{at(NOON)},api.cloud.example\n").encode()
        assert kinds(made.compare(first, read(io.BytesIO(text), first))) == {"met": 2}
        assert kinds(made.compare(own, read(io.BytesIO(f"time\n{at(NOON)}\n".encode()), own))) == {"met": 1}
    made.close()


def test_a_further_name_of_a_host_is_that_host() -> None:
    further: dict[tuple[str, int | None], tuple[str, int | None]] = {
        ("10.0.0.9", None): ("ward.example", None),
        ("10.0.0.7", 9_000): ("ward.example", 8_443),
    }
    made = Comparison(DAY, DAY + 86_400 * S, HOSTS, {"ward.example": frozenset({8_443})}, further)
    made.add([*sent(NOON, NOON + 3_600, port=8_443), *sent(NOON + 600, host="10.0.0.9", first=5, port=8_443)])
    one = source()
    text = log(NOON + 600, more=f"{at(NOON)},10.0.0.9:8443\n{at(NOON + 3_600)},10.0.0.7:9000\n").encode()
    assert kinds(made.compare(one, read(io.BytesIO(text), one))) == {"met": 3}
    text = f"time,host\n{at(NOON)},10.0.0.9:9000\n{at(NOON)},10.0.0.7:8443\n".encode()
    read_ = made.compare(one, read(io.BytesIO(text), one)).read
    assert (read_.compared, read_.other_ports, read_.elsewhere) == (0, 1, 1)


def test_totals_are_told_by_day_and_host() -> None:
    records = [*sent(NOON, NOON + 600), *sent(NOON, agent="cloudy", host="api.cloud.example", first=5)]
    columns = {"time": "time", "host": "host", "bytes": "n"}
    text = "time,host,n\n" + "".join(
        f"{at(when)},{host},10\n"
        for when, host in ((0, "ward.example"), (NOON, "ward.example"), (86_399, "api.cloud.example"))
    )
    days = list(compared(records, text, columns=columns).days())
    assert [(day.kinds, day.bytes) for day in days] == [
        ({"around": 1, "missing": 1}, 10),
        ({"around": 1, "met": 1, "missing": 1}, 20),
    ]


def test_the_bytes_of_a_hostile_log_add_up_to_something() -> None:
    columns = {"time": "time", "host": "host", "bytes": "n"}
    text = "time,host,n\n" + f"{at(NOON)},ward.example,{2**53}\n" * 1_100
    (day,) = compared(sent(), text, columns=columns).days()
    assert day.bytes >= 2**62


_TIMES = st.lists(st.integers(1_000, 1_600), max_size=7)


def most(records: list[int], rows: list[int], skew: int) -> int:
    """The largest number of pairs, by augmenting paths."""
    met: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for one, time in enumerate(records):
            if abs(time - rows[row]) <= skew and one not in seen:
                seen.add(one)
                if one not in met or place(met[one], seen):
                    met[one] = row
                    return True
        return False

    return sum(place(row, set()) for row in range(len(rows)))


@settings(max_examples=80, deadline=None)
@given(_TIMES, _TIMES, st.integers(0, 120))
def test_as_many_meet_as_can_meet(records: list[int], rows: list[int], skew: int) -> None:
    found = compared(sent(*records), log(*rows), skew_s=skew)
    assert found.read.kinds["met"] == most(records, rows, skew)
    counts = found.read.kinds
    assert counts["met"] + counts["around"] + counts["extra"] == len(rows)
    assert counts["met"] + counts["missing"] + counts["beyond"] == len(records)


CHECKS: dict[Place, frozenset[str]] = {("ward.example", 8_443): frozenset({"/v1/health", "/v1/health?deep=1"})}
ASKED = {"time": "time", "host": "host", "source": "src", "path": "path"}


def checked(records: list[Sent], rows: Sequence[tuple[float, str, str, str]]) -> Compared:
    """Rows of a time, host, source and path, compared where the gateway asks for an agent's health."""
    text = "time,host,src,path\n" + "".join(f"{at(when)},{host},{of},{path}\n" for when, host, of, path in rows)
    made = Comparison(DAY, DAY + 86_400 * S, HOSTS, {"ward.example": frozenset({8_443, 9_443})}, checks=CHECKS)
    made.add(records)
    one = source(columns=ASKED, gateway=["10.0.0.5"])
    return made.compare(one, read(io.BytesIO(text.encode()), one))


def test_health_checks_of_an_idle_agent_are_told_apart_and_are_no_traffic_around() -> None:
    """From the gateway, for what it asks the agent at that place for its health with, and nothing else."""
    later = NOON + 3_600
    found = checked(
        sent(NOON),
        [
            (later, "ward.example:8443", "10.0.0.5", "/v1/health?deep=1"),
            (later, "http://ward.example:8443/v1/health", "10.0.0.5", "/v1/health"),
            (later, "ward.example", "10.0.0.5", "/v1/health"),
            (later, "ward.example:8443", "10.0.0.5", "/v1/chat"),
            (later, "ward.example:8443", "10.0.0.5", "/v1/health?name=jane"),
            (later, "ward.example:8443", "10.0.0.9", "/v1/health"),
            (later, "ward.example:9443", "10.0.0.5", "/v1/health"),
            (later, "api.cloud.example", "10.0.0.5", "/v1/health"),
        ],
    )
    assert {kind: found.read.kinds[kind] for kind in ("check", "around")} == {"check": 3, "around": 5}
    assert [one.line for one in found.findings() if one.line] == [5, 6, 7, 8, 9]


def test_what_may_be_a_health_check_is_met_by_a_record_that_nothing_else_has_met() -> None:
    """An agent may be sent messages to the path that it is asked for its health at."""
    rows = [
        (NOON, "ward.example:8443", "10.0.0.5", "/v1/health"),
        (NOON + 1, "ward.example:8443", "10.0.0.5", "/v1/chat"),
        (NOON + 2, "ward.example:8443", "10.0.0.5", "/v1/health"),
    ]
    assert kinds(checked(sent(NOON, NOON + 1, port=8_443), rows)) == {"met": 2, "check": 1}
    assert kinds(checked(sent(NOON, port=8_443), rows)) == {"met": 1, "check": 2}


def test_a_row_that_names_a_request_is_no_health_check() -> None:
    named = f"time,host,src,path,id\n{at(NOON)},ward.example:8443,10.0.0.5,/v1/health,ex-0\n"
    made = Comparison(DAY, DAY + 86_400 * S, HOSTS, {}, checks=CHECKS)
    one = source(columns={**ASKED, "request": "id"}, gateway=["10.0.0.5"])
    assert kinds(made.compare(one, read(io.BytesIO(named.encode()), one))) == {"around": 1}


def test_what_was_asked_for_is_told_by_the_url_where_no_column_of_its_own_holds_it() -> None:
    text = f"time,host,src\n{at(NOON)},http://ward.example:8443/v1/health,10.0.0.5\n{at(NOON)},ward.example,10.0.0.5\n"
    made = Comparison(DAY, DAY + 86_400 * S, HOSTS, {}, checks=CHECKS)
    one = source(columns={"time": "time", "host": "host", "source": "src"}, gateway=["10.0.0.5"])
    assert kinds(made.compare(one, read(io.BytesIO(text.encode()), one))) == {"check": 1, "around": 1}
