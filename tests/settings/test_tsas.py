"""Time-stamping authorities are named once, have an address and whom they are believed by, and get secrets over TLS."""

from typing import Any

import pytest

from tests.settings.kit import parsed, refused


def table(**fields: Any) -> dict[str, Any]:
    return {"id": "clock", "url": "https://tsa.example/tsr", "authorities": "tsa-ca.pem", **fields}


def test_there_are_none_unless_they_are_named() -> None:
    assert parsed().tsa == ()
    one, other = parsed(tsa=[table(), table(id="other", url="http://tsa.example", policy="1.2.3.4.1")]).tsa
    assert (one.interval_s, one.policy, other.policy) == (3600.0, None, "1.2.3.4.1")


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([table(), table()], "tsa[1].id is there twice"),
        ([table(id="A clock")], "tsa[0].id"),
        ([table(url="ftp://tsa")], "tsa[0].url"),
        ([table(url="http://tsa", ca="ca.pem")], "tsa[0].url must be https"),
        ([table(url="http://tsa", authorization="env:TSA")], "tsa[0].url must be https"),
        ([table(authorization="Basic eDp5")], "tsa[0].authorization must be a reference"),
        ([table(policy="1.2.x")], "tsa[0].policy must be an object identifier"),
        ([table(policy="1")], "tsa[0].policy must be an object identifier"),
        ([table(interval_s=0.5)], "tsa[0].interval_s"),
        ([table(timeout_s=61.0)], "tsa[0].timeout_s"),
        ([table(id=f"clock{number}") for number in range(17)], "at most 16"),
        ([{"id": "clock", "url": "https://tsa.example"}], "authorities"),
    ],
)
def test_what_cannot_be_is_refused(tables: list[dict[str, Any]], said: str) -> None:
    assert said in refused(tsa=tables)
