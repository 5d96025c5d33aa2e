"""No value that is sent becomes a header, a request or an address of its own."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agents.http1.request import RequestForm
from gateway.core.errors import AgentError, ConfigurationError
from gateway.core.message import Outgoing

FORM = RequestForm("http://agent.test:81/base")


def rendered(
    path: str = "/x", *, method: str = "POST", body: bytes = b"{}", form: RequestForm = FORM, **headers: str
) -> bytes:
    return form.render(Outgoing(method=method, path=path, headers=tuple(headers.items()), body=body))


def test_a_request_is_its_line_its_headers_and_its_body() -> None:
    assert rendered("/x?a=b", accept="*/*") == (
        b"POST /base/x?a=b HTTP/1.1\r\nhost: agent.test:81\r\nuser-agent: agent-compliance-gateway\r\n"
        b"accept-encoding: identity\r\naccept: */*\r\ncontent-length: 2\r\n\r\n{}"
    )


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("GET", b"", None),
        ("HEAD", b"", None),
        ("DELETE", b"", None),
        ("POST", b"", 0),
        ("PUT", b"", 0),
        ("PATCH", b"", 0),
        ("DELETE", b"x", 1),
    ],
)
def test_a_body_has_its_length(method: str, body: bytes, length: int | None) -> None:
    head, _, rest = rendered(method=method, body=body).partition(b"\r\n\r\n")
    assert rest == body
    assert (b"content-length" in head) == (length is not None)
    assert length is None or head.endswith(b"content-length: %d" % length)


@pytest.mark.parametrize(
    ("url", "path", "target"),
    [
        ("http://a", "", b"/"),
        ("http://a/", "", b"/"),
        ("http://a/mcp", "", b"/mcp"),
        ("http://a/mcp/", "/x", b"/mcp/x"),
        ("http://a", "//b.test/", b"//b.test/"),
        ("http://a", "/a.b/c%20d?e=%2e%2e/..", b"/a.b/c%20d?e=%2e%2e/.."),
    ],
)
def test_a_path_is_below_the_agents_own(url: str, path: str, target: bytes) -> None:
    assert rendered(path, form=RequestForm(url)).startswith(b"POST " + target + b" HTTP/1.1\r\nhost: a\r\n")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "x",
            "http://b.test/",
            "*",
            "?a",
            "/..",
            "/.",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a/.%2e",
            "/a\\..\\b",
            "/a%2f..\\b",
        ),
        *(
            "/a#b",
            "/a?b#c",
            "/a b",
            "/a\tb",
            "/a\r\nx: y",
            "/a\nb",
            "/a\x00b",
            "/é",
            "/a?é",
            "/a\x7f",
            "/x HTTP/1.1\r\n",
        ),
    ],
)
def test_a_path_that_leads_elsewhere_or_cannot_be_written_is_refused(path: str) -> None:
    with pytest.raises(AgentError, match="cannot_render"):
        rendered(path)


@pytest.mark.parametrize("method", ["", "GET /", "GET\r\n", "GE T", "GÉT", "GET\x00"])
def test_a_method_that_is_none_is_refused(method: str) -> None:
    with pytest.raises(AgentError, match="cannot_render"):
        rendered(method=method)


@pytest.mark.parametrize(
    "value", ["a\r\nx: y", "a\nb", "a\rb", "a\x00b", "\r\n", "a\x0bb", "a\x1bb", "a\x7fb", "\u2028", "\u010a"]
)
def test_a_value_that_could_be_more_than_one_is_refused(value: str) -> None:
    with pytest.raises(AgentError, match="cannot_render"):
        rendered(accept=value)


@pytest.mark.parametrize("value", ["", "a b", "a\tb", "a: b", "caf\xe9"])
def test_any_other_value_is_sent_as_it_is(value: str) -> None:
    assert b"\r\naccept: " + value.encode("latin-1") + b"\r\n" in rendered(accept=value)


@pytest.mark.parametrize(
    "name",
    [
        *("", "a b", "a:", "a\r\nb", "é", "a\x00"),
        *("Host", "host", "Content-Length", "transfer-encoding", "connection", "TE", "upgrade", "expect", "user-agent"),
        *("accept-encoding", "trailer", "keep-alive", "proxy-connection", "http2-settings"),
    ],
)
def test_a_header_that_is_none_or_not_the_callers_to_set_is_refused(name: str) -> None:
    with pytest.raises(AgentError, match="cannot_render"):
        FORM.render(Outgoing(method="POST", path="/", headers=((name, "1"),), body=b""))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://a", ("a", 80, False)),
        ("https://a/b", ("a", 443, True)),
        ("https://A:8443", ("a", 8443, True)),
        ("http://[::1]:8080/x", ("::1", 8080, False)),
        ("http://127.0.0.1", ("127.0.0.1", 80, False)),
    ],
)
def test_an_address_is_host_port_and_scheme(url: str, found: tuple[str, int, bool]) -> None:
    form = RequestForm(url)
    assert (form.host, form.port, form.secure) == found


def test_the_host_header_is_what_was_configured() -> None:
    assert b"\r\nhost: [::1]:8080\r\n" in rendered(form=RequestForm("http://[::1]:8080/x"))


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a", "agent", "http://", "http://:80", "http://a:99999", "http://a:b", "http://[::1", "http://u:p@a/"),
        *(
            "http://é.test/",
            "http://a/é",
            "http://a/?b",
            "http://a/#b",
            "http://a b/",
            "http://a/b c",
            "http://a/b\x00",
        ),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_text(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RequestForm(url)
    assert url not in str(caught.value)


@settings(max_examples=200)
@given(
    path=st.text(max_size=20).map(lambda text: "/" + text),
    method=st.one_of(st.sampled_from(["GET", "POST"]), st.text(max_size=6)),
    headers=st.lists(st.tuples(st.one_of(st.just("accept"), st.text(max_size=6)), st.text(max_size=20)), max_size=4),
    body=st.binary(max_size=20),
)
def test_whatever_is_sent_has_just_the_borders_it_should(
    path: str, method: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    with suppress(AgentError):
        data = FORM.render(Outgoing(method=method, path=path, headers=tuple(headers), body=body))
        demand_borders(data, method, path, len(headers), body)


def demand_borders(data: bytes, method: str, path: str, headers: int, body: bytes) -> None:
    head, _, rest = data.partition(b"\r\n\r\n")
    assert rest == body
    lines = head.split(b"\r\n")
    assert len(lines) == 4 + headers + (bool(body) or method == "POST")
    assert lines[0].split(b" ") == [method.encode(), b"/base" + path.encode(), b"HTTP/1.1"]
    assert not {b"\r", b"\n", b"\0"} & {bytes([byte]) for line in lines for byte in line}
