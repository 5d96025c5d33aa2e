"""`gateway reclassify`: what an engine of today finds in what went out, from the request to the incident."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.checks.classification.test_own import BADGE, toml
from tests.cli.keeping import BADGE_TEXT, RULES, serve_once
from tests.cli.kit import Run, change, copied

PERIOD = ("--from", "2020-01-01", "--to", "2100-01-01")
NO_PERSONS = """
p, 3, role:user, class:pii, zone:in-house, chat, purpose:*, always, deny, none, no-pii, "Persons go nowhere."
"""


@pytest.fixture(scope="module")
def made_asked(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that has kept a message with a name that no recognizer knows; to be copied."""
    directory = copied(made, tmp_path_factory.mktemp("asked"))
    serve_once(directory, RULES + NO_PERSONS, "Ask Zlorp about it.")
    return directory


@pytest.fixture
def asked(made_asked: Path, empty: Path) -> Path:
    """The same, in the current directory."""
    return copied(made_asked, empty)


def test_what_a_later_engine_finds_in_what_went_out_is_an_incident_once(gateway: Run, kept: Path) -> None:
    same = gateway("reclassify", *PERIOD, "--json")
    assert (same.code, same.data["kept"], same.data["known"], same.data["reclassified"]) == (0, 2, 2, 0)

    (kept / "policies" / "recognizers" / "own.toml").write_bytes(toml(BADGE))
    found = gateway("reclassify", *PERIOD, "--json")
    assert found.code == 1
    assert (found.data["reclassified"], found.data["more"], found.data["incident_count"]) == (2, 1, 1)
    assert found.data["classes"] == {"internal": 1, "pii": 1}
    told = gateway("reclassify", *PERIOD)
    assert told.code == 0
    assert "kept          2, of which this engine has searched 2 before" in told.out

    (opened,) = gateway("audit", "query", "--event", "incident.opened", "--json").data["records"]
    assert [opened["record"]["exchange"]] == found.data["incidents"]
    assert opened["record"]["outcome"] == {"code": "should_not_have_left"}
    assert opened["record"]["found"] == {"x-badge": 1}
    assert "Internal data go nowhere." in opened["detail"]["explanation"]
    again = gateway("audit", "query", "--event", "exchange.reclassified", "--json")
    assert {one["record"]["outcome"]["code"] for one in again.data["records"]} == {"ok", "should_not_have_left"}
    assert gateway("audit", "verify").code == 0
    assert BADGE_TEXT not in gateway("audit", "query", "--json").out
    files = [file for file in kept.rglob("*") if file.is_file() and "policies" not in file.parts]
    assert all(BADGE_TEXT.encode() not in file.read_bytes() for file in files)


def test_a_wrong_period_is_wrong_use(gateway: Run, site: Path) -> None:
    wrong = gateway("reclassify", "--from", "soon", "--to", "2026-02-01")
    assert (wrong.code, "--from" in wrong.err) == (2, True)


NER = """
import json
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["texts"]
        found = [
            [{"type": "person", "start": text.index("Zlorp"), "end": text.index("Zlorp") + 5, "score": 0.9}]
            if "Zlorp" in text
            else []
            for text in texts
        ]
        body = json.dumps({"findings": found}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""
"""A back end that knows one name: a program of its own, with nothing of the gateway's."""


@contextmanager
def _ner() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-I", "-c", NER], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield f"http://127.0.0.1:{running.stdout.readline().strip()}/read"
        finally:
            running.kill()


def test_a_slow_back_end_finds_what_no_recognizer_knows_when_it_is_asked_for(gateway: Run, asked: Path) -> None:
    assert "ner" in gateway("reclassify", *PERIOD, "--ner").err
    with _ner() as url:
        change(asked / "gateway.toml", "\n[ner] ", f'\n[ner]\nurl = "{url}"\nname = "zlorp-1" ')
        assert gateway("reclassify", *PERIOD, "--json").data["known"] == 1, "the engine alone has nothing to add"
        found = gateway("reclassify", *PERIOD, "--ner", "--json")
        assert (found.code, found.data["incident_count"], found.data["classes"]) == (1, 1, {"pii": 1})
        assert found.data["engine"].endswith("+zlorp-1")
        again = gateway("reclassify", *PERIOD, "--ner", "--json")
        assert (again.code, again.data["known"]) == (0, 1)
    (record,) = gateway("audit", "query", "--event", "exchange.reclassified", "--json").data["records"]
    assert (record["record"]["found"], record["record"]["engine"]) == ({"person": 1}, found.data["engine"])
    assert "Zlorp" not in gateway("audit", "query", "--json").out


def test_a_back_end_that_is_gone_leaves_everything_as_it_was(gateway: Run, asked: Path) -> None:
    change(asked / "gateway.toml", "\n[ner] ", '\n[ner]\nurl = "http://127.0.0.1:9/read"\nname = "zlorp-1" ')
    gone = gateway("reclassify", *PERIOD, "--ner")
    assert (gone.code, "did not answer: connect_failed" in gone.err) == (1, True)
    assert gateway("audit", "query", "--event", "exchange.reclassified", "--json").data["records"] == []
