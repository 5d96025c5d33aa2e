"""Whom a tenant's bundles are encrypted to: what is configured always, what is asked for where it may be."""

from pathlib import Path
from typing import Any

import pyrage
import pytest

from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from gateway.evidence.age import MAX_RECIPIENTS
from gateway.exchange.recipients import demand_recipients, recipients_of, unfit
from gateway.settings import Settings, parse

A, B, C = (str(pyrage.x25519.Identity.generate().to_public()) for _ in range(3))


def settings(tenant: dict[str, Any] | None = None, **evidence: Any) -> Settings:
    return parse({"evidence": evidence, "tenant": [{"id": "clinic", **(tenant or {})}]}, {}, Path("."))


def texts(found: object) -> list[str]:
    assert isinstance(found, tuple)
    return [one.text for one in found]


def test_without_a_word_a_bundle_is_encrypted_to_whom_it_is_asked_for() -> None:
    assert texts(recipients_of(settings(), "clinic", [])) == []
    assert texts(recipients_of(settings(), "clinic", [A, B])) == [A, B]


def test_configured_recipients_are_always_among_them() -> None:
    found = settings(recipients=[A])
    assert texts(recipients_of(found, "clinic", [])) == [A]
    assert texts(recipients_of(found, "clinic", [B, A])) == [A, B]
    assert texts(recipients_of(found, "_system", [])) == [A]


def test_kept_content_leaves_as_the_configuration_lets_it_and_only_encrypted_without_a_word() -> None:
    for words, asked, refused in (
        ({}, [], "recipients"),
        ({}, [A], None),
        ({"recipients": [A]}, [], None),
        ({"contents": "asked"}, [], None),
        ({"contents": "never"}, [A], "contents"),
    ):
        found = recipients_of(settings(**words), "clinic", asked, contents=True)
        assert (found.field if isinstance(found, Refusal) else None) == refused
        assert not isinstance(recipients_of(settings(**words), "clinic", asked), Refusal)
    left = unfit(settings(contents="never"), "clinic", [A], contents=True)
    assert left is not None
    assert (left.code, left.field) == ("conflict", "contents")
    assert unfit(settings(contents="never"), "clinic", [A]) is None
    clear = unfit(settings(), "clinic", [], contents=True)
    assert clear is not None
    assert (clear.code, clear.field) == ("conflict", "recipients")


def test_a_tenants_own_words_stand_in_place_of_the_others() -> None:
    found = settings({"bundle_recipients": [B], "bundle_encryption": "configured"}, recipients=[A])
    assert texts(recipients_of(found, "clinic", [])) == [B]
    assert texts(recipients_of(found, "_system", [C])) == [A, C]
    assert texts(recipients_of(settings({"bundle_recipients": []}, recipients=[A]), "clinic", [])) == []


@pytest.mark.parametrize(
    ("said", "asked", "hint"),
    [
        ({"encryption": "required"}, [], "at least one of age1"),
        ({"encryption": "configured", "recipients": [A]}, [B], "none beside"),
        ({}, ["nobody"], "at most 16 of age1"),
        ({}, [A, A], "each once"),
        ({}, [A] * (MAX_RECIPIENTS + 1), "at most 16"),
        (
            {"recipients": [A]},
            [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(MAX_RECIPIENTS)],
            "together with",
        ),
    ],
)
def test_what_may_not_be_is_refused_by_name(said: dict[str, Any], asked: list[str], hint: str) -> None:
    found = recipients_of(settings(**said), "clinic", asked)
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == ("parameter_invalid", "recipients")
    assert hint in (found.hint or "")
    assert "nobody" not in (found.hint or "")


def test_a_bundle_from_before_the_configuration_became_stricter_may_not_leave() -> None:
    for said, had, fits in (
        ({}, [], True),
        ({}, [A], True),
        ({"encryption": "required"}, [], False),
        ({"encryption": "required"}, [A], True),
        ({"recipients": [A]}, [], False),
        ({"recipients": [A]}, [B], False),
        ({"recipients": [A]}, [A, B], True),
        ({"recipients": [A], "encryption": "configured"}, [A, B], False),
    ):
        found = unfit(settings(**said), "clinic", had)
        assert (found is None) == fits, (said, had)
        assert found is None or (found.code, found.field) == ("conflict", "recipients")


def test_what_is_configured_must_be_recipients() -> None:
    demand_recipients(settings({"bundle_recipients": [B]}, recipients=[A]))
    for place, wrong in (
        (r"evidence\.recipients", settings(recipients=["age1secret"])),
        (r"tenant\[0\]\.bundle_recipients", settings({"bundle_recipients": [A, A]})),
    ):
        with pytest.raises(ConfigurationError, match=rf"^{place}: ") as caught:
            demand_recipients(wrong)
        assert "age1secret" not in str(caught.value)
