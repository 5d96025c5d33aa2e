"""An operator's recognizers serve with the policy that they are part of, or nothing starts."""

from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import engine_of, ner_of, open_gateway, proposed, proved
from gateway.checks.classification.registry import DEFAULT
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import policy_set
from gateway.core.errors import ConfigurationError
from gateway.core.message import Part
from gateway.settings import Settings
from tests.bootstrap.kit import configured as site
from tests.checks.classification.test_own import BADGE, PROJECT, toml
from tests.checks.policy.making import ENGINE, GROUPS, configured, files, rule
from tests.conftest import ManualClock
from tests.system.kit import policies

MERGER = "g2, class:merger, class:any\n"


def policy(*lines: str, **given: bytes) -> Policy:
    own = {f"recognizers/{name}.toml": data for name, data in given.items()}
    config = configured()
    return Policy(policy_set(files(rule(), *lines, groups=GROUPS + MERGER, **own), config, ENGINE), config)


def test_without_files_it_is_the_engine_that_ships(clock: ManualClock) -> None:
    assert engine_of(policy(), clock, 50).version == DEFAULT.version


def test_the_engine_finds_what_the_policy_names_and_masks_it_for_what_that_implies(clock: ManualClock) -> None:
    found = policy("i, class:merger, class:internal\n", own=toml(BADGE, dictionary=(PROJECT,)))
    assert found.digest != policy("i, class:merger, class:internal\n").digest
    engine = engine_of(found, clock, 50)
    assert engine.scan((Part("/a", "Blue Heron"),)).classes == {"merger", "internal"}
    assert engine.maskable("internal") == {"x-badge", "x-project"}


@pytest.mark.parametrize(
    ("lines", "item", "told"),
    [
        ((), {"classes": ["pii", "gone"]}, r"recognizers/own.toml: recognizer\[0\].classes\[1\]: must name a class of"),
        (
            ("i, class:pci, class:merger\n",),
            {"classes": ["merger"]},
            r"recognizer\[0\].classes\[0\]: must not name a class that pci implies",
        ),
        ((), {"must_match": ["nothing"]}, r"recognizer\[0\].must_match\[0\]: x-badge is not found"),
        ((), {"patterns": ["a*"]}, r"recognizer\[0\].patterns\[0\]"),
    ],
)
def test_what_must_not_be_served_with_is_told_by_file_and_field(
    clock: ManualClock, lines: tuple[str, ...], item: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        engine_of(policy(*lines, own=toml({**BADGE, **item})), clock, 50)


def test_more_than_one_search_can_hold_is_told(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**given: Any) -> None:
        raise ConfigurationError("a pattern is not in RE2 syntax")

    monkeypatch.setattr("gateway.bootstrap.recognizers.Engine", fails)
    with pytest.raises(ConfigurationError, match="recognizers/: all patterns and words together must be fewer"):
        engine_of(policy(own=toml(BADGE)), clock, 50)


@pytest.mark.parametrize("kind", ["x-badge", "x-nobody", "secret-nobody", "special-nobody"])
def test_a_type_that_a_rule_masks_is_one_that_is_found(clock: ManualClock, kind: str) -> None:
    masking = rule("masked", 300, data="class:merger", obligations=f"redact:email,{kind},secret-jwt")
    own = {"own": toml(BADGE)} if kind == "x-badge" else {}
    found = policy(masking, **own)
    if own:
        assert engine_of(found, clock, 50).knows(kind)
        return
    with pytest.raises(
        ConfigurationError, match=r"^policy\.csv:[0-9]+: obligations redact:<types> must name types that"
    ):
        engine_of(found, clock, 50)


def test_every_type_that_ships_with_a_family_name_may_be_masked_by_a_rule(clock: ManualClock) -> None:
    named = [
        *(item.type for item in DEFAULT.recognizers),
        *(item.type for item in DEFAULT.labels),
        *(item.type for item in DEFAULT.lexicons),
    ]
    kinds = {kind for kind in named if kind is not None and kind.startswith(("secret-", "special-"))}
    assert len(kinds) > 10
    masking = rule("masked", 300, obligations=f"redact:{','.join(sorted(kinds))}")
    assert engine_of(policy(masking), clock, 50).version == DEFAULT.version


def test_texts_are_proved_without_a_policy() -> None:
    assert proved({"policy.csv": b"", "recognizers/README.md": b"x", "tests/a.toml": b"x"}) == 0
    assert proved({"recognizers/a.toml": toml(BADGE)}) == 2
    with pytest.raises(ConfigurationError, match="must_match"):
        proved({"recognizers/a.toml": toml({**BADGE, "must_match": ["nothing"]})})


async def test_a_directory_with_a_mistake_starts_nothing(sqlite_settings: Settings, tmp_path: Path) -> None:
    settings = site(sqlite_settings, policy=policies(tmp_path))
    (tmp_path / "policies" / "recognizers" / "own.toml").write_bytes(toml({**BADGE, "must_match": ["nothing"]}))
    with pytest.raises(ConfigurationError, match=r"recognizers/own.toml: recognizer\[0\].must_match\[0\]"):
        async with open_gateway(settings):
            pass
    with pytest.raises(ConfigurationError, match=r"recognizers/own\.toml"):
        proposed(settings)


async def test_a_back_end_is_built_from_its_section_alone(sqlite_settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"ner\.url"):
        ner_of(sqlite_settings)
    named = site(sqlite_settings, ner={"url": "http://127.0.0.1:9", "name": "zlorp-1"})
    async with ner_of(named) as ner:
        assert ner.name == "zlorp-1"
