"""Names in certificates: a pattern's star never reaches beyond one segment, nor into who gives names out."""

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from gateway.checks.identity.names import Pattern, names_of
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from tests.checks.identity.certifying import Authority, distinguished

AUTHORITY = Authority()


@pytest.mark.parametrize(
    ("match", "fitting", "others"),
    [
        (
            "uri:spiffe://a.example/ns/*/sa/bot",
            ["spiffe://a.example/ns/x/sa/bot"],
            ["spiffe://a.example/ns/x/y/sa/bot", "spiffe://a.example/ns//sa/bot", "spiffe://a.example/ns/x%2Fy/sa/bot",
             "spiffe://a.example/ns/x/sa/bot2", "spiffe://b.example/ns/x/sa/bot", "xspiffe://a.example/ns/x/sa/bot"],
        ),
        ("dns:*.a.example", ["b.a.example"], ["a.example", "c.b.a.example", "b.a.example.", "b-a.example"]),
        ("email:*@a.example", ["b@a.example"], ["b@c@a.example", "@a.example", "b@a.example.org"]),
        (
            "subject:CN=*,O=hospital",
            ["CN=triage,O=hospital"],
            [r"CN=evil\,O=hospital,O=other", "CN=a+OU=b,O=hospital", "CN=a,OU=b,O=hospital", "CN=,O=hospital"],
        ),
    ],
)  # fmt: skip
def test_a_star_is_one_segment(match: str, fitting: list[str], others: list[str]) -> None:
    pattern = Pattern.parse(match, "certificate[0].match")
    assert all(pattern.fits(name) for name in fitting)
    assert [name for name in others if pattern.fits(name)] == []


@pytest.mark.parametrize(
    "match",
    [
        *(
            "",
            "uri",
            "uri:",
            "uri:*",
            "uri:spiffe://*/a",
            "uri:spiffe://*.example/a",
            "uri:spiffe://a/**",
            "ip:10.0.0.1",
        ),
        *("dns:*", "dns:a.*", "dns:A.example", "dns:a b.example", "email:*", "email:ada@*", "email:a@*.example"),
        *("subject:CN=*", "subject:*", "subject:CN=*,O=*"),
    ],
)
def test_a_pattern_that_would_let_anybody_be_anybody_is_refused_and_not_quoted(match: str) -> None:
    with pytest.raises(ConfigurationError, match=r"certificate\[3\].match must") as raised:
        Pattern.parse(match, "certificate[3].match")
    assert len(match) < 6 or match not in str(raised.value)


@given(st.text(max_size=40))
def test_a_name_without_a_star_fits_itself_alone(name: str) -> None:
    pattern = Pattern.parse("subject:CN=exact,O=a.b", "x")
    assert pattern.fits(name) == (name == "CN=exact,O=a.b")


@given(st.text(max_size=60))
def test_no_pattern_raises_anything_else(text: str) -> None:
    for kind in ("uri:", "dns:", "email:", "subject:", ""):
        try:
            Pattern.parse(kind + text, "x").fits(text)
        except ConfigurationError:
            continue


def test_the_names_of_a_certificate_come_by_kind() -> None:
    made = AUTHORITY.issue(
        distinguished(O="hospital", CN="x,y"), uris=["spiffe://a/b"], dns=["A.example"], emails=["a@b.example"]
    )
    assert names_of(made.certificate) == {
        "uri": ("spiffe://a/b",),
        "dns": ("a.example",),
        "email": ("a@b.example",),
        "subject": (r"CN=x\,y,O=hospital",),
    }
    assert names_of(AUTHORITY.issue().certificate) == {"uri": (), "dns": (), "email": (), "subject": ()}


@pytest.mark.parametrize("names", [{"uris": ["spiffe://a/b", "spiffe://a/c"]}, {"dns": [f"a{n}.b" for n in range(65)]}])
def test_names_that_are_not_one_callers_are_refused(names: dict[str, list[str]]) -> None:
    assert isinstance(names_of(AUTHORITY.issue(**names).certificate), Refusal)  # type: ignore[arg-type]


def test_a_name_with_control_characters_is_refused() -> None:
    found = names_of(AUTHORITY.issue(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a\nb")])).certificate)
    assert isinstance(found, Refusal)
