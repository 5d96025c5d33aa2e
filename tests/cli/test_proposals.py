"""`gateway policy propose`, `activate`, `rollback`: a person with a key, another one, and what stands on record."""

import asyncio
from pathlib import Path

import pytest

from gateway.bootstrap import open_gateway, open_site
from gateway.cli.common import load_settings
from gateway.store.api_keys import Administrator, Grant, NewKey
from tests.bootstrap.kit import LATER
from tests.cli.kit import Result, Run, change, copied
from tests.services import run_apart


async def _start(file: Path) -> str:
    async with open_gateway(load_settings(file)) as gateway:
        return gateway.policy.version("default")


def started(site: Path) -> str:
    """Start and stop a gateway; the version it served by."""
    return asyncio.run(_start(site / "gateway.toml"))


def later(site: Path) -> None:
    with (site / "policies" / "policy.csv").open("a") as file:
        file.write(f"\n{LATER}\n")


@pytest.fixture(scope="module")
def made_staffed(made: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """An installation that asks for two persons, to be copied, and keys of people by their names."""
    site, keys = copied(made, tmp_path_factory.mktemp("staffed")), {}
    file = site / "gateway.toml"
    change(file, "\nfour_eyes = false ", "\nfour_eyes = true ")

    async def prepare() -> None:
        async with open_site(load_settings(file)) as opened:
            ledger, writer = opened.tenants["default"].ledger, await opened.writer("default")
            by = Administrator(ledger=writer, tenant=ledger)
            for owner, role in (("ada", "compliance"), ("eve", "compliance"), ("adm", "admin"), ("zoe", "auditor")):
                made = await opened.api_keys.create(
                    by, "default", Grant(owner=owner, kind="person", roles=(role,), zone="in-house")
                )
                assert isinstance(made, NewKey)
                keys[f"KEY_{owner.upper()}"] = made.plain

    run_apart(prepare())
    started(site)
    later(site)
    return site, keys


@pytest.fixture
def staffed(made_staffed: tuple[Path, dict[str, str]], empty: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in the current directory, and the keys in the environment."""
    site, keys = made_staffed
    for name, key in keys.items():
        monkeypatch.setenv(name, key)
    return copied(site, empty)


def by(gateway: Run, key: str, *arguments: str) -> Result:
    return gateway("policy", *arguments, "--key", f"env:KEY_{key}", "--json")


def test_one_proposes_another_activates_and_a_start_serves_by_it(gateway: Run, staffed: Path) -> None:
    proposed = by(gateway, "ADM", "propose", "--reason", "we need it")
    assert proposed.code == 0, proposed.err
    assert proposed.data["changes"] == {"default": ["rule later added"]}
    wanted = proposed.data["versions"]["default"]
    assert started(staffed) != wanted, "it waits"
    assert by(gateway, "ADM", "activate", proposed.data["id"]).code == 1
    done = by(gateway, "EVE", "activate", wanted, "--reason", "I have read it")
    assert (done.code, done.data["state"]) == (0, "activated")
    assert started(staffed) == wanted
    events = gateway("audit", "query", "--json").data["records"]
    (activation,) = [
        one for one in events if one["record"].get("proposer") and one["record"]["event"] == "policy.activated"
    ]
    assert (activation["detail"]["subject"], activation["detail"]["reason"]) == ("eve", "I have read it")
    assert activation["record"]["actor"] != activation["record"]["proposer"]
    (listed, _) = gateway("policy", "proposals", "--json").data["proposals"]
    assert (listed["state"], listed["reason"], listed["why"]) == ("activated", "we need it", "I have read it")


def test_going_back_takes_two_as_well(gateway: Run, staffed: Path) -> None:
    first = by(gateway, "ADA", "propose").data
    assert by(gateway, "EVE", "activate", first["id"]).code == 0
    back = by(gateway, "EVE", "rollback", "--reason", "it was wrong").data
    assert (back["state"], back["origin"]) == ("open", "rollback")
    assert by(gateway, "EVE", "activate", back["id"]).code == 1
    assert by(gateway, "ADA", "activate", back["id"]).code == 0
    assert started(staffed) == back["versions"]["default"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("policy", "propose"), 1, "policy.four_eyes is on"),
        (("policy", "propose", "--key", "env:KEY_ZOE"), 1, "one of the roles admin, compliance"),
        (("policy", "activate", "pp_1", "--key", "env:KEY_ADM"), 1, "the role compliance"),
        (("policy", "activate", "pp_1", "--key", "env:KEY_EVE"), 1, "There is no such resource"),
        (("policy", "activate"), 2, "PROPOSAL"),
        (("policy", "rollback", "--key", "env:KEY_EVE"), 1, "active before"),
        (("policy", "propose", "--key", "gk_plain"), 2, "--key must be a reference"),
        (("policy", "propose", "--key", "env:KEY_ADA", "--reason", ""), 1, "--reason"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    gateway: Run, staffed: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = gateway(*arguments)
    assert (done.code, told in done.err, done.err.count("\n")) == (code, True, 1), done.err


def test_with_four_eyes_off_the_account_of_the_machine_does_it_alone(gateway: Run, site: Path) -> None:
    before = started(site)
    later(site)
    proposed = gateway("policy", "propose", "--json").data
    done = gateway("policy", "activate", proposed["id"])
    assert done.out.splitlines()[0] == f"{proposed['id']} is activated"
    assert done.out.splitlines()[1:] == [f"default  {proposed['versions']['default']}", "  rule later added"]
    assert gateway("policy", "rollback").code == 0
    assert started(site) == before, "the directory was taken back, and a start does not bring it in force again"
    rows = gateway("policy", "proposals").out.splitlines()
    assert [row.split()[1:3] for row in rows[1:]] == [
        ["activated", "rollback"],
        ["activated", "directory"],
        ["activated", "start"],
    ]


def test_a_policy_that_must_not_be_served_by_is_not_proposed(gateway: Run, site: Path) -> None:
    started(site)
    with (site / "policies" / "policy.csv").open("a") as file:
        file.write("\np, nonsense\n")
    done = gateway("policy", "propose")
    assert (done.code, "policy.csv" in done.err) == (2, True)
