"""An approver sees what the agent would get, and never what is masked in it."""

import msgspec
import pytest

from gateway.exchange.approval_view import decode, encode, found_in, shown, view_of
from tests.conftest import ManualClock
from tests.exchange.making import MAIL, classified, identity, message

TEXT = f"Write to {MAIL} or call +49 30 901820."


def test_what_is_masked_is_shown_masked_and_more_can_be(clock: ManualClock) -> None:
    asked = message(TEXT)
    view = view_of(identity(), "10.0.0.1", asked, classified(clock, asked.parts), ("People look first.",))
    again = decode(encode(view))
    assert again == view
    assert {"email", "phone"} <= found_in(view)
    texts = " ".join(part["text"] for part in shown(view, ("email",)))
    assert (MAIL in texts, "[EMAIL]" in texts, "901820" in texts) == (False, True, True)
    assert "901820" not in " ".join(part["text"] for part in shown(view, ("email", "phone")))
    assert (view.requester.subject, view.explanation) == ("ada", ("People look first.",))


def test_bytes_of_another_form_are_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(b"{}")
