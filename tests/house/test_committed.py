"""What may not be committed: addresses that packages are fetched from, paths of somebody's machine, promises of law."""

import re
from pathlib import Path
from typing import Any

import pytest
import re2

from tests.house.tree import ROOT, committed, name

# Written in pieces, so that this file does not hold what it looks for.
_INDEX_HOSTS = ("pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.(?:org|com)", r"proxy\.golang" + r"\.org",
                r"static\.crates" + r"\.io", "anaconda" + r"\.org", r"deb\.debian" + r"\.org")  # fmt: skip
_INDEX_OPTIONS = ("--(?:extra-)?index" + "-url", "--find" + "-links", "--trusted" + "-host")
_DOWNLOAD = r"https?://[^\s\"'<>)]+\.(?:whl|tar\.(?:gz|xz|bz2)|tgz|deb|rpm|exe|msi|dmg|jar)\b"
_MACHINE = r"(?<![\w.~$}>-])/(?:work|root|home|farm|Users|opt/(?:pypi|wheels)|tmp/spec)(?:/|\b(?=[\"'\s]))"
_PROMISES = r"\b(?:HIPAA|GDPR|PCI(?:[ -]DSS)?|SOC ?2|ISO ?27001)[ -](?:compliant|certified|ready|approved)\b"

# Where case does not matter and nothing is looked back at, by the engine that looks for all of it in one pass.
RULES: dict[str, Any] = {
    "the host of a package index": re2.compile(b"(?i)" + "|".join(_INDEX_HOSTS).encode()),
    "a download address": re.compile(_DOWNLOAD.encode(), re.IGNORECASE),
    "a path of one machine": re.compile(_MACHINE.encode()),
    "a promise that only a lawyer could make": re2.compile(b"(?i)" + _PROMISES.encode()),
}
# The Makefile and the tool's own options are how such addresses are kept out.
OPTIONS = re.compile("|".join(_INDEX_OPTIONS).encode())


def offences(data: bytes, rule: Any) -> list[str]:
    return [match.group().decode("utf-8", "replace") for match in rule.finditer(data)]


@pytest.mark.parametrize("what", RULES)
def test_no_committed_file_holds(what: str) -> None:
    """One test a rule: it fails with the names of the files."""
    found = {name(path): hits for path in committed() if (hits := offences(path.read_bytes(), RULES[what]))}
    assert not found


def test_no_committed_file_names_an_index_by_option() -> None:
    found = [name(path) for path in committed() if path != Path(__file__) and OPTIONS.search(path.read_bytes())]
    assert not found


@pytest.mark.parametrize(
    ("what", "offending"),
    [
        ("the host of a package index", b"https://pypi" + b".org/simple"),
        ("the host of a package index", b"files.python" + b"hosted.org"),
        ("a download address", b"see https://example.org/a" + b"/b-1.0.tar.gz"),
        ("a download address", b"https://example.org/b-1.0" + b".whl#sha256=0"),
        ("a path of one machine", b'"/wo' + b'rk/main/x"'),
        ("a path of one machine", b"cd /ro" + b"ot/x"),
        ("a path of one machine", b"/ho" + b"me/jo/x"),
        ("a promise that only a lawyer could make", b"is HIPAA" + b" compliant"),
    ],
)
def test_each_rule_sees_what_it_is_for(what: str, offending: bytes) -> None:
    assert offences(offending, RULES[what])


@pytest.mark.parametrize(
    "harmless", [b"./work/x", b"GET /agents/x", b"https://example.org/docs", b"~/root/", b"x/home/"]
)
def test_what_only_looks_like_an_offence_is_let_be(harmless: bytes) -> None:
    assert not any(offences(harmless, rule) for rule in RULES.values())


def test_requirements_hold_names_versions_hashes_and_nothing_else() -> None:
    pinned = re.compile(r"[a-z0-9][a-z0-9._-]*==[A-Za-z0-9.!+]+ \\")
    hashed = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    comment = re.compile(r"( *# [^:/@]*(requirements/run\.txt)?[^/@]*)?")
    for file in sorted((ROOT / "requirements").iterdir()):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            assert any(form.fullmatch(line) for form in (pinned, hashed, comment)), f"{file.name}:{number}"


def test_what_runs_is_pinned_alike_for_those_who_test_it() -> None:
    pins = {file: set(re.findall(r"^[a-z0-9._-]+==\S+", (ROOT / "requirements" / file).read_text("utf-8"), re.M))
            for file in ("run.txt", "dev.txt")}  # fmt: skip
    assert pins["run.txt"] <= pins["dev.txt"]


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
