"""What is asked in JSON is read in one way or in none."""

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
