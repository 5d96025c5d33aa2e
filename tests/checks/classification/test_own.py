"""Recognizers of an operator's own: read whole or refused, and then searched for as those that ship."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.checks.classification.checks import CHECKS
from gateway.checks.classification.classes import maskable
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.explaining import why
from gateway.checks.classification.locator import Locator
from gateway.checks.classification.own import (
    FOLDER,
    MAX_BYTES,
    MAX_EXAMPLE,
    MAX_EXAMPLES,
    MAX_PATTERNS,
    MAX_WORDS,
    NOTHING,
    VALIDATORS,
    Operators,
    load,
    prove,
)
from gateway.checks.classification.registry import DEFAULT, Registry
from gateway.checks.redaction import redact
from gateway.core.errors import ConfigurationError
from gateway.core.finding import Finding
from gateway.core.message import Part
from tests.checks.classification.conftest import StillClock
from tests.checks.classification.oracle import scanned
from tests.checks.classification.samples import own_patterns, own_texts
from tests.checks.classification.test_stream import cuts
from tests.checks.policy.making import SHIPPED

BADGE: dict[str, Any] = {
    "type": "x-badge",
    "classes": ["internal", "pii"],
    "patterns": [r"\bEMP-[0-9]{6}\b"],
    "must_match": ["ask EMP-204518"],
    "must_not_match": ["EMP-20451"],
}
MEMBER: dict[str, Any] = {
    "type": "x-member",
    "classes": ["pii"],
    "patterns": [r"\b[0-9]{8}\b"],
    "validator": "luhn",
    "must_match": ["member 12345674"],
    "must_not_match": ["member 12345675", "12345674"],
    "context": {"words": ["Member"], "after": 20},
}
PROJECT: dict[str, Any] = {"type": "x-project", "classes": ["merger"], "words": ["Blue Heron", "Größe-X"]}


def toml(*recognizers: dict[str, Any], dictionary: tuple[dict[str, Any], ...] = ()) -> bytes:
    """A file that holds these. Strings of JSON are strings of TOML."""
    lines: list[str] = []
    for kind, items in (("recognizer", recognizers), ("dictionary", dictionary)):
        for item in items:
            lines.append(f"[[{kind}]]")
            lines += [f"{key} = {_value(value)}" for key, value in item.items()]
    return "\n".join(lines).encode()


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value).replace("\x7f", "\\u007f")


def operators(*recognizers: dict[str, Any], dictionary: tuple[dict[str, Any], ...] = ()) -> Operators:
    return load({f"{FOLDER}a.toml": toml(*recognizers, dictionary=dictionary)})


def alone(found: Operators) -> Registry:
    """What the files say without what ships."""
    registry = found.registry
    return msgspec.structs.replace(
        registry,
        recognizers=registry.recognizers[len(DEFAULT.recognizers) :],
        lexicons=registry.lexicons[len(DEFAULT.lexicons) :],
        labels=(),
        tables=(),
    )


def engine_of(registry: Registry) -> Engine:
    return Engine(clock=StillClock(), budget_ms=50, recognizers=registry)


ALL = operators(BADGE, MEMBER, dictionary=(PROJECT,))
ENGINE = engine_of(ALL.registry)


def types(text: str, engine: Engine = ENGINE) -> list[str]:
    return [finding.type for finding in engine.scan_text(text)]


def test_without_files_the_engine_is_the_one_that_ships() -> None:
    assert load({"policy.csv": b"", "schemas/a.toml": b"x"}) is NOTHING
    assert NOTHING.registry is DEFAULT
    prove(NOTHING, ENGINE)


def test_what_a_file_says_is_found_and_what_it_says_must_not_be_is_not() -> None:
    prove(ALL, ENGINE)
    assert types("EMP-204518 and EMP-20451") == ["x-badge"]
    assert types("member 12345674, member 12345675; 12345674") == ["x-member"]
    assert types("12345674 is a member's") == ["x-member"]
    assert types("BLUE HERON, blue herons, Bluebird GRÖßE-X") == ["x-project"] * 3
    assert types("blue  heron, Blue\r\n> Heron, blue\therons; blue\n\nheron") == ["x-project"] * 3


def test_its_version_is_another_and_the_order_of_files_is_none() -> None:
    assert ENGINE.version != DEFAULT.version
    one, other = toml(BADGE), toml(MEMBER)
    first = load({f"{FOLDER}a.toml": one, f"{FOLDER}b.toml": other}).registry
    assert first == load({f"{FOLDER}b.toml": other, f"{FOLDER}a.toml": one}).registry


@pytest.mark.parametrize(
    "text",
    [
        "EMP-204518",
        "\uff25\uff2d\uff30-204518",
        "EMP\u2011204518",
        "EM\u200bP-204518",
        "\\u0045MP-204518",
        "%45MP-204518",
        "&#69;MP-204518",
        "E M P - 2 0 4 5 1 8",
        "EMP=2D204518",
        "aWQgRU1QLTIwNDUxOCBvayB0aGVuLg==",
        '{"id": "EMP-204518"}',
    ],
)
def test_it_is_found_in_disguises(text: str) -> None:
    assert types(f"see {text} here") == ["x-badge"]


def test_a_keyword_may_be_the_key_that_the_value_stands_under() -> None:
    scan = ENGINE.scan((Part("/memberNo", "12345674", label="memberNo"),))
    assert "x-member" in {finding.type for finding in scan.parts[0]}


def test_it_makes_its_classes_and_is_masked_for_each() -> None:
    part = Part("/a", "about blue heron: EMP-204518")
    scan = ENGINE.scan((part,))
    assert scan.classes == {"internal", "merger", "pii"}
    assert ENGINE.maskable("merger") == {"x-project"}
    assert ENGINE.maskable("internal") == {"x-badge"}
    assert ENGINE.maskable("pii") == maskable("pii") | {"x-badge", "x-member"}
    assert ENGINE.maskable("phi") == maskable("phi") | {"x-badge", "x-member"}
    assert ENGINE.maskable("pci") == maskable("pci")
    assert redact((part,), scan, ENGINE.maskable("merger")) == {"/a": "about [X-PROJECT]: EMP-204518"}


def test_what_identifies_somebody_is_health_data_beside_a_health_term() -> None:
    assert "phi" in ENGINE.scan((Part("/a", "EMP-204518 has type 2 diabetes"),)).classes
    assert "phi" in ENGINE.scan((Part("/a", "EMP-204518"),), health_context=True).classes
    assert "phi" not in ENGINE.scan((Part("/a", "blue heron has type 2 diabetes"),)).classes


def test_a_class_that_follows_from_its_own_is_masked_with_it() -> None:
    members = {f"{FOLDER}a.toml": toml(dictionary=(PROJECT,))}
    implied = load(members, lambda names: sorted({*names, "internal"})).registry
    assert engine_of(implied).maskable("internal") == {"x-project"}


def test_neither_hides_the_other_where_one_lies_in_what_ships() -> None:
    inside = operators({**BADGE, "type": "x-tail", "patterns": ["0532[0-9 ]{4,6}"], "must_match": ["0532 0130"]})
    found = types("DE89 3704 0044 0532 0130 00", engine_of(inside.registry))
    assert {"iban", "x-tail"} <= set(found)


def test_a_candidate_that_is_refused_hides_none_that_begins_in_it() -> None:
    one = engine_of(operators({**MEMBER, "context": {"words": ["member"]}, "patterns": ["[0-9]{8}"]}).registry)
    assert types("member 912345674", one) == ["x-member"]


def test_words_near_by_that_are_not_needed_make_it_surer() -> None:
    one = operators({**BADGE, "must_not_match": [], "context": {"words": ["badge"], "needed": False}})
    found = engine_of(one.registry).scan_text("EMP-204518 was here for a while, then badge EMP-204519")
    assert [(finding.score, finding.reason) for finding in found] == [(0.9, "pattern"), (0.95, "keyword:x-badge.words")]
    assert [rule.rule for rule in why(one.registry, found[1])] == ["x-badge"]


def test_a_longer_one_has_a_gate_of_its_beginning() -> None:
    token = {**BADGE, "patterns": ["tok_[0-9a-f]{64}"], "must_match": ["tok_" + "0a" * 32], "must_not_match": ["tok_0"]}
    found = operators(token)
    prove(found, engine_of(found.registry))
    text = f"{'words and ' * 60}tok_{'1b' * 32} and more"
    assert types(text, engine_of(found.registry)) == ["x-badge"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"type": "badge"}, r"a.toml: recognizer\[0\].type: must be x-"),
        ({"type": "x-declared-pii"}, r"recognizer\[0\].type: .* must not begin with x-declared-"),
        ({"type": "x-" + "a" * 40}, r"recognizer\[0\].type"),
        ({"type": "x--a"}, r"recognizer\[0\].type"),
        ({"classes": []}, r"recognizer\[0\].classes: must name a class"),
        ({"classes": ["pii", "pii"]}, r"recognizer\[0\].classes: .* each once"),
        ({"classes": ["pii", "public"]}, r"recognizer\[0\].classes\[1\]"),
        ({"classes": ["unscanned"]}, r"recognizer\[0\].classes\[0\]"),
        ({"classes": ["class:pii"]}, r"recognizer\[0\].classes\[0\]"),
        ({"patterns": []}, r"recognizer\[0\].patterns: must hold a pattern"),
        ({"patterns": ["abc", "a*"]}, r"recognizer\[0\].patterns\[1\]: must say how often at most"),
        ({"patterns": ["[b-a]bc"]}, r"recognizer\[0\].patterns\[0\]: a pattern is not in RE2 syntax"),
        ({"patterns": ["[0-9]{8,49}"], "validator": "luhn"}, r"recognizer\[0\].patterns\[0\]: must match at most 48"),
        ({"patterns": ["abc"] * (MAX_PATTERNS + 1)}, rf"recognizer\[0\].patterns: must be at most {MAX_PATTERNS}"),
        ({"must_match": []}, r"recognizer\[0\].must_match: must hold a text"),
        ({"must_match": [""]}, r"recognizer\[0\].must_match\[0\]"),
        ({"must_not_match": ["a" * (MAX_EXAMPLE + 1)]}, r"recognizer\[0\].must_not_match\[0\]"),
        ({"must_not_match": ["a"] * (MAX_EXAMPLES + 1)}, r"recognizer\[0\].must_not_match: must be at most"),
        ({"validator": "email"}, r"recognizer\[0\].validator: must be one of luhn, "),
        ({"score": 0.0}, r"recognizer\[0\].score"),
        ({"context": {"words": []}}, r"recognizer\[0\].context.words: must hold a word"),
        ({"context": {"words": ["a"]}}, r"recognizer\[0\].context.words\[0\]: must be of 3 to 40"),
        ({"context": {"words": ["b" * 41]}}, r"recognizer\[0\].context.words\[0\]: must be of 3 to 40"),
        ({"context": {"words": ["two  words"]}}, r"recognizer\[0\].context.words\[0\]: .*one space"),
        ({"context": {"words": [" word"]}}, r"recognizer\[0\].context.words\[0\]: .*one space"),
        ({"context": {"words": ["a\tb"]}}, r"recognizer\[0\].context.words\[0\]"),
        ({"context": {"words": ["İzmir"]}}, r"recognizer\[0\].context.words\[0\]"),
        ({"context": {"words": ["---"]}}, r"recognizer\[0\].context.words\[0\]: must hold a letter or digit"),
        ({"context": {"words": ["word", "WORD"]}}, r"recognizer\[0\].context.words: must hold each word once"),
        ({"context": {"words": ["word"], "before": 41}}, r"recognizer\[0\].context.before: .* 0 to 40"),
        ({"context": {"words": ["word"], "after": -1}}, r"recognizer\[0\].context.after: .* 0 to 40"),
        ({"context": {"words": ["word"], "before": 0}}, r"recognizer\[0\].context: must look for words"),
        ({"patern": "abc"}, r"a.toml: .*patern"),
        ({"score": "high"}, r"a.toml: .*score"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_field(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        operators({**BADGE, **changed})


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a.txt": b""}, "a.txt: must be a .toml file"),
        ({"a.toml": b""}, "a.toml: must hold a"),
        ({"a.toml": b"\xff"}, "a.toml: must be TOML in UTF-8"),
        ({"a.toml": b"a = " + b"1" * 5000}, "a.toml: must be TOML in UTF-8"),
        ({"a.toml": b"[[recognizer]]"}, "a.toml: .*type"),
        ({"a.toml": b"#" * (MAX_BYTES + 1)}, "a.toml: must be of at most"),
        ({"a.toml": toml(BADGE), "b.toml": toml({**BADGE, "classes": ["pii"]})}, r"b.toml: recognizer\[0\].classes"),
        (
            {"a.toml": toml(dictionary=({**PROJECT, "words": [f"word {number}" for number in range(MAX_WORDS + 1)]},))},
            rf"dictionary\[0\].words: must be at most {MAX_WORDS}",
        ),
        ({"a.toml": toml(dictionary=({**PROJECT, "words": []},))}, r"dictionary\[0\].words: must hold a word"),
    ],
    ids=["name", "nothing", "bytes", "number", "field", "size", "classes", "words", "word"],
)
def test_a_file_that_is_none_is_told_by_its_name(files: dict[str, bytes], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load({FOLDER + name: data for name, data in files.items()})


def test_a_text_that_shows_something_else_is_told_by_its_place_and_never_by_itself() -> None:
    wrong = operators(BADGE, {**BADGE, "must_match": ["EMP-204518", "badge 7731"]})
    with pytest.raises(ConfigurationError, match=r"recognizer\[1\].must_match\[1\]: x-badge is not found") as caught:
        prove(wrong, engine_of(wrong.registry))
    assert "7731" not in str(caught.value)
    wrong = operators({**BADGE, "must_not_match": ["EMP-204519"]})
    with pytest.raises(ConfigurationError, match=r"must_not_match\[0\]: x-badge is found"):
        prove(wrong, engine_of(wrong.registry))


@pytest.mark.parametrize("document", ["policies/recognizers/README.md", "docs/classification.md"])
def test_an_example_does_what_it_says(document: str) -> None:
    text = (SHIPPED.parent / document).read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    found = load({f"{FOLDER}example.toml": example.encode()})
    assert len(found.examples) == 7
    prove(found, engine_of(found.registry))


@given(st.text(max_size=96))
def test_a_validator_has_an_answer_for_any_text(text: str) -> None:
    for name in VALIDATORS:
        verdict = CHECKS[name](text)
        assert verdict is None or 0 <= verdict[1] <= verdict[2] <= len(text)


_FIELDS = st.sampled_from((*BADGE, "context", "score", "validator", "words", "other"))
_VALUES = st.one_of(
    st.text(max_size=12),
    st.lists(st.text(max_size=12), max_size=3),
    st.floats(width=16).filter(lambda number: number == number and abs(number) < 1e6),
    st.integers(-3, 99),
    st.dictionaries(st.sampled_from(("words", "needed", "before")), st.lists(st.text(max_size=6), max_size=2)),
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_FIELDS, _VALUES, max_size=3), st.binary(max_size=20))
def test_any_file_is_read_or_refused_with_its_name(changed: dict[str, Any], tail: bytes) -> None:
    for data in (toml({**BADGE, **changed}), toml({**BADGE, **changed}) + tail, tail):
        try:
            load({f"{FOLDER}a.toml": data})
        except ConfigurationError as error:
            assert str(error).startswith("recognizers/a.toml: ")  # noqa: PT017


def streamed(engine: Engine, chunks: list[str], masked: frozenset[str]) -> tuple[str, tuple[Finding, ...]]:
    scan = engine.stream(masked, unread=True)
    lane = scan.lane("/x")
    released = "".join([*(lane.feed(chunk) for chunk in chunks), lane.finish()])
    return released, scan.scan().parts[0]


@settings(max_examples=60, deadline=None)
@given(own_patterns(), st.booleans(), own_texts(), st.integers(0, 99), st.sampled_from((1, 7, 60, 500)))
def test_what_is_found_is_the_same_in_any_chunking_and_what_the_definition_finds(
    pattern: str, needed: bool, text: str, seed: int, widest: int
) -> None:
    item = {**BADGE, "patterns": [pattern], "context": {"words": ["0-0", "bbb"], "needed": needed, "after": 9}}
    found = operators(item, dictionary=({**PROJECT, "words": ["a-b", "ab0 a"]},))
    registry = alone(found)
    engine = engine_of(registry)
    whole = engine.scan_text(text)
    assert list(whole) == scanned(text, Locator(registry), registry)
    released, parts = streamed(engine, cuts(text, seed, widest), frozenset({"x-badge", "x-project"}))
    assert parts == whole
    assert (released == text) == (not whole)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(("EMP-204518", "E", "MP-", "204518", "blue heron", " ", ", ", "x" * 90, "é"))),
       st.integers(0, 99), st.sampled_from((1, 7, 60, 500)))  # fmt: skip
def test_beside_what_ships_the_masked_stream_holds_none_of_it(pieces: list[str], seed: int, widest: int) -> None:
    text = "".join(pieces)
    released, parts = streamed(ENGINE, cuts(text, seed, widest), frozenset({"x-badge", "x-project"}))
    assert parts == ENGINE.scan_text(text)
    assert not {"x-badge", "x-project"} & set(types(released))
