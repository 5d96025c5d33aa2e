"""A record as a syslog message is of RFC 5424's form, and its structured data are the envelope."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.evidence import ocsf, syslog
from gateway.ledger.chain import leaf_hash
from gateway.ledger.encoding import from_base64
from tests.evidence.test_ocsf import RECORDS, records

# RFC 5424 §6, strictly: HEADER SP STRUCTURED-DATA SP MSG with one element, in UTF-8 after a byte order mark.
_NAME = r"[!#-<>-\\^-~]{1,32}"  # printable ASCII without = ] " and space
_MESSAGE = re.compile(
    rf"<(?P<pri>\d{{1,3}})>1 (?P<time>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{6}}Z) (?P<host>[!-~]{{1,255}}) "
    rf"(?P<app>[!-~]{{1,48}}) (?P<proc>[!-~]{{1,128}}) (?P<msgid>[!-~]{{1,32}}) "
    rf'\[(?P<id>{_NAME}@\d+)(?P<data>(?: {_NAME}="(?:[^"\\\]]|\\["\\\]])*")*)\] \ufeff(?P<text>.*)',
    re.DOTALL,
)
_PARAM = re.compile(rf' ({_NAME})="((?:[^"\\\]]|\\["\\\]])*)"')


def parsed(data: bytes) -> tuple[re.Match[str], dict[str, str]]:
    found = _MESSAGE.fullmatch(data.decode("utf-8"))
    assert found is not None
    params = {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in _PARAM.findall(found["data"])}
    assert len(params) == len(_PARAM.findall(found["data"])), "each once"
    return found, params


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_of_each_event_is_of_the_form(name: str) -> None:
    found, params = parsed(syslog.message(RECORDS[name], 32473))
    document = msgspec.json.decode(RECORDS[name])
    assert found["id"] == "record@32473"
    assert found["msgid"] == document["event"]
    assert found["time"] == document["occurred_at"]
    assert int(found["pri"]) // 8 == 13
    assert (params["seq"], params["tenant"]) == (str(document["seq"]), document["tenant"])
    assert from_base64(params["leaf_hash"]) == leaf_hash(RECORDS[name])
    for field, value in document.items():
        told = [name for name in params if name == field or name.startswith(f"{field}.")]
        assert told or value == {}, field


@given(data=records())
def test_any_record_is_of_the_form_and_one_line(data: bytes) -> None:
    for made in (syslog.message(data, 1), syslog.carrying(data, 1)):
        parsed(made)
        assert not any(byte < 32 for byte in made)
        length, _, rest = syslog.framed(made).partition(b" ")
        assert (int(length), rest) == (len(made), made)


@given(data=st.binary(max_size=100))
def test_what_is_no_record_becomes_no_message(data: bytes) -> None:
    for make in (syslog.message, syslog.carrying):
        with pytest.raises(FormatError):
            make(data, 1)


def test_what_would_end_a_value_is_escaped_and_what_would_end_a_line_is_a_space() -> None:
    document = msgspec.json.decode(RECORDS["forward.gap"])
    document["forward"] = 'a"b\\c]d\ne'
    data = msgspec.json.encode(dict(sorted(document.items())))
    _, params = parsed(syslog.message(data, 1))
    assert params["forward"] == 'a"b\\c]d e'


def test_the_text_may_be_the_ocsf_event() -> None:
    data = RECORDS["exchange.denied"]
    found, params = parsed(syslog.carrying(data, 7))
    assert msgspec.json.decode(found["text"]) == msgspec.json.decode(ocsf.line(data))
    assert (found["id"], params["event"]) == ("record@7", "exchange.denied")


@pytest.mark.parametrize(
    ("event", "severity"), [("exchange.completed", 6), ("exchange.denied", 5), ("auth.failed", 4), ("forward.gap", 3)]
)
def test_the_severity_follows_that_of_the_event(event: str, severity: int) -> None:
    assert int(parsed(syslog.message(RECORDS[event], 1))[0]["pri"]) % 8 == severity


def test_a_record_without_a_node_says_so() -> None:
    document = msgspec.json.decode(RECORDS["policy.activated"])
    document.pop("node", None)
    found, _ = parsed(syslog.message(msgspec.json.encode(document), 1))
    assert (found["host"], found["proc"], Path(found["app"]).name) == ("-", "-", "gateway")
