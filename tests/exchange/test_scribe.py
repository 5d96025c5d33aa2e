"""What stands in clear on the record is of the code's and the configuration's own words; the rest is in the detail."""

from typing import Any

import msgspec
import pytest

from gateway.core.caller import Caller
from gateway.core.decision import CandidateView, Decision
from gateway.core.refusal import Refusal
from gateway.exchange.exchange import Exchange, Outcome, Routed
from gateway.exchange.failures import OTHER, Counted
from gateway.exchange.kept import decode, until
from gateway.exchange.router import Denied
from gateway.exchange.scribe import Scribe
from gateway.ledger.commitment import committed, matches
from gateway.ledger.content import check_content, part_of
from gateway.ledger.entry import DataKey, Entry, SealedPart
from gateway.ledger.record import GENESIS, check, seal
from tests.conftest import ManualClock
from tests.exchange.making import LOCAL, NODE, SKY, caller, classified, exchange, message

HOSTILE = "Jane Roe, MRN 4481920"
POLICY = "sha256:" + "a" * 64


class Key:
    """One new data key."""

    new = (DataKey(id="dk_1", subject=None, wrapped=b"wrapped"),)


class Seals:
    """Keeps what it is given to seal, by the part."""

    def __init__(self) -> None:
        self.keys: list[tuple[str, ...]] = []
        self.sealed: dict[str, tuple[bytes, bytes | None]] = {}

    def exchange_key(self, subjects: tuple[str, ...] = ()) -> Key:
        self.keys.append(subjects)
        return Key()

    def seal(self, *, tenant: str, record: str, part: str, opening: bytes, value: bytes | None, key: Any) -> SealedPart:
        self.sealed[part] = (opening, value)
        return SealedPart(part=part, key="dk_1", nonce=b"n", ciphertext=b"c")


def decision(effect: Any = "route") -> Decision:
    view = CandidateView(agent="local", zone="in-house", healthy=True, answer="allow", rule="r1")
    return Decision(effect=effect, agent="local", rules=("r1",), obligations=(), policy=POLICY, candidates=(view,))


def _denied(why: str = "No.", inputs: dict[str, str] | None = None) -> Denied:
    return Denied(decision=decision("deny"), explanation=(why,), inputs=inputs)


def routed(**fields: Any) -> Routed:
    values: dict[str, Any] = {
        "decision": decision(),
        "route": LOCAL,
        "masked": {},
        "rest": (),
        "inputs": {"weekday": "mo"},
        "explanation": ("A rule.",),
        **fields,
    }
    return Routed(**values)


def scribe(clock: ManualClock, seals: Seals | None = None, **bases: str) -> Scribe:
    """`bases`: purpose → its legal basis for the tenant of `caller`."""
    return Scribe(
        clock=clock,
        sealing=seals or Seals(),
        node=NODE,
        version=lambda tenant: POLICY,
        engine="1-0",
        config="sha256:" + "c" * 64,
        bases={(caller().identity.tenant, purpose): basis for purpose, basis in bases.items()},
    )


def known(clock: ManualClock, *headers: tuple[str, str], by: Caller | None = None, **fields: Any) -> Exchange:
    """An exchange that is ready to be put on record."""
    one = exchange(*headers, **fields)
    one.started_ns = clock.monotonic_ns()
    one.caller = by or caller()
    one.identity = one.caller.identity
    one.message = message("hello")
    one.classified = classified(clock, one.message.parts)
    one.routed = routed()
    return one


def clear(entry: Entry) -> str:
    """The bytes that everyone may read."""
    envelope = entry.envelope
    check(envelope)
    return seal(envelope, 0, GENESIS, envelope.occurred_at).decode()


def test_requests_name_the_legal_basis_that_is_configured_for_their_purpose(clock: ManualClock) -> None:
    writes = scribe(clock, TREAT="Art. 9(2)(h)")
    for purpose, basis in (("TREAT", "Art. 9(2)(h)"), ("HRESCH", None), (None, None)):
        one = known(clock, by=msgspec.structs.replace(caller(), purpose=purpose))
        refused = Refusal(code="policy_denied")
        made = (writes.intent(one, routed()), writes.attempt(one, routed(), 2, b""), writes.denied(one, refused, None))
        assert [entry.envelope.legal_basis for entry in made] == [basis] * 3
    other = msgspec.structs.replace(caller().identity, tenant="another")
    one = known(clock, by=msgspec.structs.replace(caller(), purpose="TREAT", identity=other))
    assert writes.intent(one, routed()).envelope.legal_basis is None


def test_records_name_the_engine_that_searches_now(clock: ManualClock) -> None:
    writes, one = scribe(clock), known(clock)
    before = writes.intent(one, routed()).envelope.engine
    writes.searched_by("2-0")
    assert (before, writes.intent(one, routed()).envelope.engine) == ("1-0", "2-0")


def test_foreign_text_stands_in_the_detail_and_never_in_the_envelope(clock: ManualClock) -> None:
    headers = (("user-agent", HOSTILE), ("x-data-class", HOSTILE), ("idempotency-key", HOSTILE))
    one = known(clock, *headers, path=f"/agents/notes/{HOSTILE}", by=caller(subject=HOSTILE))
    one.message = msgspec.structs.replace(message(HOSTILE), media_type=f"text/{HOSTILE}")
    writes = scribe(clock)
    entries = [
        writes.intent(one, routed()),
        writes.attempt(one, routed(), 2, HOSTILE.encode()),
        writes.outcome(one, Outcome(code="ok", status=200, released=HOSTILE.encode(), media_type=HOSTILE)),
        writes.denied(one, Refusal(code="policy_denied", explanation=HOSTILE), _denied(HOSTILE)),
    ]
    for entry in entries:
        told = clear(entry)
        assert not any(piece in told for piece in ("Jane", "Roe", "4481920")), entry.envelope.event
        assert entry.detail is not None
        assert HOSTILE in entry.detail.decode()
    assert entries[0].envelope.request is not None
    assert entries[0].envelope.request.media_type == "other"


def test_a_detail_and_a_body_open_their_commitments(clock: ManualClock) -> None:
    seals = Seals()
    one = known(clock, ("idempotency-key", "order-7"))
    entry = scribe(clock, seals).intent(one, routed())
    envelope = entry.envelope
    assert entry.salt is not None
    assert entry.detail is not None
    assert envelope.detail == committed(entry.salt, "detail", entry.detail)
    assert envelope.request is not None
    assert one.message is not None
    assert matches(envelope.request.commitment or "", seals.sealed["request"][0], "request", one.message.body)
    assert matches(envelope.idempotency or "", seals.sealed["idempotency"][0], "idempotency", b"order-7")
    assert (entry.opens, entry.closes, entry.decided_under) == (True, False, POLICY)


def test_a_key_goes_with_the_first_entry_that_needs_it_and_with_no_other(clock: ManualClock) -> None:
    seals = Seals()
    writes, one = scribe(clock, seals), known(clock)
    one.subjects = ("su_1",)
    first, second = writes.intent(one, routed()), writes.attempt(one, routed(), 2, b"sent")
    last = writes.outcome(one, Outcome(code="ok", status=200, released=b"x"))
    assert [key.id for key in first.keys] == ["dk_1"]
    assert (second.keys, last.keys) == ((), ())
    assert seals.keys == [("su_1",)], "one key an exchange, made for its persons"
    assert all(entry.subjects == ("su_1",) for entry in (first, second, last))


def test_an_attempt_names_its_agent_its_number_and_what_was_sent(clock: ManualClock) -> None:
    seals = Seals()
    entry = scribe(clock, seals).attempt(known(clock), routed(route=SKY), 2, b"sent")
    envelope = entry.envelope
    assert (envelope.agent, envelope.zone, envelope.processor, envelope.attempt) == ("sky", "cloud", "acme", 2)
    assert envelope.request is not None
    assert matches(envelope.request.commitment or "", seals.sealed["request"][0], "request", b"sent")
    assert (entry.opens, entry.closes, entry.decided_under) == (False, False, POLICY)


def test_an_end_closes_its_exchange_and_counts_what_was_released(clock: ManualClock) -> None:
    one = known(clock)
    clock.advance(2)
    entry = scribe(clock).outcome(one, Outcome(code="ok", status=200, released=b"12345", tokens_in=1, tokens_out=2))
    assert entry.closes
    told = entry.envelope.outcome
    assert told is not None
    assert (told.code, told.bytes, told.latency_us, told.tokens_in, told.tokens_out) == ("ok", 5, 2_000_000, 1, 2)


def test_an_answer_of_which_nothing_was_released_commits_to_nothing(clock: ManualClock) -> None:
    entry = scribe(clock).outcome(known(clock), Outcome(code="agent_timeout", status=504))
    assert entry.sealed == ()
    assert entry.envelope.response is not None
    assert entry.envelope.response.commitment is None


def test_a_refusal_stands_alone_and_says_why_in_its_detail(clock: ManualClock) -> None:
    refusal = Refusal(code="policy_denied", field="/model", hint="another one")
    entry = scribe(clock).denied(known(clock), refusal, _denied("No.", {"time": "12:00"}))
    assert (entry.opens, entry.closes, entry.decided_under) == (False, False, None)
    assert entry.envelope.agent is None
    assert entry.envelope.candidates is not None
    assert entry.envelope.inputs == {"time": "12:00"}
    assert b"policy_denied: /model: another one" in (entry.detail or b"")


def test_a_refusal_before_the_message_was_read_has_no_request_and_no_key(clock: ManualClock) -> None:
    one = exchange()
    one.caller = caller()
    entry = scribe(clock).denied(one, Refusal(code="body_too_large"), None)
    assert (entry.envelope.request, entry.sealed, entry.keys) == (None, (), ())
    assert entry.envelope.decision is not None
    assert entry.envelope.decision.effect == "deny"
    assert entry.envelope.inputs is None, "no condition was asked"


def test_a_refusal_is_on_record_with_the_status_that_it_is_told_with(clock: ManualClock) -> None:
    refusal = Refusal(code="policy_denied")
    for status, told in ((None, 403), (200, 200)):
        outcome = scribe(clock).denied(known(clock), refusal, _denied(), status=status).envelope.outcome
        assert outcome is not None
        assert (outcome.code, outcome.status) == ("policy_denied", told)


def test_a_failed_identification_names_no_one_and_keeps_the_address_out_of_the_envelope(clock: ManualClock) -> None:
    counted = Counted(source="10.9.8.7", code="credential_invalid", count=3, window_s=60)
    entry = scribe(clock).failed(counted)
    assert "10.9.8.7" not in clear(entry)
    assert b"10.9.8.7" in (entry.detail or b"")
    assert (entry.envelope.actor, entry.envelope.count, entry.envelope.window_s) == (None, 3, 60)
    assert entry.envelope.tenant == "_system"


def test_a_failed_identification_is_told_in_the_ledger_that_it_was_counted_for(clock: ManualClock) -> None:
    counted = Counted(source="10.9.8.7", code="credential_revoked", count=1, window_s=60, ledger="tn_7")
    assert scribe(clock).failed(counted).envelope.tenant == "tn_7"


def test_sources_that_are_not_told_one_by_one_are_told_by_their_number(clock: ManualClock) -> None:
    counted = Counted(source=OTHER, code="credential_invalid", count=99_680, window_s=60, sources=99_000)
    entry = scribe(clock).failed(counted)
    assert entry.envelope.count == 99_680
    detail = msgspec.json.decode(entry.detail or b"")
    assert detail == {"source": "other", "reason": "99000 sources that are not told one by one"}


def test_an_intent_without_a_message_is_a_defect_that_stops(clock: ManualClock) -> None:
    one = known(clock)
    one.message = None
    with pytest.raises(ValueError, match="message"):
        scribe(clock).intent(one, routed())


def test_what_the_agent_is_sent_is_kept_where_policy_says_so_and_nowhere_else(clock: ManualClock) -> None:
    seals, one = Seals(), known(clock)
    scribe(clock, seals).intent(one, routed())
    assert [part for part in seals.sealed if part.startswith("content:")] == []
    keeping = msgspec.structs.replace(decision("redact"), obligations=("keep-content:2", "redact"))
    assert one.message is not None
    (pointer,) = [part.pointer for part in one.message.parts if part.text == "hello"]
    kept_one = routed(decision=keeping, masked={pointer: "[masked]"})
    writes = scribe(clock, seals)
    for first in (True, False):
        entry = writes.intent(one, kept_one) if first else writes.attempt(one, kept_one, 2, b"sent")
        (part,) = [part.part for part in entry.sealed if part.part.startswith("content:")]
        assert part == part_of(until(clock.now_us(), 2))
        salt, value = seals.sealed.pop(part)
        assert value is not None
        envelope = entry.envelope
        assert envelope.kept is not None
        assert (envelope.kept.bytes, envelope.kept.until) == (len(value), until(clock.now_us(), 2))
        check_content(envelope, salt, "dk_1", value)
        assert "[masked]" in [held.text for held in decode(value).parts]
        assert b"hello" not in value
    scribe(clock, seals).intent(one, kept_one, asked=False)
    assert [part for part in seals.sealed if part.startswith("content:")] == [], "nothing is sent to anybody"
    one.routed = routed(decision=msgspec.structs.replace(decision(), obligations=("no-content",)))
    attempted = scribe(clock, seals).attempt(one, kept_one, 2, b"sent")
    assert attempted.sealed == (), "the first decision binds the exchange"
    assert attempted.envelope.kept is None, "and nothing is said to be kept"


def test_where_nothing_is_to_be_kept_commitments_have_no_opening_and_no_key(clock: ManualClock) -> None:
    one = known(clock, ("idempotency-key", "an-order"))
    silent = msgspec.structs.replace(decision(), obligations=("keep-content:2", "no-content"))
    one.routed = routed(decision=silent)
    writes = scribe(clock)
    entries = [
        writes.intent(one, one.routed),
        writes.attempt(one, one.routed, 2, b"sent"),
        writes.outcome(one, Outcome(code="ok", status=200, released=b"answer", decision=decision())),
        writes.denied(one, Refusal(code="agent_overloaded"), None),
    ]
    assert [(entry.sealed, entry.keys) for entry in entries] == [((), ())] * 4
    assert one.key_sent is False, "what another agent is sent later brings its key"
    # The attempt at another agent is decided by itself: it may say so although the first did not.
    one.routed = routed()
    assert writes.attempt(one, routed(decision=silent), 3, b"sent").sealed == ()
    kept_again = writes.outcome(one, Outcome(code="ok", status=200, released=b"answer"))
    assert [part.part for part in kept_again.sealed] == ["response"]
    assert kept_again.keys != ()
