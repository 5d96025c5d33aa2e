"""What a refused credential is told: whether it was one, whether more rights would do, where to get others."""

import pytest

from gateway.core.refusal import CODES, Refusal
from gateway.exchange.challenge import challenge

AT = "https://gw/.well-known/oauth-protected-resource"


@pytest.mark.parametrize(
    ("code", "metadata", "told"),
    [
        ("credential_missing", None, "Bearer"),
        ("credential_missing", AT, f'Bearer resource_metadata="{AT}"'),
        ("credential_expired", None, 'Bearer error="invalid_token"'),
        ("credential_denied", AT, f'Bearer error="invalid_token", resource_metadata="{AT}"'),
        ("role_required", None, 'Bearer error="insufficient_scope"'),
        ("scope_required", None, 'Bearer error="insufficient_scope"'),
        ("purpose_not_allowed", AT, f'Bearer error="insufficient_scope", resource_metadata="{AT}"'),
        ("policy_denied", AT, None),
        ("issuer_unavailable", AT, None),
        ("rate_limited", None, None),
    ],
)
def test_each_refusal_has_its_own_word_or_none(code: str, metadata: str | None, told: str | None) -> None:
    assert challenge(Refusal(code=code), metadata) == told


def test_every_401_has_a_challenge_and_nothing_but_401_and_403_has_one() -> None:
    for code, known in CODES.items():
        found = challenge(Refusal(code=code))
        assert found is not None or known.status != 401, code
        assert found is None or known.status in (401, 403), code
