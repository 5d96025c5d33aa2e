"""What is asked in JSON is read in one way or in none."""

import json
from typing import Any

import msgspec
import pytest

from gateway.core.once import read_json
from tests.house.tree import sources


class Form(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    more: dict[str, object] = {}


def test_every_route_of_the_api_reads_its_body_so() -> None:
    reading = [
        path.name
        for path in sources("gateway/web/")
        if "json.decode(" in path.read_text("utf-8") or "await request.json(" in path.read_text("utf-8")
    ]
    assert reading == []


def test_a_body_of_the_form_is_read() -> None:
    assert read_json(b'{"name": "a", "more": {"name": 1}}', Form) == Form(name="a", more={"name": 1})


def test_what_is_carried_inside_is_another_readers() -> None:
    carried = b'{"name": "a", "more": {"x": {"y": 1, "y": 2}}}'
    assert read_json(carried, Form, inside=False).more == {"x": {"y": 2}}
    for twice in (b'{"name": "a", "name": "b"}', b'{"name": "a", "more": {"y": 1, "y": 2}, "name": "b"}'):
        with pytest.raises(msgspec.MsgspecError):
            read_json(twice, Form, inside=False)


class Carrier(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    body: msgspec.Raw = msgspec.Raw(b"")


def test_what_is_carried_as_it_is_is_not_read_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    loads = json.loads

    def noted(data: bytes, **how: Any) -> Any:
        read.append(data)
        return loads(data, **how)

    monkeypatch.setattr("gateway.core.once.json.loads", noted)
    found = read_json(b'{"name": "a", "body": {"x": [{"y": 1, "y": 2}]}}', Carrier, inside=False)
    assert (bytes(found.body), read) == (b'{"x": [{"y": 1, "y": 2}]}', [b'{"name": "a", "body": 0}'])


@pytest.mark.parametrize(
    "data",
    [
        b'{"name": "a", "body": {"x": 1}, "body": {"x": 1}}',
        b'{"body": {"x": 1}, "name": "a", "body": {"x": 2}}',
        b'{"name": "a", "body": [1], "name": "[1]"}',
        b'{"name": "a", "body": [], "n\\u0061me": "b"}',
        b'{"name": "a", "body": {}, "name": {}}',
        b'{"name": "a", "body": "name", "name": "b"}',
    ],
)
def test_what_is_carried_hides_nothing_that_is_said_twice(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read_json(data, Carrier, inside=False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"name": 1}',
        b'{"name": "a", "other": 1}',
        b'{"name": "\xff"}',
        b'{"name": "a"} {}',
        b'{"name": "a", "name": "b"}',
        b'{"name": "a", "n\\u0061me": "b"}',
        b'{"name": "a", "more": {"x": [{"y": 1, "y": 1}]}}',
        b'{"name": "a", "more": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"name": "a", "more": {"x": ' + b"9" * 5_000 + b"}}",
    ],
)
def test_any_other_is_refused_in_one_way(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read_json(data, Form)
