"""The wheel holds what the product needs, and nothing that it does not; what it holds works without the source tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import gateway
from tests.house.tree import ROOT, committed, name

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel, built of the tree as `make` installs it: with hatchling, without a network."""
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = place.glob("*.whl")
    return found


def _members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_holds_the_package_with_its_migrations_and_policies(wheel: Path) -> None:
    expected = set()
    for path in committed():
        if name(path).startswith("gateway/"):
            expected.add(name(path))
        elif name(path).startswith(("migrations/", "policies/")):
            expected.add(f"gateway/_shipped/{name(path)}")
    assert expected <= _members(wheel)


def test_it_holds_nothing_else(wheel: Path) -> None:
    metadata = f"agent_compliance_gateway-{gateway.__version__}.dist-info/"
    assert not [member for member in _members(wheel) if not member.startswith(("gateway/", metadata))]
    assert not [member for member in _members(wheel) if "__pycache__" in member or member.endswith((".db", ".pyc"))]
    assert f"{metadata}licenses/LICENSE" in _members(wheel)


MADE_AND_CHECKED = """
import sys, gateway
print(gateway.__file__)
from gateway.cli.main import main
sys.exit(main(["init", "made"]) or main(["--config", "made/gateway.toml", "check"]))
"""
"""In one process, for which all of it is compiled."""


def test_an_installation_made_from_the_wheel_alone_checks_out(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, before everything else on the path: `gateway init`, `check` and `policy` files as shipped."""
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONSAFEPATH": "1"}

    done = subprocess.run(
        [sys.executable, "-c", MADE_AND_CHECKED],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[0] == str(unpacked / "gateway" / "__init__.py")
    assert (tmp_path / "made" / "gateway.db").exists()
    assert (tmp_path / "made" / "policies" / "policy.csv").read_bytes() == (ROOT / "policies/policy.csv").read_bytes()
