"""Whom a search is about: by a pseudonym, or by an identifier of any kind, and what is said where nobody is known."""

import asyncio
import io
import sys
from pathlib import Path

import pytest

from gateway.bootstrap import open_site
from gateway.cli.common import load_settings
from tests.cli.kit import Run


def test_a_person_is_searched_for_by_an_identifier_of_its_kind(
    gateway: Run, used: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`mrn 4711` and what callers write as `4711` are name spaces apart: who is known by the one alone is found by it,
    and an answer about nobody says that nobody was meant."""

    async def met() -> str:
        async with open_site(load_settings(used / "gateway.toml")) as opened:
            (one,) = await opened.directory.subjects(opened.tenants["default"].ledger, [("mrn", "4481920")])
            return one

    one = asyncio.run(met())
    who = used / "who"
    who.write_text("mrn 44-819-20\n")
    found = gateway("audit", "query", "--identifier", str(who), "--json")
    assert (found.code, found.err) == (0, "")
    (read,) = gateway("audit", "query", "--event", "audit.read", "--json").data["records"]
    assert read["detail"]["query"]["subject"] == one
    monkeypatch.setattr(sys, "stdin", io.StringIO("4481920\n"))
    nobody = gateway("audit", "query", "--subject", "-", "--json")
    assert (nobody.code, "nobody is known here" in nobody.err, "4481920" in nobody.err) == (0, True, False)
    assert (
        gateway("audit", "disclosures", "--identifier", str(who), "--from", "2020-01-01", "--to", "2030-01-01").code
        == 0
    )
    who.write_text("MRN! 1\n")
    wrong = gateway("audit", "query", "--identifier", str(who))
    assert (wrong.code, "--identifier" in wrong.err, "MRN!" in wrong.err) == (2, True, False)
