"""Which header says who is calling."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.identity.identifier import Identifier
from gateway.core.caller import Identity
from gateway.core.refusal import CODES, Refusal

from .making import FakeClock, FakeLookup, claims, issuer, rs256, source
from .test_api_key import KEY, record

TOKEN = rs256(claims())


def identifier() -> Identifier:
    return Identifier((issuer(),), source(), FakeLookup(record()), FakeClock())


async def code(authorization: str | None, x_api_key: str | None = None) -> str | None:
    found = await identifier().identify(authorization, x_api_key)
    return found.code if isinstance(found, Refusal) else None


@pytest.mark.parametrize(
    ("authorization", "x_api_key"),
    [
        (f"Bearer {KEY}", None),
        (f"bearer  {KEY} ", None),
        (None, KEY),
        (f"Bearer {TOKEN}", None),
        (None, TOKEN),
        (f"Bearer {KEY}", KEY),
        ("", KEY),
    ],
)
async def test_either_credential_may_come_in_either_header(authorization: str | None, x_api_key: str | None) -> None:
    assert isinstance(await identifier().identify(authorization, x_api_key), Identity)


@pytest.mark.parametrize(("authorization", "x_api_key"), [(None, None), ("", None), ("Bearer", ""), ("Bearer  ", None)])
async def test_no_credential_is_said_to_be_missing(authorization: str | None, x_api_key: str | None) -> None:
    assert await code(authorization, x_api_key) == "credential_missing"


async def test_two_different_credentials_are_refused_even_if_both_are_good() -> None:
    assert await code(f"Bearer {TOKEN}", KEY) == "credential_invalid"


@pytest.mark.parametrize(
    "authorization",
    ["Basic dXNlcjpwYXNz", KEY, f"Token {KEY}", "Bearer nonsense", "Bearer ké", "Bearer " + "x" * 20_000],
)
async def test_what_is_no_bearer_credential_is_invalid(authorization: str) -> None:
    assert await code(authorization) == "credential_invalid"


@settings(max_examples=150, deadline=None)
@given(st.none() | st.text(max_size=40) | st.text(max_size=40).map("Bearer ".__add__), st.none() | st.text(max_size=40))
async def test_no_header_makes_it_raise(authorization: str | None, x_api_key: str | None) -> None:
    found = await identifier().identify(authorization, x_api_key)
    assert isinstance(found, Refusal)
    assert found.code in CODES
