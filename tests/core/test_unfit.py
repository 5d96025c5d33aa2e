"""What is wrong with a body is told by its member, and nothing that was sent is said again."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.once import read_json
from gateway.core.unfit import unfit


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    since: str = msgspec.field(name="from")
    size: Annotated[int, msgspec.Meta(ge=1, le=9)]
    kind: Literal["one", "two"] = "one"
    until: datetime | None = None
    names: Annotated[list[str], msgspec.Meta(max_length=2)] = []
    text: Annotated[str, msgspec.Meta(max_length=4)] = ""
    sure: bool = False
    more: dict[str, str] = {}


class _Free(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    why: str = ""


GOOD = {"from": "x", "size": 3}
MEMBERS = "an object with from, size, and where they apply kind, until, names, text, sure, more"


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        (b"", "", f"a JSON {MEMBERS.removeprefix('an ')}"),
        (b"[1]", "", f"a JSON {MEMBERS.removeprefix('an ')}"),
        (b"[" * 9999, "", f"a JSON {MEMBERS.removeprefix('an ')}"),
        ({"since": "Ann Smith"}, "from", f"from to be there, in {MEMBERS}"),
        ({"from": "x"}, "size", f"size to be there, in {MEMBERS}"),
        ({**GOOD, "size": "Ann Smith"}, "size", "a whole number from 1 up to 9"),
        ({**GOOD, "size": 10}, "size", "a whole number from 1 up to 9"),
        ({**GOOD, "kind": "Ann Smith"}, "kind", "one of one, two"),
        ({**GOOD, "until": "Ann Smith"}, "until", "a time (RFC 3339, with its offset) or null"),
        ({**GOOD, "names": "Ann Smith"}, "names", "a list of at most 2 entries"),
        ({**GOOD, "text": "Ann Smith"}, "text", "a text of at most 4 characters"),
        ({**GOOD, "sure": "Ann Smith"}, "sure", "true or false"),
        ({**GOOD, "more": "Ann Smith"}, "more", "an object"),
        ({**GOOD, "Ann Smith": 1}, "", f"no member but these: {MEMBERS}; member number 3 is another"),
        (b'{"from": "x", "size": 3, "size": 3}', "", "each member once"),
    ],
)
def test_the_member_is_named_and_what_would_be_right(body: Any, field: str, hint: str) -> None:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    with pytest.raises(msgspec.MsgspecError):
        read_json(raw, _Form)
    refusal = unfit(raw, _Form)
    assert (refusal.code, refusal.status, refusal.field, refusal.hint) == ("parameter_invalid", 400, field, hint)
    assert "Ann" not in (refusal.hint or "")


def test_a_form_without_a_member_that_must_be_there_says_so() -> None:
    assert unfit(b'{"Ann": 1}', _Free).hint == (
        "no member but these: an object with nothing, or with why; member number 1 is another"
    )


@given(st.binary(max_size=60))
def test_whatever_is_sent_is_told(body: bytes) -> None:
    assert unfit(body, _Form).code == "parameter_invalid"
