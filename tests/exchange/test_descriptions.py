"""Mappings and OpenAPI documents are read from the policy directory, and their labels are names that policy knows."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import SystemClock
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.own import FOLDER, load
from gateway.checks.redaction import redact
from gateway.core.errors import ConfigurationError
from gateway.core.finding import CLASSES
from gateway.core.message import Part
from gateway.exchange.descriptions import load_descriptions
from gateway.settings import Settings, parse
from tests.checks.classification.test_own import BADGE, toml

KNOWN = frozenset(CLASSES) | {"merger"}


def settings(base: Path, **agent: Any) -> Settings:
    described = {"id": "a", "protocol": "http", "url": "http://a.test", "zone": "z", "routes": ["POST /x"], **agent}
    return parse({"zone": [{"id": "z"}], "agent": [described]}, {}, base)


def written(base: Path, name: str, text: str) -> None:
    (base / "policies" / "schemas").mkdir(parents=True, exist_ok=True)
    (base / "policies" / "schemas" / name).write_text(text, "utf-8")


def mapping(kind: str) -> str:
    return f'[[route]]\nroute = "POST /x"\nrequest = {{format = "csv", header = true, fields = {{a = "{kind}"}}}}\n'


def document(schema: dict[str, Any]) -> str:
    body = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    return json.dumps({"openapi": "3.1.0", "paths": {"/y": {"post": body}}})


def test_both_are_read_for_the_agents_that_name_them(tmp_path: Path) -> None:
    written(tmp_path, "m.toml", mapping("person"))
    written(tmp_path, "d.json", document({"x-data-class": "merger"}))
    found = load_descriptions(settings(tmp_path, mapping="m.toml", openapi="d.json"), KNOWN)
    assert {agent: set(routes) for agent, routes in found.items()} == {"a": {"POST /x", "POST /y"}}
    assert load_descriptions(settings(tmp_path), KNOWN) == {}


@pytest.mark.parametrize("kind", ["class:public", "class:unscanned", "class:nobody", "nobody", "special-nobody"])
def test_a_label_that_policy_does_not_know_would_protect_nothing(tmp_path: Path, kind: str) -> None:
    written(tmp_path, "m.toml", mapping(kind))
    with pytest.raises(ConfigurationError, match=r"agent\[0\].mapping, m.toml: a label names"):
        load_descriptions(settings(tmp_path, mapping="m.toml"), KNOWN)


def test_labels_of_a_document_are_checked_too(tmp_path: Path) -> None:
    written(tmp_path, "d.json", document({"properties": {"a": {"x-finding-type": "nobody"}}}))
    with pytest.raises(ConfigurationError, match=r"agent\[0\].openapi, d.json: a label names a finding type"):
        load_descriptions(settings(tmp_path, openapi="d.json"), KNOWN)


def test_types_of_an_operators_own_label_fields_as_those_that_ship(tmp_path: Path) -> None:
    own = load({f"{FOLDER}own.toml": toml(BADGE)})
    engine = Engine(clock=SystemClock(), budget_ms=1e6, recognizers=own.registry)
    written(tmp_path, "m.toml", mapping("x-badge"))
    written(tmp_path, "d.json", document({"properties": {"a": {"x-finding-type": "x-badge"}}}))
    labelled = settings(tmp_path, mapping="m.toml", openapi="d.json")
    assert set(load_descriptions(labelled, KNOWN, own=engine.knows)["a"]) == {"POST /x", "POST /y"}
    with pytest.raises(ConfigurationError, match="neither ships nor is one"):
        load_descriptions(labelled, KNOWN)
    # What is labelled so is of the type's classes and is masked for each, whatever its text is.
    part = Part(pointer="/a", text="no badge at all", known="x-badge")
    scan = engine.scan((part,))
    assert scan.classes == {"internal", "pii"}
    assert redact((part,), scan, engine.maskable("internal")) == {"/a": "[X-BADGE]"}


@pytest.mark.parametrize("key", ["mapping", "openapi"])
def test_a_file_that_is_not_there_is_told_by_its_key(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"agent\[0\].{key} names no file"):
        load_descriptions(settings(tmp_path, **{key: "nobody"}), KNOWN)


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1, "a": 2}', "{" * 9])
def test_a_document_that_is_no_json_object_is_told(tmp_path: Path, text: str) -> None:
    written(tmp_path, "d.json", text)
    with pytest.raises(ConfigurationError, match="is not JSON with an object"):
        load_descriptions(settings(tmp_path, openapi="d.json"), KNOWN)


def test_a_schema_that_could_not_be_used_is_told(tmp_path: Path) -> None:
    written(tmp_path, "d.json", document({"type": "nonsense"}))
    with pytest.raises(ConfigurationError, match="POST /y, request is not a usable JSON Schema"):
        load_descriptions(settings(tmp_path, openapi="d.json"), KNOWN)


@pytest.mark.parametrize("action", ["http:GET:/z", "http:POST:/y", "GET /y"])
def test_answers_are_kept_of_what_a_document_has_and_changes_nothing(tmp_path: Path, action: str) -> None:
    written(tmp_path, "d.json", json.dumps({"openapi": "3.1.0", "paths": {"/y": {"post": {}, "get": {}}}}))
    described = {"openapi": "d.json", "routes": [], "cache_s": 9.0}
    assert load_descriptions(settings(tmp_path, **described, cache_actions=["http:GET:/y"]), KNOWN)
    with pytest.raises(ConfigurationError, match=r"agent\[0\].cache_actions may hold http:GET:/y$"):
        load_descriptions(settings(tmp_path, **described, cache_actions=[action]), KNOWN)


def test_of_a_document_that_reads_nothing_no_answer_is_kept(tmp_path: Path) -> None:
    written(tmp_path, "d.json", document({}))
    kept = {"openapi": "d.json", "routes": [], "cache_s": 9.0, "cache_actions": ["http:POST:/y"]}
    with pytest.raises(ConfigurationError, match="may hold nothing: the OpenAPI document has no GET and no HEAD"):
        load_descriptions(settings(tmp_path, **kept), KNOWN)
