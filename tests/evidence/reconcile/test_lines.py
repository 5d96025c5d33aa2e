"""Lines of hostile logs: rows, or errors by number that quote nothing; and never more than a line in memory."""

import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import ConfigurationError
from gateway.evidence.reconcile import lines
from gateway.evidence.reconcile.lines import Row, Wrong, read

from .kit import S, rows, source

T = "2027-01-15T08:00:00Z"
AT = 1_800_000_000 * S
SECRET = "swordfish"


def row(text: str, **changes: Any) -> Row:
    (found,) = rows(text, **changes)
    assert isinstance(found, Row), found
    return found


def problem(text: str | bytes, **changes: Any) -> str:
    (found,) = rows(text, **changes)
    assert isinstance(found, Wrong), found
    assert SECRET not in found.problem
    return found.problem


def test_a_row_of_csv_has_what_the_mapping_says() -> None:
    columns = {"time": "t", "host": "dest", "bytes": "n", "request": "id", "source": "src"}
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    text = f"t,src,dest,n,id\n{T},10.0.0.5,HTTPS://Ward.Example:443/x?y,12,00-{trace}-00f067aa0ba902b7-01\n"
    found = row(text, columns=columns, gateway=("10.0.0.5",))
    assert found == Row(2, AT, AT, "ward.example", 443, 12, trace, True, 1, "/x?y")


def test_times_are_read_in_their_form_and_zone() -> None:
    def at(text: str, **changes: Any) -> int:
        return row(f"{text};h", head=False, delimiter=";", columns={"time": "1", "host": "2"}, **changes).at

    assert at("2027-01-15T09:00:00.5+01:00") == AT + 500_000
    assert at("2027-01-15 09:00:00", zone="Europe/Berlin") == AT
    assert at("1800000000.25", time="epoch_s") == AT + 250_000
    assert at("1800000000250", time="epoch_ms") == AT + 250_000
    assert at("[15/Jan/2027:09:00:00 +0100]", time="[%d/%b/%Y:%H:%M:%S %z]") == AT
    assert at("2027-07-15 10:00", time="%Y-%m-%d %H:%M", zone="Europe/Berlin") == AT + 181 * 86_400 * S


def test_a_log_with_columns_of_blanks_is_read_by_numbers() -> None:
    text = "1800000000.000    120 10.0.0.5 TCP_TUNNEL/200 5120 CONNECT api.cloud.example:443\n"
    columns = {"time": "1", "host": "7", "bytes": "5", "source": "3"}
    found = row(text, head=False, delimiter=" ", time="epoch_s", columns=columns, gateway=("10.0.0.6",))
    assert (found.host, found.bytes, found.inside) == ("api.cloud.example", 5120, False)


def test_json_is_read_by_names_with_dots_a_line_or_an_array_at_a_time() -> None:
    one = {"when": 1_800_000_000, "to": {"host": "ward.example"}, "n": 3}
    columns = {"time": "when", "host": "to.host", "bytes": "n"}
    for form, text, more in (
        ("ndjson", json.dumps(one), {}),
        ("json", json.dumps([one]), {}),
        ("json", json.dumps({"data": {"rows": [one]}}), {"rows": "data.rows"}),
    ):
        assert row(text, format=form, time="epoch_s", columns=columns, **more) == Row(
            1, AT, AT, "ward.example", None, 3
        )


def test_a_port_of_its_own_column_comes_before_that_of_the_host() -> None:
    columns = {"time": "t", "host": "h", "port": "p"}
    assert row(f"t,h,p\n{T},h:80,8443\n", columns=columns).port == 8443
    assert row(f"t,h,p\n{T},h:80,-\n", columns=columns).port == 80
    assert row(f"t,h,p\n{T},h,\n", columns=columns).port is None
    assert problem(f"t,h,p\n{T},h,{SECRET}\n", columns=columns).startswith("port: ")
    assert problem(f"t,h,p\n{T},h,65536\n", columns=columns).startswith("port: ")


def test_a_connection_lasts_and_a_day_counts() -> None:
    assert row(f"t,h,d\n{T},h,1.5\n", each="connection", columns={"time": "t", "host": "h", "duration": "d"}).until == (
        AT + 1_500_000
    )
    found = row(f"t,n\n{T},250\n", each="day", agent="ward", columns={"time": "t", "count": "n"})
    assert (found.host, found.count) == (None, 250)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"{SECRET},ward.example", "time"),
        ("0001-01-01T00:00:00,ward.example", "time"),
        ("9999-12-31T23:59:59-12:00,ward.example", "time"),
        (f"{T},=HYPERLINK({SECRET})", "host"),
        (f"{T},", "host"),
        (f"{T},http://[::1", "host"),
        (f'{T},"open {SECRET}', "quotes"),
        (f"{T},a,{SECRET}", "columns"),
        (f"{T}", "columns"),
        (f"{T},\x00{SECRET}", "zero"),
    ],
    ids=range(10),
)
def test_a_hostile_line_is_an_error_that_quotes_nothing_and_others_go_on(line: str, told: str) -> None:
    found = rows(f"time,host\n{line}\n\n{T},ward.example\n")
    assert isinstance(found[0], Wrong)
    assert found[0].number == 2
    assert told in found[0].problem
    assert SECRET not in found[0].problem
    assert isinstance(found[1], Row)
    assert found[1].number == 4


def test_numbers_that_are_none_are_errors() -> None:
    for column, value in (("bytes", "-1"), ("bytes", "1.5"), ("bytes", "1e99"), ("request", f"a b{SECRET}")):
        assert problem(f"t,h,x\n{T},h,{value}\n", columns={"time": "t", "host": "h", column: "x"}).startswith(column)
    told = problem(f"t,h,x\n{T},h,{SECRET}\n", gateway=("10.0.0.1",), columns={"time": "t", "host": "h", "source": "x"})
    assert told.startswith("source")
    others: tuple[Any, ...] = (True, [], {}, None, 1e300)
    for other in others:
        assert problem(json.dumps({"time": other, "host": "h"}), format="ndjson", time="epoch_s").startswith("time")
    assert problem(json.dumps({"time": {}, "host": 3}), format="ndjson").startswith("time")


def test_bad_encodings_and_huge_lines_are_errors_by_number() -> None:
    huge = b"x" * (3 * lines.MAX_LINE) + b"\n"
    data = b"\xef\xbb\xbftime,host\n\xff\xfe\n" + huge + f"{T},ward.example\n".encode()
    bad, long, good = rows(data)
    assert (bad.number, long.number, good.number) == (2, 3, 4)
    assert isinstance(bad, Wrong)
    assert isinstance(long, Wrong)
    assert isinstance(good, Row)
    assert isinstance(rows(b"time,host\n" + f"{T},ward.example # \xe9".encode("latin-1"), encoding="latin-1")[0], Wrong)


def test_json_that_is_none_is_an_error_by_number() -> None:
    text = f'{{"time":\n[1]\n{"[" * 100_000}\n{{"time":"{T}","host":"h"}}\n'
    found = rows(text, format="ndjson")
    assert [type(one) for one in found] == [Wrong, Wrong, Wrong, Row]


def test_what_is_wrong_with_the_whole_log_is_told_at_once() -> None:
    for text, changes in (
        ("a,b\n", {}),
        ("time,host,time\n", {}),
        ("{}", {"format": "json"}),
        ("[" * 100_000, {"format": "json"}),
        ('{"a":1}', {"format": "json", "rows": "a.b"}),
    ):
        with pytest.raises(ConfigurationError):
            rows(text, **changes)


def test_a_packed_log_is_read_and_one_that_breaks_off_says_so() -> None:
    packed = gzip.compress(f"time,host\n{T},ward.example\n".encode() * 1)
    assert [type(one) for one in read(io.BytesIO(packed), source(), packed=True)] == [Row]
    for broken in (packed[:-9], b"not packed", packed[:12] + b"\0\0\0\0" + packed[16:]):
        found = list(read(io.BytesIO(broken), source(), packed=True))
        assert isinstance(found[-1], Wrong)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=120), st.sampled_from(["csv", "ndjson"]), st.sampled_from(["rfc3339", "epoch_s", "%d %b %Y"]))
def test_any_bytes_are_rows_or_errors_in_order(data: bytes, form: str, time: str) -> None:
    head = b"time,host\n" if form == "csv" else b""
    numbers = [one.number for one in read(io.BytesIO(head + data), source(format=form, time=time))]
    assert numbers == sorted(set(numbers))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=2, max_size=2))
def test_any_cells_are_a_row_or_an_error(cells: list[str]) -> None:
    for one in rows("time,host\n" + ",".join(cells), time="epoch_s"):
        assert isinstance(one, Row | Wrong)


@pytest.mark.parametrize(("written", "inside"), [("10.0.0.5", True), ("10.0.0.9", False), ("-", None), ("", None)])
def test_a_row_that_does_not_say_where_it_came_from_is_of_nobody_known(written: str, inside: bool | None) -> None:
    columns = {"time": "t", "host": "dest", "source": "src"}
    found = row(f"t,dest,src\n{T},ward.example,{written}\n", columns=columns, gateway=("10.0.0.5",))
    assert found.inside is inside
