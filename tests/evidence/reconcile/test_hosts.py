"""Hosts and ports are one, however they are written; what is none is refused."""

import pytest

from gateway.evidence.reconcile.hosts import address, place, place_of, target


def test_hosts_are_compared_in_one_form() -> None:
    for text in ("[::1]:443", "::1", "0:0:0:0:0:0:0:1", "http://[::1]/x", "[::1]"):
        assert place(text)[0] == "::1"
    for text in ("Ward.Example", "ward.example:80", "ward.example.", "https://u:p@ward.example/"):
        assert place(text)[0] == "ward.example"


def test_a_port_is_the_one_that_is_written_or_the_schemes() -> None:
    for text, port in (
        ("ward.example:8443", 8443),
        ("[::1]:8443", 8443),
        ("https://ward.example:8443/x", 8443),
        ("https://ward.example/x", 443),
        ("http://[::1]/x", 80),
        ("tcp://ward.example", None),
        ("ward.example", None),
        ("::1", None),
    ):
        assert place(text)[1] == port, text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "=x",
        "http://",
        "x" * 300,
        "a..b/c",
        "h:65536",
        "http://h:65536/",
        "http://h:x/",
        "h:x",
        "http://[",
        None,
    ],
)
def test_what_is_none_is_refused_without_its_text(text: str | None) -> None:
    with pytest.raises(ValueError, match=r"^(must|Port|Invalid)"):
        place(text)
    assert text is None or place_of(text) is None


def test_an_address_has_one_form() -> None:
    assert address("0:0::7") == "::7"
    assert address("ward.example") is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("https://ward.example:8443/v1/up?x=1", "/v1/up?x=1"),
        ("/v1/up?x=1", "/v1/up?x=1"),
        ("https://ward.example/v1/up", "/v1/up"),
        ("http://ward.example", None),
        ("ward.example:443", None),
        ("http://[", None),
        (7, None),
    ],
)
def test_a_path_is_that_of_a_url_or_of_a_requests_target(text: object, wanted: str | None) -> None:
    assert target(text) == wanted
