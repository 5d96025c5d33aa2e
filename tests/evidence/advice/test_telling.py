"""Advice as data, text and a page: the same figures, readable by everybody, and nothing that a name could break."""

import json
from html.parser import HTMLParser
from typing import Any

from gateway.evidence.advice.seen import Seen
from gateway.evidence.advice.telling import document, html, lines
from gateway.settings import AdviseSettings

from .test_seen import completed, record, seen

ABOUT: dict[str, Any] = {
    "tenant": "default",
    "from": "2026-11-01T00:00:00.000000Z",
    "to": "2026-12-01T00:00:00.000000Z",
    "archives": [],
    "emergencies": [],
}
INSIDE = frozenset({"in-house"})


def made(found: Seen, **settings: Any) -> dict[str, Any]:
    return document(found, AdviseSettings(**settings), INSIDE, ABOUT, "EUR")


def busy(name: str = "triage") -> Seen:
    """Two requests in each hour of ten days, a quarter of them sensitive, answered within 2 ms at 40 millionths."""
    records = []
    for hour in range(240):
        for number in range(2):
            sensitive = ("phi",) if number == 0 and hour % 2 == 0 else ("public",)
            records.append(record(hour=hour, classes=sensitive, capability=name))
    return seen(*records, completed(latency_us=2_000, cost=40))


class Page(HTMLParser):
    """What a page is made of: its tags, in order, and whether each was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_each_capability_has_its_verdict_with_the_figures_behind_it() -> None:
    told = made(busy())
    (one,) = told["capabilities"]
    assert (one["fits"], one["is"], one["sensitivity"], one["course"]) == ("hybrid", "on-premise", "mixed", "steady")
    assert (one["requests"], one["sensitive"], one["sensitive_share"]) == (480, 120, 0.25)
    assert one["load"] == {"days": 10.0, "mean_per_hour": 2.0, "peak_hour": 2, "volatility": 0.0}
    assert one["hours_of_day"] == [20] * 24
    (agent,) = one["agents"]
    assert (agent["agent"], agent["requests"], agent["p50_ms"], agent["cost"]) == ("ward", 480, 2, 40)
    assert json.loads(json.dumps(told)) == json.loads(json.dumps(made(busy())))
    text = "\n".join(lines(told))
    assert "triage: HYBRID  (now: on-premise)" in text
    assert "mixed: 25.0 % of 480 requests" in text
    assert "not answered, and so not counted on: advise.orchestration" in text
    assert "40 millionths of EUR a request" in text


def test_a_ledger_without_traffic_says_that_not_enough_is_recorded() -> None:
    told = made(seen())
    assert "not enough recorded" in "\n".join(lines(told))
    assert "Not enough recorded" in html(told)
    assert "not enough recorded" in "\n".join(lines(made(seen(record())))).lower()


def test_the_page_stands_alone_and_can_be_read_out() -> None:
    page = Page(html(made(busy(), on_call=False)))
    assert page.open == []
    tags = [tag for tag, _ in page.tags]
    assert {"script", "link", "img", "iframe"}.isdisjoint(tags)
    assert dict(page.tags)["html"]["lang"] == "en"
    assert (tags.count("h1"), tags.count("title"), tags.count("main")) == (1, 2, 1)
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.tags if tag == "th")
    assert tags.count("caption") == tags.count("table")
    (picture,) = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert (picture["role"], picture["aria-labelledby"]) == ("img", "bars-0")
    assert not any(
        name.startswith("on") or name in ("src", "href") for _, attributes in page.tags for name in attributes
    )


def test_a_name_is_text_and_nothing_else() -> None:
    found = html(made(busy('<script>"&')))
    assert "<script>" not in found
    assert "&lt;script&gt;" in found
    assert Page(found).open == []


def test_emergency_ledgers_that_records_are_of_are_named() -> None:
    told = document(Seen({}, ()), AdviseSettings(), INSIDE, {**ABOUT, "emergencies": ["em_1", "em_<2>"]}, "EUR")
    assert "emergencies read from em_1, em_<2> too" in list(lines(told))
    assert "<p>Some of the records are of emergency ledgers: em_1, em_&lt;2&gt;.</p>" in html(told)


def test_archives_that_records_were_read_from_are_named() -> None:
    told = document(Seen({}, ()), AdviseSettings(), INSIDE, {**ABOUT, "archives": ["ar_1", "ar_<2>"]}, "EUR")
    assert "archives    read from ar_1, ar_<2>, and from the database" in list(lines(told))
    assert "<p>Some of the records were read from archives: ar_1, ar_&lt;2&gt;.</p>" in html(told)
