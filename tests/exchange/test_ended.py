"""How an answer ended says which agent was asked, how often, and what was found in the answer."""

from gateway.core.refusal import CODES
from gateway.exchange.ended import ENDS, base, told
from gateway.exchange.forwarder import Undelivered
from tests.conftest import ManualClock
from tests.exchange.making import MAIL, caller, message, route
from tests.exchange.test_events import routed
from tests.exchange.test_inspector import ALL, inspector


def test_an_end_names_the_agent_that_was_asked_and_how_often() -> None:
    outcome = base(Undelivered(routed=routed(), attempts=2, code="closed_early"), "agent_unavailable", 502, "closed")
    assert (outcome.code, outcome.status, outcome.attempts, outcome.reason) == ("agent_unavailable", 502, 2, "closed")
    assert outcome.agent == routed().route


def test_an_end_tells_what_was_found(clock: ManualClock) -> None:
    part = message(MAIL).parts[-1]
    inspected = inspector(clock, ALL).answer(caller(), message(), route(), (part,))
    outcome = told(base(Undelivered(routed=routed(), attempts=1, code=""), "ok", 200), inspected, 1)
    assert (outcome.parts, outcome.found, outcome.scanned, outcome.classes) == (1, {"email": 1}, "full", ("pii",))


def test_every_error_of_an_agent_ends_with_a_code_that_there_is() -> None:
    assert set(ENDS.values()) <= set(CODES)
