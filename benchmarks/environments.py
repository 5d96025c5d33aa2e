"""Environments of their own for what the gateway is measured against: pinned with hashes, never a dependency."""

import hashlib
import shutil
import subprocess
import venv
from pathlib import Path

from benchmarks.children import ROOT, Unmeasured

ENVIRONMENTS = ROOT / ".venv"
_INSTALL_S = 900.0


def installed(environment: Path, requirements: Path, program: str) -> Path:
    """The program of this name in an environment, installed where it is not there as it is pinned. `Unmeasured` if that
    fails."""
    pinned = hashlib.sha256(requirements.read_bytes()).hexdigest()
    mark, place = environment / "pinned", environment / "bin" / program
    if mark.is_file() and mark.read_text("utf-8") == pinned and place.exists():
        return place
    shutil.rmtree(environment, ignore_errors=True)
    venv.create(environment, with_pip=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-input", "--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)]
    try:
        ended = subprocess.run(pip, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_INSTALL_S)
    except subprocess.TimeoutExpired as error:
        raise Unmeasured(f"{requirements.stem} was not installed within {_INSTALL_S:.0f} s") from error
    if ended.returncode:
        raise Unmeasured(f"{requirements.stem} could not be installed: {ended.stderr.strip().splitlines()[-1:]}")
    mark.write_text(pinned, "utf-8")
    return place


def pinned_version(requirements: Path, package: str) -> str:
    """Which version of a package a file of requirements pins. `Unmeasured` if none."""
    for line in requirements.read_text("utf-8").splitlines():
        if line.startswith(f"{package}=="):
            return line.split("==")[1].split()[0]
    raise Unmeasured(f"{requirements.name} does not pin {package}")
