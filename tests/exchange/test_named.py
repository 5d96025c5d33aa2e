"""Whom policy means where it calls callers by name."""

from gateway.exchange.named import naming
from tests.checks.policy.making import configured


def test_whose_names_are_meant_is_what_the_configuration_says_now() -> None:
    issuer = {
        "issuer": "https://a.example",
        "audience": "x",
        "algorithms": ["ES256"],
        "jwks_file": "k.json",
        "roles": ["clerk"],
        "zone": "in-house",
        "named": False,
    }
    named = naming(configured(issuer=[issuer]), "default")
    assert (named(None), named("https://a.example"), named("https://gone.example")) == (True, False, False)
