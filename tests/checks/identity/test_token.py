"""Taking a token apart: strict, bounded, and never an exception."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.identity.token import MAX_TOKEN, Token, parse
from gateway.core.refusal import Refusal

from .making import b64, claims, rs256, signing_input

HEADER = {"alg": "RS256", "kid": "r1"}


def with_header(**more: object) -> str:
    return signing_input({**HEADER, **more}, claims()) + ".c2ln"


def code(compact: str) -> str | None:
    found = parse(compact)
    return found.code if isinstance(found, Refusal) else None


def test_a_good_token_is_taken_apart() -> None:
    found = parse(rs256(claims()))
    assert isinstance(found, Token)
    assert (found.algorithm, found.key_id, found.claims["sub"]) == ("RS256", "r1", "dr.lovelace")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
def test_an_unsigned_token_is_refused_for_its_algorithm(alg: str) -> None:
    assert code(signing_input({"alg": alg}, claims()) + ".") == "credential_algorithm"
    assert code(signing_input({"alg": alg}, claims()) + ".c2ln") == "credential_algorithm"


def test_an_empty_signature_is_refused_whatever_the_algorithm_says() -> None:
    assert code(signing_input(HEADER, claims()) + ".") == "credential_algorithm"


@pytest.mark.parametrize(
    "more",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"jwk": {"kty": "RSA"}},
        {"jku": "https://elsewhere.example/keys"},
        {"x5u": "https://elsewhere.example/cert"},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"b64": False},
        {"typ": "logout+jwt"},
        {"typ": 1},
        {"kid": ""},
        {"kid": "k" * 257},
        {"kid": ["r1"]},
        {"alg": None},
        {"alg": 5},
    ],
)
def test_a_header_that_asks_for_more_than_a_plain_signed_token_is_refused(more: dict[str, object]) -> None:
    assert code(with_header(**more)) == "credential_invalid"


def test_an_access_token_type_is_accepted() -> None:
    assert code(with_header(typ="at+JWT")) is None


def test_a_repeated_name_is_refused_in_header_and_claims_at_any_depth() -> None:
    good = json.dumps(claims()).encode()
    assert code(signing_input(b'{"alg":"RS256","alg":"RS256"}', good) + ".c2ln") == "credential_invalid"
    assert code(signing_input(HEADER, b'{"sub":"a","sub":"b"}') + ".c2ln") == "credential_invalid"
    assert code(signing_input(HEADER, b'{"act":{"sub":"a","sub":"b"}}') + ".c2ln") == "credential_invalid"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
        b'{"exp":' + b"9" * 5000 + b"}",
    ],
)
def test_claims_that_are_not_one_plain_json_object_are_refused(payload: bytes) -> None:
    assert code(f"{b64(json.dumps(HEADER).encode())}.{b64(payload)}.c2ln") == "credential_invalid"


def test_a_token_has_one_spelling_only() -> None:
    good = rs256(claims())
    for changed in (good + "=", good + "\n", " " + good, good.replace(".", "..", 1), good + ".", good[:-1] + "+"):
        assert code(changed) == "credential_invalid"
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = good[:-1] + last[last.index(good[-1]) ^ 1]  # same bytes under a lenient decoder: the last bits are unused
    assert code(other) == "credential_invalid"


def test_a_token_over_the_size_bound_is_refused_before_it_is_read() -> None:
    assert code(rs256(claims(padding="x" * MAX_TOKEN))) == "credential_invalid"


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=60), st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,9}")))
def test_no_text_makes_the_parser_raise(text: str) -> None:
    assert isinstance(parse(text), Refusal)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=60))
def test_no_segments_make_the_parser_raise(header: bytes, payload: bytes) -> None:
    assert isinstance(parse(f"{b64(header)}.{b64(payload)}.c2ln"), (Refusal, Token))
