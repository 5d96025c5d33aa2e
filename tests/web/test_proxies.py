"""What is said of callers is believed of listed proxies alone, and of them only what they can know."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.refusal import Refusal
from gateway.settings import Server
from gateway.web.proxies import Proxies, address_of
from gateway.web.traffic import CERTIFICATE, TLS
from tests.checks.identity.certifying import SPIFFE, Authority

LEAF = Authority().issue(uris=[SPIFFE])
SHOWN = (b"client-cert", b":" + base64.b64encode(LEAF.der) + b":")
PROXY, STRANGER = "10.0.0.5", "198.51.100.7"


def applied(*headers: tuple[bytes, bytes], peer: str | None = PROXY, **server: Any) -> dict[str, Any]:
    scope: dict[str, Any] = {
        "client": None if peer is None else (peer, 4711),
        "scheme": "http",
        "headers": list(headers),
        "state": {TLS: "TLSv1.3 X", CERTIFICATE: b"the connection's own"},
    }
    given_ = {"trusted_proxies": ("10.0.0.0/24", "fd00::1"), "client_header": "client-cert", "client_ca": "x", **server}
    Proxies(Server(**given_)).apply(scope)
    return scope


def forwarded(*lines: str, peer: str = PROXY) -> str:
    return str(applied(*((b"x-forwarded-for", line.encode("latin-1")) for line in lines), peer=peer)["client"][0])


def test_a_listed_proxy_says_address_scheme_and_certificate_of_its_caller() -> None:
    scope = applied(SHOWN, (b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https"))
    assert (scope["client"][0], scope["scheme"], scope["state"]) == ("203.0.113.9", "https", {CERTIFICATE: LEAF.der})


def test_a_proxys_own_certificate_is_nobodys_identity() -> None:
    assert applied()["state"] == {CERTIFICATE: None}


@pytest.mark.parametrize("name", [b"client-cert", b"client-cert-chain", b"x-forwarded-client-cert"])
@pytest.mark.parametrize("peer", [STRANGER, "fd00::2", None])
def test_from_anybody_else_a_certificate_in_a_header_is_a_refusal(peer: str | None, name: bytes) -> None:
    scope = applied((name, SHOWN[1]), (b"x-forwarded-for", b"203.0.113.9"), peer=peer)
    assert scope["state"][CERTIFICATE].code == "certificate_untrusted"
    assert scope["client"] == (None if peer is None else (peer, 4711))
    assert scope["scheme"] == "http"


def test_from_anybody_else_without_one_the_connection_speaks_for_itself() -> None:
    scope = applied((b"x-forwarded-proto", b"https"), peer=STRANGER)
    assert scope["state"] == {TLS: "TLSv1.3 X", CERTIFICATE: b"the connection's own"}


def test_where_no_header_is_configured_none_is_read() -> None:
    assert applied(SHOWN, client_header=None)["state"] == {CERTIFICATE: None}
    assert applied(SHOWN, client_header=None, peer=STRANGER)["state"][CERTIFICATE] == b"the connection's own"


def test_the_other_form_is_not_read_and_a_certificate_comes_once() -> None:
    other = applied(SHOWN, client_header="x-forwarded-client-cert")["state"][CERTIFICATE]
    assert other is None
    for headers in ((SHOWN, SHOWN), ((b"client-cert", b"x"),)):
        found = applied(*headers)["state"][CERTIFICATE]
        assert isinstance(found, Refusal)
        assert (found.code, found.field) == ("credential_invalid", "client-cert")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], PROXY),
        ([""], PROXY),
        (["203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9, 10.0.0.7"], "203.0.113.9"),
        (["1.2.3.4, 203.0.113.9"], "203.0.113.9"),  # what stands before it may be made up
        (["1.2.3.4", "203.0.113.9"], "203.0.113.9"),
        (["10.0.0.8,10.0.0.7"], "10.0.0.8"),
        (["203.0.113.9, unknown"], PROXY),
        (["203.0.113.9, 10.0.0.7, x, 10.0.0.6"], "10.0.0.6"),
        (["203.0.113.9:8443"], "203.0.113.9"),
        (["[2001:DB8::1]:8443"], "2001:db8::1"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["203.0.113.9" + ",10.0.0.7" * 100], "10.0.0.7"),
    ],
)
def test_the_source_is_the_nearest_address_that_is_no_proxys(lines: list[str], found: str) -> None:
    assert forwarded(*lines) == found


def test_a_proxy_is_known_by_its_ipv4_address_on_an_ipv6_socket_too() -> None:
    assert forwarded("203.0.113.9", peer="::ffff:10.0.0.5") == "203.0.113.9"
    assert forwarded("203.0.113.9", peer="fd00::1") == "203.0.113.9"
    assert forwarded("203.0.113.9", peer="fd00::2") == "fd00::2"


@pytest.mark.parametrize(
    "text", ["", " ", "a", "1.2.3", "01.2.3.4", "1.2.3.4:x", "[::1", "[::1]x", "::1]", "1.2.3.4 5"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert address_of(text) is None


@given(st.text(max_size=30))
def test_an_address_has_one_spelling_and_no_text_raises(text: str) -> None:
    found = address_of(text)
    assert found is None or address_of(found) == found
