"""docs/policy.md says what the code does."""

import re
import tomllib
from typing import Any

import pytest

from gateway.checks.classification.classes import CLASS_TYPES
from gateway.checks.policy import conditions, words
from gateway.checks.policy.load import MAX_PRIORITY
from gateway.checks.policy.model import COLUMNS
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import policy_set

from .making import DAY_US, ENGINE, NOON_US, SHIPPED, configured, document, question, shipped_files

_MANUAL = (SHIPPED.parent / "docs" / "policy.md").read_text("utf-8")
_EXAMPLES = re.findall(r"```csv\n(.*?)```", _MANUAL, re.DOTALL)


def _with(example: str) -> Policy:
    files = shipped_files()
    files["policy.csv"] += example.encode()
    agents = document()["agent"]
    agents[1] |= {"processor": "bank"}
    processors = document()["processor"]
    processors.append(processors[0] | {"id": "bank"})
    processors[1]["agreement"] = processors[0]["agreement"] | {"kind": "DPA", "classes": ["pci"]}
    config = configured(agent=agents, processor=processors)
    return Policy(policy_set(files, config, ENGINE), config)


@pytest.mark.parametrize("example", _EXAMPLES)
def test_an_example_loads_on_top_of_the_set_that_ships(example: str) -> None:
    assert _with(example).digest


_FIRST, _PAYMENT, _APPROVED, _MERGER = range(4)


@pytest.mark.parametrize(
    ("example", "classes", "changed", "agent", "offset_us", "rules", "obligations"),
    [
        (
            _FIRST,
            ["pii"],
            {"roles": ("clinician",), "action": "http:POST:/notes/{id}"},
            "sky",
            0,
            ("notes-to-sky",),
            ("redact:email,phone",),
        ),
        (_FIRST, ["pii"], {}, "sky", 0, ("pii-cloud-masked",), ("redact",)),
        (_PAYMENT, ["pci"], {"purpose": "HPAYMT"}, "friend", 0, ("pci-to-friend",), ("redact",)),
        (_PAYMENT, ["pci"], {}, "friend", 0, ("pci-nowhere-else",), ()),
        (_APPROVED, ["public"], {}, "sky", 5 * DAY_US, ("sky-closed",), ()),
        (_APPROVED, ["pii"], {"roles": ("analyst",)}, "sky", 0, ("sky-approved",), ("approve:2/privacy", "redact")),
        (_MERGER, ["merger"], {}, "local", 0, ("merger-team",), ()),
        (_MERGER, ["merger"], {"subject": "bob"}, "local", 0, ("merger-closed",), ()),
    ],
)
def test_an_example_does_what_the_text_says(
    example: int,
    classes: list[str],
    changed: dict[str, Any],
    agent: str,
    offset_us: int,
    rules: tuple[str, ...],
    obligations: tuple[str, ...],
) -> None:
    ruling = _with(_EXAMPLES[example]).ruling(question(*classes, **changed), agent, now_us=NOON_US + offset_us)
    assert (ruling.rules, ruling.obligations) == (rules, obligations)


def test_every_column_condition_and_line_is_in_the_manual() -> None:
    for column in COLUMNS:
        assert f"\n| {column} |" in _MANUAL
    for term in (*conditions.CONTRACTS, conditions.TRUSTED):
        assert f"`{term}`" in _MANUAL
    for built_in in ("purpose-required", "policy-error", "contract:<processor>"):
        assert f"`{built_in}`" in _MANUAL
    for kind in ("g", "g2", "g3", "f", "i", "x"):
        assert f"\n| `{kind}, " in _MANUAL
    assert f"{MAX_PRIORITY:,}" in _MANUAL


def test_the_policy_test_in_the_manual_has_the_form_of_those_that_ship() -> None:
    (text,) = (one for one in re.findall(r"```toml\n(.*?)```", _MANUAL, re.DOTALL) if "[[case]]" in one)
    manual = tomllib.loads(text)
    shipped = tomllib.loads((SHIPPED / "tests" / "default.toml").read_text("utf-8"))
    assert manual.keys() == shipped.keys()
    assert {"name", "agents", "classes", "expect", "rules"} <= manual["case"][0].keys()


def test_every_type_that_classification_finds_can_be_named_in_redact() -> None:
    for kind in sorted(set().union(*CLASS_TYPES.values())):
        assert words.obligations(f"redact:{kind}") == (f"redact:{kind}",)
