"""The signed account of a bundle."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import FormatError
from gateway.evidence import manifest, strict_json
from gateway.evidence.manifest import File, Manifest
from gateway.evidence.selection import Selection

GOOD = Manifest(
    origin="gateway.example/ledger/1",
    created="2026-11-24T01:02:03.000004Z",
    generator="tests",
    first=3,
    end=9,
    filters={"actor": "ac_1"},
    details=True,
    selected=2,
    opened=1,
    checkpoint=(12, b"r" * 32),
    opening=(2, b"o" * 32),
    standing="sha256:" + "5" * 64,
    files=(File("a", 1, "0" * 64),),
)
DOCUMENT: dict[str, Any] = strict_json.load(manifest.encode(GOOD))


def test_a_manifest_is_read_back_as_it_was_written() -> None:
    assert manifest.parse(manifest.encode(GOOD)) == GOOD
    assert GOOD.selection == Selection(first=3, end=9, filters={"actor": "ac_1"})


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": "1"},
        {"more": 1},
        {"origin": ""},
        {"origin": "a\nb"},
        {"origin": 5},
        {"created": "yesterday"},
        {"generator": "x" * 257},
        {"range": [9, 9]},
        {"range": [9, 3]},
        {"range": [-1, 3]},
        {"range": [True, 3]},
        {"range": ["0", 3]},
        {"range": [0]},
        {"range": {}},
        {"filters": []},
        {"filters": {"actor": 5}},
        {"filters": {"unknown": "x"}},
        {"details": 1},
        {"selected": -1},
        {"opened": None},
        {"checkpoint": [1]},
        {"checkpoint": [1, "AAAA"]},
        {"checkpoint": [1, 5]},
        {"checkpoint": ["1", DOCUMENT["checkpoint"][1]]},
        {"opening": None},
        {"standing": None},
        {"standing": "5" * 64},
        {"standing": "sha256:" + "F" * 64},
        {"files": {}},
        {"files": [5]},
        {"files": [{"path": "a", "bytes": 1}]},
        {"files": [{"path": 5, "bytes": 1, "sha256": "0" * 64}]},
        {"files": [{"path": "a", "bytes": -1, "sha256": "0" * 64}]},
        {"files": [{"path": "a", "bytes": 1, "sha256": "0" * 63}]},
        {"files": [{"path": "a", "bytes": 1, "sha256": "F" * 64}]},
    ],
)
def test_a_manifest_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        manifest.parse(strict_json.dump({**DOCUMENT, **change}))


@pytest.mark.parametrize("name", sorted(set(DOCUMENT) - {"opening", "standing"}))
def test_a_manifest_that_lacks_a_field_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        manifest.parse(strict_json.dump({key: value for key, value in DOCUMENT.items() if key != name}))


scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(sorted(DOCUMENT)),
    st.recursive(scalars, lambda i: st.lists(i) | st.dictionaries(st.sampled_from("ab"), i)),
)
def test_no_value_of_a_field_makes_the_parser_raise_anything_else(name: str, value: object) -> None:
    with contextlib.suppress(FormatError):
        manifest.parse(strict_json.dump({**DOCUMENT, name: value}))
