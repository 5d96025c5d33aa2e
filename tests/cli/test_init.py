"""`gateway init`: whole, never over anything that is there, and told."""

import errno
import re
import shutil
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import shipped_policies
from gateway.cli import init
from gateway.cli.init import TEMPLATE, write_installation
from gateway.core.errors import ConfigurationError, LedgerUnavailable
from gateway.settings import Settings, load, parse
from tests.cli.kit import ROOT, Run, change, tree

ALL = ("gateway.toml", "policies", "keys", "gateway.db")


def test_a_new_installation_holds_together(gateway: Run, empty: Path) -> None:
    result = gateway("init", "new/site")
    assert result.code == 0
    assert result.out.splitlines() == [f"wrote  {name}" for name in ALL]
    assert gateway("check", "--config", "new/site/gateway.toml").code == 0


def test_it_is_made_where_the_command_runs_unless_told_otherwise(gateway: Run, empty: Path) -> None:
    made = gateway("init", "--json").data
    assert made == {"directory": str(empty.resolve()), "written": list(ALL), "kept": [], "left": []}


def test_keys_and_database_are_for_their_owner_alone(site: Path) -> None:
    assert stat.S_IMODE((site / "keys").stat().st_mode) == 0o700
    secrets = [*(site / "keys").iterdir(), site / "gateway.db"]
    assert len(secrets) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_the_policies_are_those_that_ship(site: Path) -> None:
    assert tree(site / "policies") == tree(ROOT / "policies") == tree(shipped_policies())


def test_where_the_disk_is_full_it_says_what_is_there_and_what_to_do_and_goes_on_from_there(
    gateway: Run, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, copied: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(copied))

    async def locked(settings: Settings) -> tuple[str | None, str]:
        raise LedgerUnavailable("the database did not answer: its disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        result = gateway("init")
        assert (result.code, "No space left on device. gateway.toml is made and whole" in result.err) == (2, True)
        assert "run `gateway init` again" in result.err
    with monkeypatch.context() as patch:
        patch.setattr(init, "upgrade", locked)
        result = gateway("init")
        assert (result.code, "its disk is full. policies, keys are made and whole" in result.err) == (1, True)
        assert gateway("init").code == 1
    assert [name.name for name in sorted(empty.iterdir())] == ["gateway.toml", "keys", "policies"]
    assert gateway("init").out.splitlines()[0] == "wrote  gateway.db"
    assert gateway("check").code == 0


def test_a_second_run_changes_no_byte(gateway: Run, site: Path) -> None:
    before = tree(site)
    result = gateway("init", site)
    assert result.out.splitlines() == [f"kept   {name}" for name in ALL]
    assert tree(site) == before


def test_what_is_missing_is_made_beside_what_is_there(gateway: Run, site: Path) -> None:
    kek = (site / "keys" / "kek").read_bytes()
    shutil.rmtree(site / "policies")
    (site / "policies").mkdir()
    (site / "gateway.db").unlink()
    result = gateway("init")
    assert sorted(result.out.splitlines()) == sorted(
        ["kept   gateway.toml", "wrote  policies", "kept   keys", "wrote  gateway.db"]
    )
    assert (site / "keys" / "kek").read_bytes() == kek


def test_an_operators_policies_are_left_as_they_are(gateway: Run, empty: Path) -> None:
    (empty / "policies").mkdir()
    (empty / "policies" / "policy.csv").write_text("mine")
    assert "kept   policies" in gateway("init").out
    assert tree(empty / "policies") == {"policy.csv": b"mine"}


def test_the_configuration_that_is_there_says_where_the_rest_goes(gateway: Run, empty: Path) -> None:
    (empty / "gateway.toml").write_text(
        '[policy]\ndirectory = "rules"\n[keys]\ndirectory = "secrets/ring"\n[database]\nurl = "sqlite:///data.db"\n'
    )
    assert gateway("init").code == 0
    assert {path.name for path in empty.iterdir()} == {"gateway.toml", "rules", "secrets", "data.db"}
    assert (empty / "secrets" / "ring" / "kek").exists()


def test_a_text_of_the_callers_own_takes_the_templates_place(tmp_path: Path) -> None:
    made = write_installation(tmp_path / "own", "[server]\nport = 9999\n")
    assert made.written == ALL
    assert load(tmp_path / "own" / "gateway.toml", {}).server.port == 9999


def test_a_postgresql_database_is_left_to_its_owner(gateway: Run, empty: Path) -> None:
    (empty / "gateway.toml").write_text('[database]\nurl = "postgresql://app@127.0.0.1:1/none"\n')
    result = gateway("init", "--json").data
    assert result["written"] == ["policies", "keys"]
    assert "gateway migrate" in result["left"][0]


def test_a_configuration_that_is_wrong_stops_it(gateway: Run, empty: Path) -> None:
    (empty / "gateway.toml").write_text("[serverr]\n")
    result = gateway("init")
    assert result.code == 2
    assert "nearest known one is server" in result.err
    assert [path.name for path in empty.iterdir()] == ["gateway.toml"]


def test_a_keyring_that_is_broken_is_told_and_not_replaced(gateway: Run, site: Path) -> None:
    (site / "keys" / "data-keys.db").unlink()
    before = tree(site)
    assert gateway("init").code == 2
    assert tree(site) == before


def test_a_directory_that_cannot_be_made_is_one_line(gateway: Run, empty: Path) -> None:
    (empty / "file").write_text("")
    result = gateway("init", "file")
    assert result.code == 2
    assert result.err.count("\n") == 1


def test_a_failure_half_way_leaves_no_half_of_anything(
    empty: Path, monkeypatch: pytest.MonkeyPatch, gateway: Run
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        write_installation(empty)
    assert [path.name for path in empty.iterdir()] == ["gateway.toml"]
    monkeypatch.undo()
    monkeypatch.chdir(empty)
    assert gateway("init").code == 0


def uncommented() -> dict[str, Any]:
    """The template with every example in force."""
    lines = []
    for line in TEMPLATE.read_text("utf-8").splitlines():
        example = re.match(r"# (\[\[\w+\]\]|\w+ = .*)$", line)
        lines.append(line if example is None else example[1])
    return tomllib.loads("\n".join(lines))


def test_every_example_of_the_template_is_valid(tmp_path: Path) -> None:
    document = uncommented()
    settings = parse(document, {}, tmp_path)
    assert [agent.id for agent in settings.agent] == ["ward-summarizer", "cloud-writer", "notes"]
    assert len(settings.issuer) == len(settings.tenant) == len(settings.processor) == 1
    assert set(document) == set(Settings.__struct_fields__) - {"base"}, "every table has its example"


def test_what_the_template_sets_is_what_holds_without_it_but_that_denials_stick() -> None:
    """A new installation has what an old one is not given by an upgrade: it turns messages away (decision 0042)."""
    shipped = parse(tomllib.loads(TEMPLATE.read_text("utf-8")), {}, Path())
    zones = tomllib.loads(TEMPLATE.read_text("utf-8"))["zone"]
    plain = parse({"zone": zones, "sessions": {"denied_s": 60}}, {}, Path())
    assert shipped == plain
    assert Settings().sessions.denied_s == 0


def test_the_template_allows_a_profile_by_taking_one_mark_away(gateway: Run, site: Path) -> None:
    change(site / "gateway.toml", '# profile = "covered-entity"', 'profile = "covered-entity"')
    assert "profile covered-entity" in gateway("check").out
