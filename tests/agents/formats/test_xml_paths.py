"""Paths find the elements and attributes that they name, and cost a bounded amount for each."""

import pytest

from gateway.agents.formats.layout import Marking
from gateway.agents.formats.xml_paths import CDA, Paths, is_path


def at(path: str, *names: str, attribute: str = "") -> str:
    paths = Paths({path: Marking("person")})
    for name in names:
        paths.enter(name)
    return (paths.attribute(attribute) if attribute else paths.element()).known


@pytest.mark.parametrize(
    ("path", "names", "found"),
    [
        ("/a/b", ["a", "b"], True),
        ("/a/b", ["a", "c"], False),
        ("/a/b", ["x", "a", "b"], False),
        ("//b", ["a", "b"], True),
        ("//b", ["b"], True),
        ("//a/*/b", ["x", "a", "q", "b"], True),
        ("//a/*/b", ["a", "b"], False),
        ("//a//b", ["a", "x", "y", "b"], True),
        ("//a//b", ["b", "a"], False),
        ("//a/b", ["a", "a", "b"], True),
        ("//a", ["a", "below"], True),
    ],
)
def test_an_element_is_found_by_its_way(path: str, names: list[str], found: bool) -> None:
    assert bool(at(path, *names)) is found


def test_attributes_are_found_at_their_element_alone() -> None:
    assert at("//a/@id", "x", "a", attribute="id") == "person"
    assert at("//a/@id", "x", "a", attribute="other") == ""
    assert at("//a/@id", "a", "b", attribute="id") == ""
    assert at("//@id", "a", "b", attribute="id") == "person"
    assert at("/a/@id", "a") == ""


def test_leaving_an_element_forgets_it() -> None:
    paths = Paths({"//a": Marking("person")})
    paths.enter("a")
    paths.leave()
    paths.enter("b")
    assert paths.element() == Marking()


def test_several_paths_are_joined() -> None:
    paths = Paths({"//a": Marking("person"), "/a": Marking("mrn", "record")})
    paths.enter("a")
    assert set(paths.element().known.split()) == {"person", "mrn"}
    assert paths.element().label == "record"


@pytest.mark.parametrize("path", ["a", "/", "//", "/a/", "/a//", "/@a/b", "/a b", "///a", "/a/@b/c", "/a[1]"[:3] + "@"])
def test_what_is_no_path_is_told(path: str) -> None:
    assert not is_path(path)


def test_the_shipped_paths_are_paths() -> None:
    assert all(is_path(path) for path in CDA)
