"""In which forms an agent's credential could come back, and which credentials could not be looked for."""

import pytest

from gateway.agents.own_credential import LEAST, check_credential, forms, sent, shows
from gateway.core.errors import ConfigurationError
from tests.exchange.making import route


def test_an_agent_that_is_sent_none_has_none() -> None:
    assert forms(route()) == ()
    assert not shows(route(), b"anything")


def test_it_is_looked_for_as_it_is_and_as_it_is_written_elsewhere() -> None:
    found = forms(route(credential='a/b "c" <d>'))
    assert found[0] == max(found, key=len)
    assert set(found) == {
        'a/b "c" <d>',
        "a%2Fb%20%22c%22%20%3Cd%3E",
        "a/b &quot;c&quot; &lt;d&gt;",
        'a/b \\"c\\" <d>',
        'a\\/b \\"c\\" <d>',
    }
    assert forms(route(credential="plain-and-long")) == ("plain-and-long",)
    assert shows(route(credential="plain-and-long"), b"<plain-and-long>")


def test_one_that_is_as_short_as_a_word_is_refused_and_not_told() -> None:
    assert check_credential("agent a: credential", "x" * LEAST) == "x" * LEAST
    with pytest.raises(ConfigurationError, match=r"^agent a: credential must") as caught:
        check_credential("agent a: credential", "hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("how", "usual", "header"),
    [
        (None, "bearer", ("authorization", "Bearer nurse:long-enough")),
        (None, "header:x-api-key", ("x-api-key", "nurse:long-enough")),
        ("bearer", "header:x-api-key", ("authorization", "Bearer nurse:long-enough")),
        ("basic", "bearer", ("authorization", "Basic bnVyc2U6bG9uZy1lbm91Z2g=")),
        ("header:Ocp-Key", "bearer", ("ocp-key", "nurse:long-enough")),
    ],
)
def test_it_is_sent_as_the_settings_or_the_protocol_have_it(
    how: str | None, usual: str, header: tuple[str, str]
) -> None:
    assert sent(route(credential="nurse:long-enough", credential_as=how), usual) == (header,)
    assert sent(route(), usual) == ()


def test_of_user_and_password_the_password_and_what_is_sent_are_looked_for_too() -> None:
    agent = route(credential="nurse:long-enough", credential_as="basic")
    for text in (b"nurse:long-enough", b"Basic bnVyc2U6bG9uZy1lbm91Z2g=", b"the password long-enough is wrong"):
        assert shows(agent, text)
        assert any(form.encode() in text for form in forms(agent))
    assert not shows(agent, b"nurse")


@pytest.mark.parametrize(
    ("credential", "how", "said"),
    [
        ("no-colon-in-it", "basic", "user:password"),
        (":long-enough", "basic", "user:password"),
        ("nurse:hunter2", "basic", "a password of at least 8"),
        ("two\nlines-of-it", "header:x-key", "one line of visible ASCII"),
        ("l\u00f6ng-enough", None, "one line of visible ASCII"),
    ],
)
def test_one_that_cannot_be_sent_so_is_refused_and_not_told(credential: str, how: str | None, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        check_credential("agent a: credential", credential, how)
    assert credential not in str(caught.value)
    assert check_credential("agent a: credential", "nurse:long-enough", how) == "nurse:long-enough"
