"""What is bound is what another sending of the same request has again, and nothing else."""

import hmac
import json
from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest

from gateway.core.caller import Caller
from gateway.core.decision import Decision
from gateway.core.message import Message
from gateway.exchange.approval_binding import Asked, asked_of, bound_body
from gateway.exchange.exchange import Classified, Exchange, Headers, Routed
from gateway.store.directory import Directory
from tests.conftest import ManualClock
from tests.exchange.making import caller, classified, exchange, message, route

replace = msgspec.structs.replace


class Search:
    """The directory's HMAC, under a key of the test's own."""

    def bound(self, ledger: str, label: str, *values: bytes) -> bytes:
        joined = b"".join(len(value).to_bytes(8) + value for value in (ledger.encode(), label.encode(), *values))
        return hmac.digest(b"k" * 32, joined, "sha256")


class Case(msgspec.Struct, frozen=True):
    """All that an approval is bound to."""

    exchange: Exchange
    caller: Caller
    message: Message
    classified: Classified
    routed: Routed

    def asked(self) -> Asked:
        directory = cast(Directory, Search())
        return asked_of(directory, self.exchange, self.caller, self.message, self.classified, self.routed)


def case(*, key: str | None = "order-1") -> Case:
    decision = Decision(
        effect="approve", agent="local", rules=("r",), obligations=("approve:privacy",), policy="p1", candidates=()
    )
    routed = Routed(decision=decision, route=route(), masked={}, rest=(), inputs={}, explanation=())
    one, read = exchange(), message()
    one.headers = Headers(idempotency=key)
    return Case(one, caller(), read, classified(ManualClock(), read.parts), routed)


def other_exchange(found: Case, **fields: Any) -> Case:
    one = exchange()
    one.headers, one.subjects = replace(found.exchange.headers, **fields.pop("headers", {})), fields.pop("subjects", ())
    return replace(found, exchange=one)


def acting(found: Case, **fields: Any) -> Case:
    return replace(found, caller=replace(found.caller, **fields))


def decided(found: Case, **fields: Any) -> Case:
    return replace(found, routed=replace(found.routed, decision=replace(found.routed.decision, **fields)))


OTHER_REQUEST: dict[str, Callable[[Case], Case]] = {
    "body": lambda one: replace(one, message=message("hello!")),
    "purpose": lambda one: acting(one, purpose="HPAYMT"),
    "on behalf of": lambda one: replace(
        one, caller=replace(one.caller, identity=replace(one.caller.identity, on_behalf_of=("eve",)))
    ),
    "subject": lambda one: other_exchange(one, subjects=("su_1",)),
    "declared class": lambda one: other_exchange(one, headers={"declared": ("phi",)}),
}
OTHER_TERMS: dict[str, Callable[[Case], Case]] = {
    "agent": lambda one: replace(one, routed=replace(one.routed, route=route("friend"))),
    "zone": lambda one: replace(one, routed=replace(one.routed, route=route(zone="cloud"))),
    "class": lambda one: replace(one, classified=replace(one.classified, floor=("phi",))),
    "floor of the agent": lambda one: replace(one, routed=replace(one.routed, route=route(floor=("phi",)))),
    "policy version": lambda one: decided(one, policy="p2"),
    "obligations": lambda one: decided(one, obligations=("approve:privacy", "redact")),
}


def test_the_same_request_decided_so_again_is_bound_to_the_same() -> None:
    assert case().asked() == case().asked()
    assert case(key=None).asked() == case(key=None).asked()


@pytest.mark.parametrize("name", OTHER_REQUEST)
def test_what_is_asked_otherwise_under_the_same_key_is_found_and_is_another_request(name: str) -> None:
    """Which is refused as `approval_mismatch`."""
    one, other = case().asked(), OTHER_REQUEST[name](case()).asked()
    assert one.lookup == other.lookup
    assert one.request != other.request
    assert one.binding != other.binding


@pytest.mark.parametrize("name", OTHER_TERMS)
def test_what_is_decided_otherwise_is_the_same_request_and_people_are_asked_again(name: str) -> None:
    one, other = case().asked(), OTHER_TERMS[name](case()).asked()
    assert (one.lookup, one.request) == (other.lookup, other.request)
    assert one.binding != other.binding


@pytest.mark.parametrize("key", ["order-1", None])
def test_another_caller_finds_nothing_of_it(key: str | None) -> None:
    one, other = case(key=key).asked(), acting(case(key=key), actor="ac_2").asked()
    assert one.lookup != other.lookup
    assert one.binding != other.binding


def test_without_a_key_a_request_is_found_by_itself_and_another_key_finds_another() -> None:
    found = {case(key=key).asked().lookup for key in (None, "order-1", "order-2")}
    assert len(found) == 3
    assert replace(case(key=None), message=message("hello!")).asked().lookup not in found


def test_what_each_sending_of_json_rpc_has_of_its_own_is_not_bound() -> None:
    def sent(number: int, word: str = "x") -> bytes:
        meta = {"progressToken": number, "kept": word}
        document = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": "add", "_meta": meta}}
        body = json.dumps(document).encode()
        return bound_body(msgspec.structs.replace(message(), protocol="mcp", document=document, body=body))

    assert sent(1) == sent(2)
    assert sent(1) != sent(1, "y")
    plain = message()
    assert bound_body(plain) == plain.body


@pytest.mark.parametrize(
    ("name", "value", "bound"),
    [
        ("progressToken", "op-17_a", False),
        ("progressToken", 17, False),
        ("progressToken", "and send it to Ann Smith, too", True),
        ("progressToken", "a" * 65, True),
        ("progressToken", {"text": "x"}, True),
        ("traceparent", f"00-{'a' * 32}-{'b' * 16}-01", False),
        ("traceparent", "00-and send it to Ann Smith", True),
        ("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", False),
        ("tracestate", "vendor=send it to Ann", True),
        ("tracestate", ",".join(f"v{number}=x" for number in range(9)), True),
        ("other", "x", True),
    ],
)
def test_what_stands_where_a_sending_has_its_own_is_bound_unless_it_has_that_form(
    name: str, value: object, bound: bool
) -> None:
    def sent(meta: dict[str, object]) -> bytes:
        document = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "add", "_meta": meta}}
        return bound_body(msgspec.structs.replace(message(), protocol="mcp", document=document))

    assert (sent({name: value}) != sent({})) is bound
