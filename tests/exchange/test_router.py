"""The first agent that policy does not deny gets the message; masked where it says so, and only if nothing is left."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.classes import maskable
from gateway.checks.redaction import CannotRedact
from gateway.checks.schema import Schema
from gateway.core.decision import Fit, Ruling, Unfit, Verdict
from gateway.core.finding import Finding, Scan
from gateway.core.message import Part
from gateway.core.ports import Route
from gateway.core.tokens import Book
from gateway.exchange.exchange import Joined, Routed
from gateway.exchange.router import MAX_CANDIDATES, MAX_ONWARD, Denied, masking_of
from tests.checks.policy.making import rule
from tests.conftest import ManualClock
from tests.exchange.making import FRIEND, LOCAL, MAIL, SKY, caller, classified, engine, message, route, router

PUBLIC = rule(agent="zone:*")
LOCAL_PII = rule("pii-local", 1, data="class:pii", agent="zone:in-house")
MASKED_PII = rule("pii-masked", 2, data="class:pii", agent="zone:cloud", when="contract:valid", obligations="redact")
NO_PII = rule("pii-no", 3, data="class:pii", agent="zone:*", eft="deny", text="No personal data there.")


def decide(
    clock: ManualClock,
    text: str,
    candidates: tuple[Route, ...],
    *lines: str,
    exact: bool = False,
    declared: tuple[str, ...] = (),
    **fields: Any,
) -> Routed | Denied:
    sent = message(text)
    known = classified(clock, sent.parts, declared=declared)
    return router(clock, *lines, **fields).decide(caller(), sent, known, candidates, exact=exact)


def answers(decided: Routed | Denied) -> list[tuple[str, str]]:
    return [(view.agent, view.answer) for view in decided.decision.candidates]


def test_the_first_candidate_that_is_not_denied_is_taken_and_the_rest_may_be_asked_later(clock: ManualClock) -> None:
    decided = decide(clock, f"to {MAIL}", (FRIEND, LOCAL, SKY), PUBLIC, LOCAL_PII, MASKED_PII, NO_PII)
    assert isinstance(decided, Routed)
    assert decided.route == LOCAL
    assert decided.rest == (SKY,)
    assert (decided.decision.effect, decided.decision.agent, decided.masked) == ("route", "local", {})
    assert answers(decided) == [("friend", "deny"), ("local", "allow")]


def test_the_floor_of_an_agent_is_its_own_however_it_is_reached(clock: ManualClock) -> None:
    """By the capability, in the place of another, or after one has failed: it was only had by who named the agent."""
    floor = "f, agent:friend, class:internal\n"
    closed = rule("no-internal", 1, data="class:internal", agent="zone:partner", eft="deny")
    decided = decide(clock, "hello", (FRIEND, LOCAL), PUBLIC, closed, floor)
    assert answers(decided) == [("friend", "deny"), ("local", "allow")]
    open_ = (
        rule("internal", 1, data="class:internal", agent="zone:partner"),
        "o, internal, class:internal, By the board.\n",
    )
    decided = decide(clock, "hello", (FRIEND, LOCAL), rule("public", 2, agent="zone:in-house"), *open_, floor)
    assert isinstance(decided, Routed)
    assert (decided.route.id, decided.route.floor, decided.decision.rules) == ("friend", ("internal",), ("internal",))
    sent = message("hello")
    known = classified(clock, sent.parts)
    assert known.classes(decided.route) == ("internal",)


def test_what_is_general_remains_where_no_other_class_wants_it_gone(clock: ManualClock) -> None:
    text = f"Patient Ms. Anna Ortega, DOB: 03/12/1958, seen 2024-05-01 for diabetes, {MAIL}"
    open_phi = {"agent": "zone:cloud", "when": "contract:valid"}
    general = rule("phi-general", 1, data="class:phi", obligations="generalise", **open_phi)
    decided = decide(clock, text, (SKY,), PUBLIC, general, MASKED_PII)
    assert isinstance(decided, Routed)
    assert (decided.decision.effect, answers(decided)) == ("redact", [("sky", "redact")])
    # `pii` is masked whole, and its types with it; the date is one of `phi` alone.
    (masked,) = decided.masked.values()
    assert masked == "Patient Ms. [PERSON], DOB: [DATE-OF-BIRTH], seen 2024 for diabetes, [EMAIL]"
    softer = rule("pii-general", 2, data="class:pii", obligations="generalise", **open_phi)
    both = decide(clock, text, (SKY,), PUBLIC, general, softer)
    assert isinstance(both, Routed)
    assert "DOB: 1958, seen 2024" in str(both.masked)
    declared = decide(clock, "Hello", (SKY,), PUBLIC, general, softer, declared=("phi",))
    assert answers(declared) == [("sky", "cannot-redact")]


def test_what_must_be_masked_is_masked_and_the_decision_says_so(clock: ManualClock) -> None:
    decided = decide(clock, f"to {MAIL}", (SKY,), PUBLIC, MASKED_PII)
    assert isinstance(decided, Routed)
    assert decided.decision.effect == "redact"
    assert MAIL not in str(decided.masked)
    assert list(decided.masked) == ["/messages/0/content"]


def test_exact_is_the_first_candidate_or_none(clock: ManualClock) -> None:
    decided = decide(clock, f"to {MAIL}", (SKY, LOCAL), PUBLIC, LOCAL_PII, NO_PII, exact=True)
    assert isinstance(decided, Denied)
    assert answers(decided) == [("sky", "deny")]


def test_a_denial_is_explained_by_the_rules_that_denied_not_by_those_that_allowed(clock: ManualClock) -> None:
    decided = decide(clock, f"to {MAIL}", (SKY,), PUBLIC, NO_PII, declared=("public",))
    assert isinstance(decided, Denied)
    assert decided.decision.effect == "deny"
    assert decided.decision.obligations == ()
    assert decided.explanation == ("No personal data there.",)


def test_a_denial_says_what_the_conditions_read_for_the_one_that_came_closest(clock: ManualClock) -> None:
    timed = rule("shut", 1, data="class:pii", agent="zone:cloud", when="weekday:mon-sun", eft="deny")
    decided = decide(clock, f"to {MAIL}", (SKY,), PUBLIC, timed)
    assert isinstance(decided, Denied)
    assert decided.inputs is not None
    assert {"time", "weekday", "contract:acme"} == set(decided.inputs)
    nobody = decide(clock, f"to {MAIL}", (), PUBLIC, timed)
    assert isinstance(nobody, Denied)
    assert nobody.inputs is None, "policy was not asked"


def test_of_several_that_deny_the_first_one_explains(clock: ManualClock) -> None:
    other = rule("other", 1, data="class:pii", agent="zone:in-house", eft="deny", text="Not in the house.")
    decided = decide(clock, f"to {MAIL}", (SKY, LOCAL), PUBLIC, other, NO_PII)
    assert isinstance(decided, Denied)
    assert decided.decision.rules == ("pii-no",)


def test_without_a_candidate_nothing_is_routed(clock: ManualClock) -> None:
    decided = decide(clock, "hello", (), PUBLIC)
    assert isinstance(decided, Denied)
    assert decided.explanation == ("No candidate serves this message.",)


def test_a_declared_class_has_no_span_and_cannot_be_masked(clock: ManualClock) -> None:
    decided = decide(clock, "hello", (SKY, LOCAL), PUBLIC, LOCAL_PII, MASKED_PII, declared=("pii",))
    assert isinstance(decided, Routed)
    assert answers(decided) == [("sky", "cannot-redact"), ("local", "allow")]
    alone = decide(clock, "hello", (SKY,), PUBLIC, MASKED_PII, declared=("pii",))
    assert isinstance(alone, Denied)
    assert "could not be" in alone.explanation[-1]


WAYS = ("declared", "floor", "inherited", "denied", "said", "agent")
"""How a message may have a class without bringing it: the last but one is what its agent alone said before."""


@settings(max_examples=300, deadline=None)
@given(
    there=st.sets(st.sampled_from(WAYS)),
    left=st.booleans(),
    implied=st.booleans(),
    found=st.booleans(),
    how=st.sampled_from(["redact", "redact:email", "tokenize", "generalise"]),
)
def test_what_a_message_has_otherwise_than_by_being_found_in_it_is_not_masked_away(
    there: set[str], left: bool, implied: bool, found: bool, how: str
) -> None:
    """Whatever else is found: were it otherwise, one address more would open what none keeps shut."""
    clock, name = ManualClock(), "internal" if implied else "pii"
    of = {way: (name,) if way in there else () for way in WAYS}
    sent, sky = message(f"to {MAIL}" if found else "hello"), msgspec.structs.replace(SKY, floor=of["agent"])
    masked = rule("pii-out", 2, data="class:pii", agent="zone:cloud", when="contract:valid", obligations=how)
    if left:
        masked = masked.replace(how, f"declassify:pii;{how}")
    out = rule("internal-out", 4, data="class:internal", agent="zone:cloud")
    out += 'o, pii-out, class:pii, "It is meant to."\n' if how == "redact:email" else ""
    out += rule("no-phi", 1, "role:*", "class:phi", "zone:*", eft="deny")
    out += 'o, internal-out, class:internal, "It is meant to."\n'
    deciding = router(clock, PUBLIC, masked, out, *(["i, class:internal, class:pii\n"] if implied else []))
    carried = frozenset((*of["inherited"], *of["denied"]))
    known = classified(
        clock,
        sent.parts,
        declared=of["declared"],
        floor=of["floor"],
        inherited=tuple(sorted(carried.union(of["said"]))),
        carried=carried,
        joined=continued(said=frozenset(deciding.implied(of["said"])), sent=frozenset()) if of["said"] else None,
    )
    decided = deciding.decide(caller(), sent, known, (sky,), exact=False)
    stated, before = there & {"declared", "floor", "agent"}, there & {"inherited", "denied"}
    if stated or (before and not left):
        assert isinstance(decided, Denied)
        assert answers(decided) == [("sky", "cannot-redact")]
        return
    assert isinstance(decided, Routed)
    assert (MAIL in str(decided.masked or sent.parts)) is False
    assert bool(decided.masked) is found


class Residue:
    """An engine that finds something wherever it looks: also in what was masked."""

    version = "1-0"

    def scan(self, parts: Sequence[Part], *, health_context: bool = False, whose: str = "") -> Scan:
        found = tuple((Finding("email", 0, 1, 1.0, "form"),) for _ in parts)
        return Scan(parts=found, classes=frozenset({"pii"}), scanned="full")

    def maskable(self, data_class: str) -> frozenset[str]:
        return maskable(data_class)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Phone: 555-123-4567, order 4500123456", "Phone: [PHONE], order 4500123456"),
        ("DOB: 12/03/1971, seen 11/30/2026", "DOB: [DATE-OF-BIRTH], seen 11/30/2026"),
        ("Customer no.: 100482\nPO number: 4500123456", "Customer no.: [ACCOUNT]\nPO number: 4500123456"),
        ("Customer no.: [ACCOUNT] 100482", "Customer no.: [ACCOUNT] [ACCOUNT]"),
    ],
)
def test_a_number_behind_a_masked_one_refuses_no_message(clock: ManualClock, text: str, masked: str) -> None:
    routed = decide(clock, text, (SKY,), PUBLIC, MASKED_PII)
    assert isinstance(routed, Routed)
    assert list(routed.masked.values()) == [masked]


def test_masking_that_leaves_residue_is_a_denial(clock: ManualClock) -> None:
    residue: Any = Residue()
    decided = decide(clock, f"to {MAIL}", (SKY,), PUBLIC, MASKED_PII, scans=residue)
    assert isinstance(decided, Denied)
    assert answers(decided) == [("sky", "cannot-redact")]
    ruling = Ruling(
        allowed=True,
        rules=("r",),
        obligations=("redact",),
        verdicts=(Verdict(data_class="pii", allowed=True, rule="r", obligations=("redact",)),),
    )
    parts = message(f"to {MAIL}").parts
    masked = router(clock, PUBLIC, MASKED_PII, scans=residue).mask(
        parts, classified(clock, parts), ruling, health_context=False
    )
    assert masked == CannotRedact("residue")


def test_a_candidate_of_another_protocol_or_schema_is_passed_by_and_named(clock: ManualClock) -> None:
    decided = decide(
        clock,
        "hello",
        (FRIEND, SKY, LOCAL),
        PUBLIC,
        serves=lambda message, agent: Unfit("protocol") if agent.id == "friend" else Fit(message.document),
        schemas={"sky": Schema(False)},
    )
    assert isinstance(decided, Routed)
    assert answers(decided) == [("friend", "protocol"), ("sky", "schema"), ("local", "allow")]


def test_what_has_no_translation_for_a_candidate_is_named_without_its_value(clock: ManualClock) -> None:
    told = "Not for agent friend: logprobs cannot be translated."
    for candidates, kind in (((FRIEND, LOCAL), Routed), ((FRIEND,), Denied)):
        decided = decide(
            clock,
            "hello",
            candidates,
            PUBLIC,
            serves=lambda message, agent: Unfit("translation", "logprobs") if agent.id == "friend" else Fit(None),
        )
        assert isinstance(decided, kind)
        assert answers(decided)[0] == ("friend", "translation")
        assert told in decided.explanation


@pytest.mark.parametrize(
    ("unfit", "code", "hint"),
    [
        (
            {"friend": Unfit("translation", "logprobs"), "sky": Unfit("translation", "n")},
            "feature_unsupported",
            "logprobs, n:",
        ),
        ({"friend": Unfit("translation", "n"), "sky": Unfit("translation", "n")}, "feature_unsupported", "without n:"),
        ({"friend": Unfit("translation", "n"), "sky": Unfit("protocol")}, "policy_denied", None),
        ({"friend": Unfit("translation", "n")}, "policy_denied", None),
    ],
)
def test_who_asks_for_what_no_agent_has_words_for_is_told_so_and_policy_is_not_blamed(
    clock: ManualClock, unfit: dict[str, Unfit], code: str, hint: str | None
) -> None:
    """Where another reason stands beside it, or policy has denied one of them, it is a denial as ever."""
    decided = decide(
        clock, f"to {MAIL}", (FRIEND, SKY), NO_PII, serves=lambda message, agent: unfit.get(agent.id, Fit(None))
    )
    assert isinstance(decided, Denied)
    assert decided.code == code
    assert decided.hint is None if hint is None else hint in (decided.hint or "")


def test_a_schema_is_held_against_what_the_agent_would_get(clock: ManualClock) -> None:
    schema = {"sky": Schema({"required": ["translated"]})}
    for document, kind in (({"translated": 1}, Routed), ({}, Denied)):
        decided = decide(
            clock, "hello", (SKY,), PUBLIC, serves=lambda message, agent, given=document: Fit(given), schemas=schema
        )
        assert isinstance(decided, kind)


def test_a_decision_looks_at_so_many_candidates_and_no_more(clock: ManualClock) -> None:
    many = tuple(route(f"unknown-{number}") for number in range(MAX_CANDIDATES))
    decided = decide(clock, "hello", (*many, LOCAL), PUBLIC)
    assert isinstance(decided, Denied)
    assert len(decided.decision.candidates) == MAX_CANDIDATES
    assert isinstance(decide(clock, "hello", (*many[1:], LOCAL), PUBLIC), Routed)


def test_what_needs_a_person_is_an_approval_and_not_a_masked_route(clock: ManualClock) -> None:
    lines = rule("ask", 1, agent="zone:partner", obligations="approve:privacy")
    decided = decide(clock, "hello", (FRIEND,), lines)
    assert isinstance(decided, Routed)
    assert decided.decision.effect == "approve"


@pytest.mark.parametrize("name", ["unscanned", "internal", "phi"])
def test_only_a_class_that_was_found_and_has_spans_can_be_masked(name: str) -> None:
    verdict = Verdict(data_class=name, allowed=True, rule="r", obligations=("redact",))
    ruling = Ruling(allowed=True, rules=("r",), obligations=("redact",), verdicts=(verdict,))
    found = frozenset({"unscanned", "internal"})
    assert masking_of(ruling, found).impossible == "no-span"


def test_a_rule_that_masks_everything_lets_through_what_nothing_was_found_in(clock: ManualClock) -> None:
    """It was refused, as if what cannot be masked were in it."""
    lines = rule("masked", 1, data="class:any", when="zone:trusted", obligations="redact")
    decided = decide(clock, "hello", (LOCAL,), lines)
    assert isinstance(decided, Routed)
    assert decided.masked == {}
    masked = decide(clock, "mail bob@example.com", (LOCAL,), lines)
    assert isinstance(masked, Routed)
    assert list(masked.masked.values()) == ["mail [EMAIL]"]


def test_types_that_a_rule_lists_are_masked_and_no_others() -> None:
    verdict = Verdict(data_class="pii", allowed=True, rule="r", obligations=("redact:email,phone",))
    ruling = Ruling(allowed=True, rules=("r",), obligations=verdict.obligations, verdicts=(verdict,))
    assert masking_of(ruling, frozenset({"pii"})).types == {"email", "phone"}


def test_a_token_is_the_stricter_of_two_and_takes_the_types_of_its_own_class() -> None:
    verdicts = tuple(
        Verdict(data_class=name, allowed=True, rule=name, obligations=(obligation,))
        for name, obligation in (("pii", "generalise"), ("pci", "tokenize"), ("phi", "redact"))
    )
    ruling = Ruling(allowed=True, rules=(), obligations=("generalise", "redact", "tokenize"), verdicts=verdicts)
    spans = {"pii": frozenset({"date", "email"}), "pci": frozenset({"card", "date"}), "phi": frozenset({"mrn", "card"})}
    masking = masking_of(ruling, frozenset(spans), spans_of=spans.__getitem__)
    assert masking.types == {"card", "date", "email", "mrn"}
    assert masking.tokens == {"card", "date"}
    assert masking.general == frozenset(), "what becomes a token has no general remainder"


def test_a_message_goes_with_tokens_of_its_book_and_without_one_with_placeholders(clock: ManualClock) -> None:
    tokens = rule("pii-tokens", 2, data="class:pii", agent="zone:cloud", when="contract:valid", obligations="tokenize")
    lines = (PUBLIC, LOCAL_PII, tokens)
    asked, book = message(f"Write to {MAIL} and {MAIL}"), Book()
    given = msgspec.structs.replace(classified(clock, asked.parts), tokens=book)
    decided = router(clock, *lines).decide(caller(), asked, given, (SKY,), exact=False)
    assert isinstance(decided, Routed)
    token = book.token("email", MAIL)
    assert decided.masked == {"/messages/0/content": f"Write to {token} and {token}"}
    assert (decided.decision.effect, decided.decision.candidates[0].answer) == ("tokenize", "tokenize")
    plain = router(clock, *lines).decide(caller(), asked, classified(clock, asked.parts), (SKY,), exact=False)
    assert isinstance(plain, Routed)
    assert plain.masked == {"/messages/0/content": "Write to [EMAIL] and [EMAIL]"}


def continued(**fields: Any) -> Joined:
    values: dict[str, Any] = {
        "id": "se_1",
        "known": (b"k",),
        "started": (),
        "unknown": False,
        "holders": frozenset({("sky", "cloud")}),
        "sent": frozenset(),
        "said": frozenset(),
        **fields,
    }
    return Joined(**values)


def resumed(
    clock: ManualClock, text: str, candidates: tuple[Route, ...], joined: Joined, *lines: str, **fields: Any
) -> Routed | Denied:
    sent = message(text)
    inherited = tuple(sorted(joined.sent | joined.said))
    known = classified(clock, sent.parts, inherited=inherited, joined=joined, **fields)
    return router(clock, *lines).decide(caller(), sent, known, candidates, exact=False)


def test_what_one_agent_holds_is_continued_there_and_nowhere_else(clock: ManualClock) -> None:
    decided = resumed(clock, "hello", (LOCAL, SKY, FRIEND), continued(), PUBLIC)
    assert isinstance(decided, Routed)
    assert (decided.route, decided.rest) == (SKY, ())
    assert answers(decided) == [("local", "session"), ("sky", "allow")]
    moved = resumed(clock, "hello", (LOCAL,), continued(holders=frozenset({("local", "annex")})), PUBLIC)
    assert isinstance(moved, Denied)
    assert moved.explanation == ("What this message continues is held by one agent, and goes to no other.",)
    both = continued(holders=frozenset({("sky", "cloud"), ("local", "in-house")}))
    assert isinstance(resumed(clock, "hello", (LOCAL, SKY), both, PUBLIC), Denied)


def test_the_agent_that_holds_a_session_gets_no_more_of_it_once_it_may_not_have_its_classes(clock: ManualClock) -> None:
    joined = continued(sent=frozenset({"pii"}))
    decided = resumed(clock, "hello", (SKY, LOCAL), joined, PUBLIC, LOCAL_PII, NO_PII)
    assert isinstance(decided, Denied)
    assert answers(decided) == [("sky", "deny"), ("local", "session")]
    assert decided.explanation[0] == "No personal data there."


def test_an_inherited_class_cannot_be_masked_unless_the_agent_itself_brought_it(clock: ManualClock) -> None:
    sent = resumed(clock, "hello", (SKY,), continued(sent=frozenset({"pii"})), PUBLIC, MASKED_PII)
    assert isinstance(sent, Denied)
    assert answers(sent) == [("sky", "cannot-redact")]
    own = continued(said=frozenset({"pii"}))
    assert isinstance(resumed(clock, "hello", (SKY,), own, PUBLIC, MASKED_PII), Routed)
    assert isinstance(resumed(clock, "hello", (SKY,), own, PUBLIC, MASKED_PII, declared=("pii",)), Denied)
    again = resumed(clock, f"to {MAIL}", (SKY,), own, PUBLIC, MASKED_PII)
    assert isinstance(again, Routed)
    assert MAIL not in str(again.masked)
    assert again.masked


def test_what_nobody_knows_is_asked_only_of_the_agent_that_was_named(clock: ManualClock) -> None:
    joined = continued(known=(), holders=frozenset(), unknown=True, sent=frozenset({"unscanned"}))
    lines = (PUBLIC, rule("un", 1, data="class:unscanned", when="zone:trusted"))
    assert isinstance(resumed(clock, "hello", (SKY, LOCAL), joined, *lines), Denied)
    decided = resumed(clock, "hello", (LOCAL, SKY), joined, *lines)
    assert isinstance(decided, Routed)
    assert (decided.route, decided.rest) == (LOCAL, ())


SEARCH = rule("search", 5, agent="zone:cloud", action="onward:web_search", text="Public searches.")


def onward(clock: ManualClock, text: str, actions: tuple[str, ...], *lines: str) -> Routed | Denied:
    sent = msgspec.structs.replace(message(text), onward=actions)
    known = classified(clock, sent.parts)
    return router(clock, *lines).decide(caller(), sent, known, (SKY, LOCAL), exact=False)


def test_what_an_agent_would_contact_by_itself_is_denied_by_default_and_named_in_the_explanation(
    clock: ManualClock,
) -> None:
    decided = onward(clock, "hello", ("onward:web_search",), PUBLIC)
    assert isinstance(decided, Denied)
    assert answers(decided) == [("sky", "onward"), ("local", "onward")]
    assert "onward:web_search" in decided.explanation[0]
    permitted = onward(clock, "hello", ("onward:web_search",), PUBLIC, SEARCH)
    assert isinstance(permitted, Routed)
    assert permitted.decision.rules == ("a-rule", "search")
    assert isinstance(onward(clock, "hello", ("onward:web_search", "onward:mcp"), PUBLIC, SEARCH), Denied)


def test_an_onward_action_that_has_no_name_is_denied_and_not_repeated(clock: ManualClock) -> None:
    for action in ("onward:Jane Roe", "onward:", "web_search", "chat", "onward:*"):
        decided = onward(clock, "hello", (action,), PUBLIC, SEARCH)
        assert isinstance(decided, Denied)
        assert "Jane" not in str(decided)
    many = tuple(f"onward:k{number}" for number in range(MAX_ONWARD + 1))
    lines = [rule(f"r-{action[7:]}", 10, agent="zone:cloud", action=action) for action in many]
    assert isinstance(onward(clock, "hello", many, PUBLIC, *lines), Denied)
    assert isinstance(onward(clock, "hello", many[1:], PUBLIC, *lines), Routed)


def test_what_is_to_be_masked_for_an_onward_action_is_masked_in_the_one_message(clock: ManualClock) -> None:
    clear = rule("clear", 1, data="class:pii", agent="zone:in-house")
    masked = rule("masked", 2, data="class:pii", agent="zone:in-house", action="onward:mcp", obligations="redact")
    public = rule("public-mcp", 3, agent="zone:in-house", action="onward:mcp")
    asks = rule("asks", 4, data="class:pii", agent="zone:in-house", action="onward:url", obligations="approve:privacy")
    decided = onward(clock, f"to {MAIL}", ("onward:mcp",), PUBLIC, clear, masked, public)
    assert isinstance(decided, Routed)
    assert (decided.decision.effect, decided.route) == ("redact", LOCAL)
    assert MAIL not in str(decided.masked)
    approved = onward(clock, f"to {MAIL}", ("onward:url",), PUBLIC, clear, asks)
    assert isinstance(approved, Routed)
    assert approved.decision.effect == "approve"


def declared(clock: ManualClock, *lines: str, **known: str) -> dict[str, str] | CannotRedact:
    """What is masked of parts of which this much is known (pointer → types), where policy asks for it."""
    parts = tuple(Part(f"/{name}", f"value {name}", known=kinds) for name, kinds in known.items())
    verdicts = tuple(
        Verdict(data_class=name, allowed=True, rule="r", obligations=("redact",))
        for name in router(clock, *lines).implied(engine(clock).scan(parts).classes)
    )
    ruling = Ruling(allowed=True, rules=("r",), obligations=("redact",), verdicts=verdicts)
    scanned = classified(clock, parts)
    scanned = msgspec.structs.replace(scanned, found=tuple(verdict.data_class for verdict in verdicts))
    return router(clock, *lines).mask(parts, scanned, ruling, health_context=False)


MERGER = "g2, class:merger, class:any\n"


def test_a_span_that_is_declared_to_be_of_a_class_is_masked_as_that_class(clock: ManualClock) -> None:
    assert declared(clock, PUBLIC, MERGER, a="x-declared-merger") == {"/a": "[X-DECLARED-MERGER]"}


def test_a_class_that_follows_from_a_declared_one_is_masked_with_it(clock: ManualClock) -> None:
    line = "i, class:internal, class:merger\n"
    assert declared(clock, PUBLIC, MERGER, line, a="x-declared-internal") == {"/a": "[X-DECLARED-INTERNAL]"}


def test_a_class_that_something_else_makes_too_cannot_be_masked_away(clock: ManualClock) -> None:
    line = "i, class:pii, class:merger\n"
    assert declared(clock, PUBLIC, MERGER, line, a="x-declared-merger", b="email") == CannotRedact("no-span")


LEAVES = rule(
    "pii-leaves", 2, data="class:pii", agent="zone:cloud", when="contract:valid", obligations="declassify:pii;redact"
)


def carrying(clock: ManualClock, text: str, *lines: str, **fields: Any) -> Routed | Denied:
    """The decision on a message to the cloud, with what it inherited (`fields` as of `Classified`)."""
    sent = message(text)
    return router(clock, *lines).decide(caller(), sent, classified(clock, sent.parts, **fields), (SKY,), exact=False)


def test_what_was_only_inherited_cannot_be_masked_unless_a_rule_declassifies_it(clock: ManualClock) -> None:
    inherited = {"inherited": ("pii",), "carried": frozenset({"pii"})}
    assert answers(carrying(clock, "hello", PUBLIC, MASKED_PII, **inherited)) == [("sky", "cannot-redact")]
    left = carrying(clock, "hello", PUBLIC, LEAVES, **inherited)
    assert isinstance(left, Routed)
    assert (left.masked, left.decision.obligations) == ({}, ("declassify:pii", "redact"))
    found = carrying(clock, f"to {MAIL}", PUBLIC, LEAVES, **inherited)
    assert isinstance(found, Routed)
    assert MAIL not in str(found.masked)
    for stated in ({"declared": ("pii",)}, {"floor": ("pii",)}):
        assert answers(carrying(clock, "hello", PUBLIC, LEAVES, **inherited, **stated)) == [("sky", "cannot-redact")]


def test_what_an_agent_said_itself_is_masked_towards_it_where_another_exchange_carries_it(clock: ManualClock) -> None:
    said = Joined(
        id="se_1",
        known=(),
        started=(),
        unknown=False,
        holders=frozenset({("sky", "cloud")}),
        sent=frozenset(),
        said=frozenset({"pii"}),
    )
    own = carrying(clock, "hello", PUBLIC, MASKED_PII, inherited=("pii",), joined=said)
    assert isinstance(own, Routed)
    both = carrying(clock, "hello", PUBLIC, MASKED_PII, inherited=("pii",), joined=said, carried=frozenset({"pii"}))
    assert answers(both) == [("sky", "cannot-redact")]


def test_what_is_implied_by_something_that_was_brought_is_not_free_of_masks(clock: ManualClock) -> None:
    """Otherwise a caller that declares its data would have more of it sent than one that does not."""
    implied, internal = "i, class:internal, class:pii\n", rule("internal", 9, data="class:internal", agent="zone:*")
    internal += "o, internal, class:internal, The board has agreed to this.\n"
    inherited = {"inherited": ("pii",), "carried": frozenset({"pii"})}
    assert isinstance(carrying(clock, "hello", implied, internal, LEAVES, **inherited), Routed)
    stated = carrying(clock, "hello", implied, internal, LEAVES, **inherited, declared=("internal",))
    assert answers(stated) == [("sky", "cannot-redact")]
    own = {"inherited": ("internal", "pii"), "joined": continued(said=frozenset({"pii"}), sent=frozenset({"internal"}))}
    assert answers(carrying(clock, "hello", implied, internal, MASKED_PII, **own)) == [("sky", "cannot-redact")]


def test_who_stands_in_the_chain_is_not_asked_again(clock: ManualClock) -> None:
    sent = message("hello")
    known = classified(clock, sent.parts, chain=("sky", "friend"))
    asked = router(clock, PUBLIC)
    other = asked.decide(caller(), sent, known, (SKY, LOCAL, FRIEND), exact=False)
    assert isinstance(other, Routed)
    assert (other.route.id, answers(other)) == ("local", [("sky", "loop"), ("local", "allow")])
    for candidates in ((SKY, FRIEND), (SKY,)):
        nobody = asked.decide(caller(), sent, known, candidates, exact=False)
        assert isinstance(nobody, Denied)
        assert nobody.code == "delegation_loop"
    denied = router(clock, PUBLIC.replace("allow", "deny")).decide(caller(), sent, known, (SKY, LOCAL), exact=False)
    assert isinstance(denied, Denied)
    assert denied.code == "policy_denied"


def test_a_denial_says_which_classes_stood_in_the_way(clock: ManualClock) -> None:
    denied = decide(clock, f"to {MAIL}", (SKY,), PUBLIC, NO_PII)
    assert isinstance(denied, Denied)
    assert denied.classes == {"pii"}
    unmasked = decide(clock, "hello", (SKY,), PUBLIC, MASKED_PII, declared=("pii",))
    assert isinstance(unmasked, Denied)
    assert unmasked.classes == {"pii"}
    nobody = decide(clock, "hello", (SKY,), PUBLIC, serves=lambda message, agent: Unfit("protocol"))
    assert isinstance(nobody, Denied)
    assert nobody.classes == frozenset()


def test_of_what_nothing_may_be_kept_nothing_waits_and_nothing_is_stored(clock: ManualClock) -> None:
    silent = rule("pii-silent", 1, data="class:pii", agent="zone:in-house", obligations="no-content")
    asked = rule("public-asked", 2, agent="zone:in-house", obligations="approve:lead")
    text = f"to {MAIL}"
    assert isinstance(decide(clock, text, (LOCAL,), PUBLIC, silent), Routed)
    both = decide(clock, text, (LOCAL,), silent, asked, declared=("public",))
    assert answers(both) == [("local", "deny")]
    assert "Nothing of it may be kept" in both.explanation[-1]
    sent = message(text)
    stored = msgspec.structs.replace(classified(clock, sent.parts), stored=True)
    denied = router(clock, PUBLIC, silent).decide(caller(), sent, stored, (LOCAL,), exact=False)
    assert isinstance(denied, Denied)
    assert answers(denied) == [("local", "deny")]
    assert denied.classes == frozenset()
    other = router(clock, PUBLIC, silent, MASKED_PII).decide(caller(), sent, stored, (LOCAL, SKY), exact=False)
    assert answers(other) == [("local", "deny")], "nor does it go elsewhere for that"
