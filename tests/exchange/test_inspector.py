"""Answers are decided on against the caller's zone: whole, masked as they pass, or read first and given again."""

import json
from typing import Any

import pytest

from gateway.agents.openai import OpenAIAdapter
from gateway.core.errors import AgentError
from gateway.core.message import Message, Part
from gateway.core.ports import Bounds, Lanes, Route, StreamFilter
from gateway.exchange.exchange import Classified
from gateway.exchange.inspector import Inspector, StreamPlan
from tests.checks.policy.making import rule
from tests.conftest import ManualClock
from tests.exchange.making import BOUNDS, LOCAL, MAIL, caller, engine, message, route, router

ALL = rule("all", 900, data="class:any", agent="zone:in-house", when="zone:trusted")
MASKED = rule("pii-masked", 1, data="class:pii", agent="zone:in-house", action="receive", obligations="redact")
WITHHELD = rule("pii-withheld", 1, data="class:pii", agent="zone:*", action="receive", eft="deny")
ADAPTER = OpenAIAdapter(BOUNDS)


def inspector(clock: ManualClock, *lines: str, stream: Any = "auto") -> Inspector:
    return Inspector(router=router(clock, *lines), engine=engine(clock), bounds=BOUNDS, stream=stream)


def plan(clock: ManualClock, *lines: str, stream: Any = "auto", floor: tuple[str, ...] = ()) -> StreamPlan:
    return inspector(clock, *lines, stream=stream).plan(caller(), message(), route(floor=floor))


def test_an_answer_that_is_free_to_the_caller_passes_as_it_is(clock: ManualClock) -> None:
    found = inspector(clock, ALL).answer(caller(), message(), LOCAL, (Part("/a", f"to {MAIL}"),))
    assert (found.refusal, found.masked, found.classes, found.decision.effect) == (None, {}, ("pii",), "route")


def test_an_answer_is_masked_or_withheld_as_the_rule_says(clock: ManualClock) -> None:
    parts = (Part("/a", f"to {MAIL}"), Part("/b", "hello"))
    masked = inspector(clock, ALL, MASKED).answer(caller(), message(), LOCAL, parts)
    assert masked.decision.effect == "redact"
    assert dict(masked.masked) == {"/a": "to [EMAIL]"}
    withheld = inspector(clock, ALL, WITHHELD).answer(caller(), message(), LOCAL, parts)
    assert withheld.refusal is not None
    assert (withheld.refusal.code, withheld.decision.effect, withheld.masked) == ("answer_withheld", "deny", {})


@pytest.mark.parametrize("obligations", ["approve:privacy", "redact;approve:2/privacy"])
@pytest.mark.parametrize("action", ["receive", "*"])
def test_an_answer_that_people_would_have_to_approve_is_not_released(
    clock: ManualClock, action: str, obligations: str
) -> None:
    asks = rule("pii-asked", 1, data="class:pii", agent="zone:in-house", action=action, obligations=obligations)
    parts = (Part("/a", f"to {MAIL}"),)
    found = inspector(clock, ALL, asks).answer(caller(), message(), LOCAL, parts)
    assert found.refusal is not None
    assert (found.refusal.code, found.decision.effect, found.masked) == ("approval_required", "approve", {})
    assert plan(clock, ALL, asks).mode == "buffer"
    assert "email" in plan(clock, ALL, asks, stream="mask").types
    clean = inspector(clock, ALL, asks).answer(caller(), message(), LOCAL, (Part("/a", "hello"),))
    assert clean.refusal is None


def test_policy_is_asked_once_for_answers_with_the_same_classes_and_each_has_its_own_masks(clock: ManualClock) -> None:
    one = inspector(clock, ALL, rule("masked", 1, data="class:pii", agent="zone:in-house", obligations="redact"))
    first = one.answer(caller(), message(), LOCAL, (Part("/a", f"to {MAIL}"),))
    other = one.answer(caller(subject="bob"), message(), LOCAL, (Part("/b", "john.doe@example.com"),))
    assert first.decision is other.decision
    assert (first.masked, other.masked) == ({"/a": "to [EMAIL]"}, {"/b": "[EMAIL]"})
    clean = one.answer(caller(), message(), LOCAL, (Part("/a", "hello"),))
    assert (clean.decision.effect, clean.classes) == ("route", ("public",))


def test_an_answer_is_decided_anew_for_who_stands_otherwise_and_from_whom_it_comes(clock: ManualClock) -> None:
    one = inspector(clock, ALL, rule("no", 1, data="class:internal", agent="zone:*", eft="deny"))
    parts = (Part("/a", "hello"),)
    assert one.answer(caller(), message(), LOCAL, parts).refusal is None
    assert one.answer(caller(roles=("stranger",)), message(), LOCAL, parts).refusal is not None
    assert one.answer(caller(zone="moon"), message(), LOCAL, parts).refusal is not None
    assert one.answer(caller(), message(), route(floor=("internal",)), parts).refusal is not None
    assert one.answer(caller(), message(), LOCAL, parts, inherited=("internal",)).refusal is not None
    assert one.answer(caller(), message(), LOCAL, parts).refusal is None


def test_what_policy_could_not_evaluate_of_an_answer_is_asked_again(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = inspector(clock, ALL)

    def broken(*given: Any) -> Any:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("gateway.checks.policy.engine.Engine.answer", broken)
        assert one.answer(caller(), message(), LOCAL, (Part("/a", "hello"),)).refusal is not None
    assert one.answer(caller(), message(), LOCAL, (Part("/a", "hello"),)).refusal is None


def test_an_answer_that_must_be_masked_and_cannot_be_read_is_withheld(clock: ManualClock) -> None:
    parts = (Part("/a", f"to {MAIL}"), Part("/b", "", "unreadable"))
    found = inspector(clock, ALL, MASKED).answer(caller(), message(), LOCAL, parts)
    assert found.refusal is not None
    assert found.refusal.code == "answer_withheld"


def test_what_an_answer_has_from_what_it_was_made_of_cannot_be_masked(clock: ManualClock) -> None:
    """Not even where some of it has a span."""
    parts = (Part("/note", f"to {MAIL}"),)
    for shown in (parts, ()):
        found = inspector(clock, ALL, MASKED).answer(caller(), message(), LOCAL, shown, inherited=("pii",))
        assert found.classes == ("pii",)
        assert found.refusal is not None
        assert found.refusal.code == "answer_withheld"
    free = inspector(clock, ALL).answer(caller(), message(), LOCAL, (), inherited=("pii",))
    assert (free.refusal, free.classes) == (None, ("pii",))


def test_what_a_floor_says_of_an_answer_cannot_be_masked_whatever_is_found_in_it(clock: ManualClock) -> None:
    derived = "i, class:internal, class:pii\n"
    for text in ("hello", f"to {MAIL}"):
        parts = (Part("/note", text),)
        for one, floor, inherited in (
            (inspector(clock, ALL, MASKED), ("pii",), ()),
            (inspector(clock, ALL, LEFT), ("pii",), ()),
            (inspector(clock, ALL, MASKED, derived), ("internal",), ()),
            (inspector(clock, ALL, MASKED, derived), (), ("internal",)),
        ):
            found = one.answer(caller(), message(), route(floor=floor), parts, inherited=inherited)
            assert found.refusal is not None
            assert found.refusal.code == "answer_withheld"


def test_what_was_sent_is_of_all_its_classes_but_those_that_were_masked_away(clock: ManualClock) -> None:
    sent = message(f"to {MAIL}")
    scan = engine(clock).scan(sent.parts)
    asked = Classified(scan=scan, found=("pii",), declared=("internal",), inherited=("phi",), floor=("pci",))
    assert inspector(clock, ALL).sent(sent, asked, {}) == ("internal", "pci", "phi", "pii")
    place = next(part.pointer for part in sent.parts if MAIL in part.text)
    assert inspector(clock, ALL).sent(sent, asked, {place: "to [EMAIL]"}) == ("internal", "pci", "phi")


def test_a_stream_is_masked_where_every_class_is_free_or_can_be_masked(clock: ManualClock) -> None:
    free = plan(clock, ALL)
    assert (free.mode, free.types) == ("mask", frozenset())
    masked = plan(clock, ALL, MASKED)
    assert masked.mode == "mask"
    assert "email" in masked.types
    assert masked.rulings["pii"].rules == ("pii-masked",)


def test_a_stream_is_read_whole_where_a_class_is_denied_or_a_floor_or_the_setting_asks_for_it(
    clock: ManualClock,
) -> None:
    assert plan(clock, ALL, WITHHELD).mode == "buffer"
    assert plan(clock, ALL, floor=("internal",)).mode == "buffer"
    assert plan(clock, ALL, stream="buffer").mode == "buffer"
    assert plan(clock, ALL, WITHHELD, stream="mask").mode == "mask"


@pytest.mark.parametrize("line", [MASKED, WITHHELD])
def test_what_a_floor_says_of_a_whole_answer_cannot_be_masked_in_a_stream_whatever_the_setting(
    clock: ManualClock, line: str
) -> None:
    """Clean as it may look: the operator has said that whatever this agent says is of the class."""
    assert plan(clock, ALL, line, stream="mask", floor=("pii",)).mode == "buffer"
    assert plan(clock, ALL, line, stream="mask", floor=("phi",)).mode == "buffer"  # phi is under pii
    assert plan(clock, ALL, line, stream="mask", floor=("internal",)).mode == "mask"
    raw = chunk((0, {"content": "hello"})) + chunk((0, {}), finish="stop") + b"data: [DONE]\n\n"
    floored = route(floor=("pii",))
    found, _, body = inspector(clock, ALL, line).replay(caller(), message(stream=True), floored, ADAPTER, raw)
    assert found.refusal is not None
    assert (found.refusal.code, body) == ("answer_withheld", b"")


def test_a_stream_is_read_whole_where_health_data_are_stricter_than_the_names_they_are_made_of(
    clock: ManualClock,
) -> None:
    phi = rule("phi-masked", 1, data="class:phi", agent="zone:in-house", action="receive", obligations="redact")
    assert plan(clock, ALL, phi).mode == "buffer"


def chunk(*deltas: tuple[int, dict[str, Any]], finish: str | None = None, **beside: str) -> bytes:
    choices = [{"index": index, "delta": delta, "finish_reason": finish} for index, delta in deltas]
    frame = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    document = {**frame, **beside, "choices": choices}
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def texts(body: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for line in body.decode().splitlines():
        if line.startswith("data: {"):
            for choice in json.loads(line[6:])["choices"]:
                index = choice["index"]
                found[index] = found.get(index, "") + (choice["delta"].get("content") or "")
    return found


def test_a_replayed_stream_has_each_masked_text_in_the_lane_it_was_read_in(clock: ManualClock) -> None:
    raw = b"".join(
        [
            chunk(
                (0, {"role": "assistant", "content": "to jane.roe"}), (1, {"role": "assistant", "content": "plain "})
            ),
            chunk((1, {"content": "words"}), (0, {"content": "@example.com"})),
            chunk((0, {}), (1, {}), finish="stop"),
            b"data: [DONE]\n\n",
        ]
    )
    found, passed, body = inspector(clock, ALL, MASKED).replay(caller(), message(stream=True), LOCAL, ADAPTER, raw)
    assert found.decision.effect == "redact"
    assert texts(body + passed.closing) == {0: "to [EMAIL]", 1: "plain words"}
    assert b"jane" not in body + passed.closing


def test_names_beside_the_texts_of_a_replayed_stream_are_masked_and_do_not_end_it(clock: ManualClock) -> None:
    """Who serves it, and who speaks, may be somebody else in each event."""
    told = [("Together", "Dr. Jane Smith"), ("Groq", "Dr. John Carter"), ("Azure", "nobody")] * 50
    events = [chunk(provider=provider, speaker=speaker) for provider, speaker in told]
    raw = b"".join([*events, chunk((0, {"content": "words"}), finish="stop"), b"data: [DONE]\n\n"])
    found, passed, body = inspector(clock, ALL, MASKED).replay(caller(), message(stream=True), LOCAL, ADAPTER, raw)
    assert found.refusal is None
    assert texts(body + passed.closing) == {0: "words"}
    assert body.count(b"nobody") == 50
    assert not any(name in body for name in (b"Together", b"Jane", b"Carter"))


class Cipher:
    """A stream filter whose whole answer is something that no lane can read."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self.closing = b"end"
        self.model: str | None = None
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self.sessions: tuple[str, ...] = ()

    def feed(self, data: bytes) -> bytes:
        return self._lanes.unreadable("/content/0/data", data.decode()).encode()

    def finish(self) -> bytes:
        return b""


class CipherAdapter(OpenAIAdapter):
    def stream(self, message: Message, lanes: Lanes, bounds: Bounds, agent: Route) -> StreamFilter:
        return Cipher(lanes)


def test_what_cannot_be_read_is_replayed_only_to_whom_it_may_be_released(clock: ManualClock) -> None:
    unread = rule("unread", 1, data="class:unscanned", agent="zone:*", action="receive", eft="deny")
    asked, adapter = message(stream=True), CipherAdapter(BOUNDS)
    free, _, body = inspector(clock, ALL).replay(caller(), asked, LOCAL, adapter, b"cipher")
    assert (free.refusal, free.classes, body) == (None, ("unscanned",), b"cipher")
    withheld, _, nothing = inspector(clock, ALL, unread).replay(caller(), asked, LOCAL, adapter, b"cipher")
    assert withheld.refusal is not None
    assert nothing == b""
    assert plan(clock, ALL).unread
    assert not plan(clock, ALL, unread, stream="mask").unread


def test_a_replayed_stream_that_is_withheld_gives_no_bytes(clock: ManualClock) -> None:
    raw = chunk((0, {"content": MAIL})) + chunk((0, {}), finish="stop") + b"data: [DONE]\n\n"
    found, _, body = inspector(clock, ALL, WITHHELD).replay(caller(), message(stream=True), LOCAL, ADAPTER, raw)
    assert found.refusal is not None
    assert body == b""


@pytest.mark.parametrize("raw", [b"", b"data: nonsense\n\n", chunk((0, {"content": "cut"}))])
def test_a_stream_that_is_cut_or_not_of_the_protocol_is_no_answer(clock: ManualClock, raw: bytes) -> None:
    with pytest.raises(AgentError):
        inspector(clock, ALL).replay(caller(), message(stream=True), LOCAL, ADAPTER, raw)


def test_what_passed_masked_is_told_as_redacted_only_if_something_was(clock: ManualClock) -> None:
    inspects = inspector(clock, ALL, MASKED)
    planned = inspects.plan(caller(), message(), LOCAL)
    lanes = inspects.lanes(planned, LOCAL)
    lane = lanes.lane("/choices/0/delta/content")
    lane.feed("hello")
    told = inspects.streamed(planned, lanes, LOCAL).decision
    assert (told.effect, told.rules, told.obligations) == ("route", ("all",), ())
    lane.feed(f" {MAIL} ")
    lane.finish()
    found = inspects.streamed(planned, lanes, LOCAL)
    assert (found.decision.effect, found.classes) == ("redact", ("pii",))
    # By what let it back, as of an answer that is read whole: not by every rule that might have masked something.
    whole = inspects.answer(caller(), message(), LOCAL, (Part("/choices/0/message/content", f"hello {MAIL}"),))
    assert (found.decision.rules, found.decision.obligations) == (whole.decision.rules, whole.decision.obligations)
    assert found.decision.rules == ("pii-masked",)


class Chunked:
    """A stream of text pieces, apart by `|`, that may be read by themselves."""

    closing = b"."
    model = tokens_in = tokens_out = None
    sessions = ()

    def __init__(self, lanes: Lanes) -> None:
        self._lane = lanes.lane("/artifact", apart=True)

    def feed(self, data: bytes) -> bytes:
        return "".join(map(self._lane.feed, data.decode().split("|"))).encode()

    def finish(self) -> bytes:
        return self._lane.finish().encode()


@pytest.mark.parametrize("raw", [b"to jane.roe@exam|ple.com now", b"to jane.roe@example.com|7 now"])
def test_a_replayed_stream_in_pieces_is_read_both_ways(clock: ManualClock, raw: bytes) -> None:
    adapter: Any = OpenAIAdapter(BOUNDS)
    adapter.stream = lambda message, lanes, bounds, agent: Chunked(lanes)
    found, _, body = inspector(clock, ALL, MASKED).replay(caller(), message(stream=True), LOCAL, adapter, raw)
    assert found.scan.counts() == {"email": 1}
    assert body.startswith(b"to [EMAIL]")
    assert b"roe" not in body


LEFT = rule(
    "pii-left", 1, data="class:pii", agent="zone:in-house", action="receive", obligations="declassify:pii;redact"
)


def test_what_an_answer_inherits_is_withheld_where_it_would_have_to_be_masked(clock: ManualClock) -> None:
    for text in ("hello", f"to {MAIL}"):
        held = inspector(clock, ALL, MASKED).answer(caller(), message(), LOCAL, (Part("/a", text),), inherited=("pii",))
        assert held.refusal is not None
        assert (held.refusal.code, held.classes) == ("answer_withheld", ("pii",))
    free = inspector(clock, ALL).answer(caller(), message(), LOCAL, (Part("/a", "hello"),), inherited=("pii",))
    assert (free.refusal, free.classes, free.told) == (None, ("pii",), frozenset({"pii"}))


def test_a_class_that_a_rule_declassifies_does_not_go_up_and_is_masked_where_it_is_found(clock: ManualClock) -> None:
    parts = (Part("/a", f"to {MAIL}"), Part("/b", "hello"))
    found = inspector(clock, ALL, LEFT).answer(caller(), message(), LOCAL, parts, inherited=("pii",))
    assert (found.refusal, dict(found.masked), found.told) == (None, {"/a": "to [EMAIL]"}, frozenset())
    empty = inspector(clock, ALL, LEFT).answer(caller(), message(), LOCAL, parts[1:], inherited=("pii",))
    assert (empty.refusal, dict(empty.masked), empty.told) == (None, {}, frozenset())
    floored = inspector(clock, ALL, LEFT).answer(caller(), message(), route(floor=("pii",)), parts[1:])
    assert floored.refusal is not None


def test_whoever_gets_an_answer_knows_what_was_not_masked_out_of_it(clock: ManualClock) -> None:
    parts = (Part("/a", f"to {MAIL}"),)
    assert inspector(clock, ALL).answer(caller(), message(), LOCAL, parts).told == {"pii"}
    assert inspector(clock, ALL, MASKED).answer(caller(), message(), LOCAL, parts).told == frozenset()


def test_a_plan_says_which_classes_are_free_and_which_leave(clock: ManualClock) -> None:
    free = plan(clock, ALL)
    assert "pii" in free.free & free.clear
    masked = plan(clock, ALL, MASKED)
    assert "pii" not in masked.free | masked.clear
    some = plan(clock, ALL, MASKED.replace("redact", "redact:email"))
    assert "pii" not in some.free
    assert "pii" in some.clear
    assert plan(clock, ALL, LEFT).left == {"pii"}


KEYED = route("local", credential="hunter2-ward-blue")
DENIED = rule("no-secret", 1, data="class:secret", agent="zone:*", action="receive", eft="deny")


def test_an_agents_own_credential_is_masked_whatever_policy_lets_a_caller_have(clock: ManualClock) -> None:
    parts = (Part("/a", f"Bearer hunter2-ward-blue to {MAIL}"), Part("/b", "x"))
    found = inspector(clock, ALL).answer(caller(), message(), KEYED, parts)
    assert dict(found.masked) == {"/a": f"Bearer [SECRET-API-KEY] to {MAIL}"}
    assert (found.refusal, found.decision.effect, found.classes) == (None, "redact", ("pii", "secret"))
    assert found.scan.counts() == {"email": 1, "secret-api-key": 1}
    both = inspector(clock, ALL, MASKED).answer(caller(), message(), KEYED, parts)
    assert dict(both.masked) == {"/a": "Bearer [SECRET-API-KEY] to [EMAIL]"}
    other = inspector(clock, ALL).answer(caller(), message(), route(credential="hunter3-ward-blue"), parts)
    assert dict(other.masked) == {}


def test_an_answer_with_it_is_withheld_where_policy_says_so_of_secrets_or_nothing_can_be_masked(
    clock: ManualClock,
) -> None:
    parts = (Part("/a", "Bearer hunter2-ward-blue"),)
    told = inspector(clock, ALL, DENIED).answer(caller(), message(), KEYED, parts)
    assert told.refusal is not None
    for kind in ("name", "token"):
        found = inspector(clock, ALL).answer(
            caller(),
            message(),
            KEYED,
            (Part("/a", "hunter2-ward-blue", kind),),
        )
        assert found.refusal is not None
        assert (found.refusal.code, found.decision.effect, found.masked) == ("answer_withheld", "deny", {})
