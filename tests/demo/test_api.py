"""The audit API, asked page by page, and what is made of its errors."""

import pytest

from gateway.demo import api
from gateway.demo.api import Api
from gateway.demo.processes import DemoError, free_ports
from tests.demo.serving_http import answering


def test_an_exchange_that_is_not_known_has_no_records() -> None:
    with answering([(404, {}), (200, {"records": [{"seq": 1}]})]) as asked:
        asking = Api(asked.port, "k-1")
        assert asking.exchange("e-1") == []
        assert asking.exchange("e-2") == [{"seq": 1}]
    assert [path for _, path, _ in asked.requests] == ["/audit/exchanges/e-1", "/audit/exchanges/e-2"]
    assert asked.headers[0]["authorization"] == "Bearer k-1"


def test_records_are_read_to_the_last_page() -> None:
    pages = [(200, {"records": [{"seq": 1}, {"seq": 2}], "cursor": "n"}), (200, {"records": [{"seq": 3}]})]
    with answering(list(pages)) as asked:
        assert [one["seq"] for one in Api(asked.port, "k").records(decision="deny")] == [1, 2, 3]
    assert [path for _, path, _ in asked.requests] == [
        "/audit/records?decision=deny&limit=500",
        "/audit/records?decision=deny&limit=500&cursor=n",
    ]


def test_a_bundle_is_waited_for_and_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_TICK_S", 0)
    steps = [(202, {"id": "b"}), (200, {"status": "building"}), (200, {"status": "ready"}), (200, b"PK")]
    with answering(list(steps)) as asked:
        assert Api(asked.port, "k").bundle() == b"PK"
    assert [(method, path) for method, path, _ in asked.requests] == [
        ("POST", "/evidence/bundles"),
        ("GET", "/evidence/bundles/b"),
        ("GET", "/evidence/bundles/b"),
        ("GET", "/evidence/bundles/b/download"),
    ]


def test_a_bundle_that_fails_is_told() -> None:
    with (
        answering([(202, {"id": "b"}), (200, {"status": "failed"})]) as asked,
        pytest.raises(DemoError, match="was not built: failed"),
    ):
        Api(asked.port, "k").bundle()


def test_a_bundle_that_never_comes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_TIMEOUT_S", 0)
    api_of = Api(free_ports(1)[0], "k")
    answers = iter([{"id": "b"}, {"status": "building"}])
    monkeypatch.setattr(api_of, "_good", lambda _: next(answers))
    monkeypatch.setattr(api_of, "_ask", lambda *_: None)
    with pytest.raises(DemoError, match="was not built: building"):
        api_of.bundle()


@pytest.mark.parametrize("answer", [(500, {"title": "broken"}), (200, [1])])
def test_an_answer_that_is_none_is_told(answer: tuple[int, object]) -> None:
    with answering([answer]) as asked, pytest.raises(DemoError, match="the audit API answered"):
        list(Api(asked.port, "k").records())


def test_a_bundle_that_cannot_be_fetched_is_told() -> None:
    steps = [(202, {"id": "b"}), (200, {"status": "ready"}), (409, {})]
    with answering(list(steps)) as asked, pytest.raises(DemoError, match="could not be fetched: status 409"):
        Api(asked.port, "k").bundle()


def test_a_gateway_that_is_not_there_is_told() -> None:
    with pytest.raises(DemoError, match="could not be asked"):
        Api(free_ports(1)[0], "k").exchange("e")
