"""What commands share: the tenant, spans of time, tables, files, and lines that a terminal can be shown."""

import argparse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import common
from gateway.cli.common import Failed, WrongUse
from gateway.core.errors import ConfigurationError
from gateway.core.refusal import Refusal
from gateway.settings import Settings, Tenant

TWO = Settings(tenant=(Tenant(id="north"), Tenant(id="south")))


def asked(tenant: str | None) -> argparse.Namespace:
    return argparse.Namespace(tenant=tenant)


def test_the_only_tenant_needs_no_name() -> None:
    assert common.tenant_of(asked(None), Settings()) == "default"


def test_one_of_several_tenants_must_be_named() -> None:
    assert common.tenant_of(asked("south"), TWO) == "south"
    with pytest.raises(WrongUse, match="one of north, south"):
        common.tenant_of(asked(None), TWO)
    with pytest.raises(WrongUse, match="one of north, south"):
        common.tenant_of(asked("east"), TWO)


def test_the_operators_own_ledger_is_there_only_for_commands_that_read() -> None:
    assert common.tenant_of(asked("_system"), TWO, system=True) == "_system"
    with pytest.raises(WrongUse):
        common.tenant_of(asked("_system"), TWO)


@pytest.mark.parametrize(("text", "expected"), [("90d", 7_776_000), ("12h", 43_200), ("30m", 1_800), ("45s", 45)])
def test_spans_of_time_have_a_unit(text: str, expected: int) -> None:
    assert common.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "90", "d", "0d", "-1d", "1.5h", "1w", "1d ", "١d", "1000000d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        common.seconds(text)


@given(st.text())
def test_no_line_that_is_printed_moves_a_cursor_or_ends_early(text: str) -> None:
    shown = common.printable(text)
    assert len(shown) == len(text)
    assert not any(character in shown for character in "\x1b\n\r\t\x07\u202e\u2028")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert common.table(("a", "name"), [("longer", "x")]) == ["a       name", "longer  x"]


def test_a_refusal_is_told_with_the_options_name_and_what_would_be_right() -> None:
    refusal = Refusal(code="parameter_invalid", field="roles", hint="names")
    assert common.told(refusal, {"roles": "--role"}) == "--role: expected names"
    assert common.told(Refusal(code="not_found")) == "There is no such resource"


def test_a_file_is_never_written_over_another(tmp_path: Path) -> None:
    file = tmp_path / "out"
    common.write_file(file, b"first")
    with pytest.raises(WrongUse, match="--out names a file that exists"):
        common.write_file(file, b"second")
    assert file.read_bytes() == b"first"
    with pytest.raises(WrongUse, match="--record must name a file that can be written"):
        common.write_file(tmp_path / "missing" / "out", b"", option="--record")


def test_a_file_that_is_read_is_there_and_within_its_bounds(tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_bytes(b"12345")
    assert common.read_file(file, "--key", 5) == b"12345"
    with pytest.raises(WrongUse, match="--key must be a file of at most 4 bytes"):
        common.read_file(file, "--key", 4)
    for missing in (tmp_path / "missing", tmp_path):
        with pytest.raises(WrongUse, match="--key must be a file that can be read"):
            common.read_file(missing, "--key", 5)


async def test_the_operator_is_an_account_known_by_a_pseudonym(site: Path) -> None:
    async with common.opened(common.load_settings(site / "gateway.toml")) as opened:
        first, again = await common.operator(opened, "default"), await common.operator(opened, "default")
        same_name = await opened.directory.actor(opened.tenants["default"].ledger, str(first.detail.subject))
    assert first == again
    assert first.actor.startswith("ac_")
    assert first.detail.method == "command-line"
    assert first.actor != same_name, "the owner of an API key who is called the same is somebody else"


async def test_an_account_without_a_name_has_its_number(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    async with common.opened(common.load_settings(site / "gateway.toml")) as opened:
        found = await common.operator(opened, "default")
    assert str(found.detail.subject).startswith("uid ")


async def test_an_installation_without_tables_says_what_to_run(site: Path) -> None:
    (site / "gateway.db").unlink()
    with pytest.raises(ConfigurationError, match="gateway migrate"):
        async with common.opened(common.load_settings(site / "gateway.toml")):
            pass
    assert not (site / "gateway.db").exists()


def test_errors_of_the_command_are_told_apart() -> None:
    assert not issubclass(Failed, WrongUse)


def test_a_list_that_is_not_held_whole_has_its_head_once_and_columns_that_only_grow() -> None:
    columns = common.Columns(("seq", "agent"))
    assert columns.lines([("1", "ward")]) == ["seq  agent", "1    ward"]
    assert columns.lines([("10000", "lab"), ("2", "")]) == ["10000  lab", "2"]
    assert columns.lines([("3", "ward")]) == ["3      ward"]
    assert columns.lines([]) == []
    assert common.Columns(("seq", "agent")).lines([]) == ["seq  agent"]


def test_what_is_wider_than_its_column_ends_in_a_sign_of_that() -> None:
    assert (common.cut("clinic", 6), common.cut("clinics", 6)) == ("clinic", "clini…")
