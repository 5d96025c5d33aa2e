"""In which forms an agent's credential could come back, and which credentials could not be looked for."""

import pytest

from gateway.agents.own_credential import LEAST, check_credential, forms, shows
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
