from gateway.core.message import Inbound, WireAnswer

HEADERS = (("accept", "one"), ("x-purpose", "TREAT"), ("accept", "two"))


def test_the_first_of_repeated_headers_is_given() -> None:
    request = Inbound(method="POST", path="/", query="", headers=HEADERS, body=b"")
    assert request.header("accept") == "one"
    assert request.header("missing") is None


def test_the_first_of_an_answers_repeated_headers_is_given() -> None:
    answer = WireAnswer(status=200, headers=HEADERS, body=b"")
    assert answer.header("accept") == "one"
    assert answer.header("missing") is None
