"""`gateway check` of witnesses: what a start would be refused for, and who cosigns nothing, is told before it."""

from pathlib import Path

import pytest

from tests.cli.kit import Run
from tests.cli.test_check import line
from tests.cli.test_restored import knows
from tests.cli.witnessing import NAME, made, witnessing

LINE = f"witness {NAME}"


def _configured(site: Path, vkey: str, url: str, ledger: str = "") -> None:
    file = site / "gateway.toml"
    text = file.read_text().replace("[ledger]\n", f"[ledger]\n{ledger}", 1)
    file.write_text(f'{text}\n[[witness]]\nvkey = "{vkey}"\nurl = "{url}"\ntimeout_s = 20.0\n')


def _ledgers(gateway: Run) -> tuple[str, str]:
    gateway("keys", "create", "--owner", "ada", "--kind", "service", "--role", "auditor", "--zone", "in-house")
    return (gateway("keys", "verifier").out.strip(), gateway("keys", "verifier", "--tenant", "_system").out.strip())


def test_a_witness_that_knows_the_ledgers_is_fine_and_one_that_knows_more_is_told(site: Path, gateway: Run) -> None:
    vkey, system = _ledgers(gateway)
    witness = made(site / "w", vkey, system)
    with witnessing(site / "w") as one:
        _configured(site, witness, one.url)
        fine = gateway("check", "--json")
        assert (line(fine.data, LINE)["state"], fine.code) == ("ok", 0), fine.out
        knows(site, site / "w", vkey)
        told = gateway("check", "--json")
    assert (line(told.data, LINE)["state"], told.code) == ("bad", 1)
    assert "of default: was a backup restored?" in line(told.data, LINE)["text"]
    assert "cosigned" not in told.err


def test_a_witness_that_lacks_a_ledgers_key_is_told_with_the_ledger(site: Path, gateway: Run) -> None:
    vkey, _ = _ledgers(gateway)
    witness = made(site / "w", vkey)
    with witnessing(site / "w") as one:
        _configured(site, witness, one.url)
        told = gateway("check", "--json")
    assert (line(told.data, LINE)["state"], told.code) == ("bad", 1)
    assert "cosigns nothing of _system: " in line(told.data, LINE)["text"]


def test_an_answer_by_another_key_is_told(site: Path, gateway: Run) -> None:
    vkey, system = _ledgers(gateway)
    made(site / "w", vkey, system)
    other = made(site / "o")
    with witnessing(site / "w") as one:
        _configured(site, other, one.url)
        told = gateway("check", "--json")
    assert (line(told.data, LINE)["state"], told.code) == ("bad", 1)
    assert "is not the witness of this `vkey`" in line(told.data, LINE)["text"]


@pytest.mark.parametrize(
    ("ledger", "state", "code"), [("", "unreachable", 0), ("require_witnesses = true\n", "bad", 1)]
)
def test_one_that_is_away_is_an_error_only_where_a_start_needs_it(
    site: Path, gateway: Run, ledger: str, state: str, code: int
) -> None:
    _ledgers(gateway)
    _configured(site, made(site / "w"), "http://127.0.0.1:1", ledger)
    told = gateway("check", "--json")
    assert (line(told.data, LINE)["state"], told.code) == (state, code)
    assert ("ledger.require_witnesses" in line(told.data, LINE)["text"]) == bool(ledger)


def test_without_a_ledger_there_is_nothing_to_ask_for(site: Path, gateway: Run) -> None:
    _configured(site, made(site / "w"), "http://127.0.0.1:1")
    told = gateway("check", "--json")
    assert (line(told.data, LINE)["state"], told.code) == ("skipped", 0)
