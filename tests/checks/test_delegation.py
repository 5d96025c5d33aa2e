"""A token holds for the exchange, agent, tenant and time that it was made for, and for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.delegation import MAX_CHARACTERS, Tokens

EXCHANGE = "019ac1f5-0f0c-7d6e-8a86-2a6c4d0a5b11"
TOKENS = Tokens(bytes(32))
TOKEN = TOKENS.issue(tenant="tn_1", exchange=EXCHANGE, agent="front", expires_s=1_795_482_423)


def test_a_token_says_its_exchange_and_expiry_to_the_agent_that_it_was_given_to() -> None:
    assert TOKENS.exchange(TOKEN, tenant="tn_1", agent="front") == (EXCHANGE, 1_795_482_423)
    assert len(TOKEN) <= MAX_CHARACTERS
    assert "tn_1" not in TOKEN
    assert "front" not in TOKEN


def test_every_node_with_the_same_secret_makes_and_reads_the_same_and_no_other_does() -> None:
    assert Tokens(bytes(32)).exchange(TOKEN, tenant="tn_1", agent="front") == (EXCHANGE, 1_795_482_423)
    assert Tokens(bytes(31) + b"\1").exchange(TOKEN, tenant="tn_1", agent="front") is None


@pytest.mark.parametrize(("tenant", "agent"), [("tn_2", "front"), ("tn_1", "back"), ("", "front"), ("tn_1", "")])
def test_a_token_of_another_agent_or_tenant_is_none(tenant: str, agent: str) -> None:
    assert TOKENS.exchange(TOKEN, tenant=tenant, agent=agent) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        ".",
        "..",
        TOKEN + "=",
        TOKEN + "\n",
        " " + TOKEN,
        TOKEN.upper(),
        TOKEN.replace(".1", ".01"),
        TOKEN.replace(".1", ".2"),
        TOKEN.replace("019", "029"),
        TOKEN + "." + TOKEN,
        "x" * 10_000,
        TOKEN.replace(".", "\0", 1),
        "\udcff" + TOKEN,
    ],
)
def test_what_was_altered_is_none(wrong: str) -> None:
    assert TOKENS.exchange(wrong, tenant="tn_1", agent="front") is None


@given(text=st.text(max_size=200))
def test_no_text_that_was_not_issued_is_a_token_and_none_raises(text: str) -> None:
    assert TOKENS.exchange(text, tenant="tn_1", agent="front") is None


@given(place=st.integers(0, len(TOKEN) - 1), letter=st.characters(codec="ascii"))
def test_no_single_change_makes_another_token(place: int, letter: str) -> None:
    changed = TOKEN[:place] + letter + TOKEN[place + 1 :]
    found = TOKENS.exchange(changed, tenant="tn_1", agent="front")
    assert found == ((EXCHANGE, 1_795_482_423) if changed == TOKEN else None)


@given(
    exchange=st.from_regex(r"[0-9A-Za-z_-]{1,64}", fullmatch=True),
    agent=st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,62}", fullmatch=True),
    expires_s=st.integers(1, 10**14),
)
def test_what_is_issued_is_read_again(exchange: str, agent: str, expires_s: int) -> None:
    token = TOKENS.issue(tenant="tn_1", exchange=exchange, agent=agent, expires_s=expires_s)
    assert TOKENS.exchange(token, tenant="tn_1", agent=agent) == (exchange, expires_s)
    assert len(token) <= MAX_CHARACTERS
