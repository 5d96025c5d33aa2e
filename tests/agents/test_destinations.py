"""An agent may be told only of addresses that were registered: server-side request forgery has no spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.destinations import allowed, place_of

HOOKS = ("https://hooks.example/a2a", "http://10.1.2.3:8080", "https://[fd00:1::5]/in")


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/a2a",
        "https://hooks.example/a2a/",
        "https://hooks.example/a2a/task-1?token=x",
        "HTTPS://HOOKS.example:443/a2a/x",
        "http://10.1.2.3:8080",
        "http://10.1.2.3:8080/anything/at/all",
        "https://[FD00:1::5]/in/x",
    ],
)
def test_what_lies_at_or_below_a_registered_address_is_allowed(url: str) -> None:
    assert allowed(url, HOOKS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example/a2a",
        "//hooks.example/a2a",
        "http://hooks.example/a2a",
        "ftp://hooks.example/a2a",
        "https://hooks.example:8443/a2a",
        "https://hooks.example.evil.example/a2a",
        "https://evil.example/hooks.example/a2a",
        "https://hooks.example@evil.example/a2a",
        "https://evil.example#@hooks.example/a2a",
        "https://evil.example\\@hooks.example/a2a",
        "https://hooks.example/a2ab",
        "https://hooks.example/a2a/../admin",
        "https://hooks.example/a2a/%2e%2e/admin",
        "https://hooks.example/a2a%2f..%2fadmin",
        "https://hooks.example/a2a//x",
        "https://hooks.example/a2a/\\..\\x",
        "https://hooks.example/a2a/x y",
        "https://hooks.example/a2a\r\nHost: evil.example",
        "https://hooks.example./a2a",
        "https://hooks.example/a2a#x",
        "https://hооks.example/a2a",
        "https://hooks.example:0/a2a",
        "https://hooks.example:99999/a2a",
        "http://010.1.2.3:8080/",
        "http://167838211:8080/",
        "http://0x0a.1.2.3:8080/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[::]/",
        "file:///etc/passwd",
        "gopher://10.1.2.3:8080/",
        "data:text/plain,hello",
        "https://hooks.example/a2a/" + "x" * 2048,
    ],
)
def test_everything_else_is_not(url: str) -> None:
    assert not allowed(url, HOOKS)


def test_without_any_registered_address_nothing_is_allowed() -> None:
    assert not allowed("https://hooks.example/a2a", ())


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://0.0.0.0/", "http://[fe80::1]/", "http://[::1::]/"])
def test_an_address_that_is_nobodys_to_contact_is_refused_even_where_it_is_registered(url: str) -> None:
    assert not allowed(url, (url,))
    assert place_of(url) is None


@given(st.text(max_size=60))
def test_any_text_behind_a_registered_address_leads_to_its_host_or_nowhere(text: str) -> None:
    place = place_of("https://hooks.example" + text)
    assert place is None or place.host.startswith("hooks.example")
    if allowed("https://hooks.example" + text, HOOKS):
        assert place is not None
        assert (place.host, place.port) == ("hooks.example", 443)
