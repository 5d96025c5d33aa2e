"""`verify.py` on its own: an interpreter with `cryptography` and nothing else of this project."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cryptography
import pytest

from gateway.evidence import manifest as manifests
from gateway.evidence import standalone
from gateway.evidence.bag import MISSES, VERIFY
from gateway.evidence.selection import Scope, Selection
from gateway.evidence.verdict import FAILED
from gateway.evidence.verify import verify
from gateway.ledger.rotation import encode_keys
from tests.cli.kit import Result, command, environment, here
from tests.tsa import CA, OTHER_CA

from .apart import APART_STEPS
from .making import OTHER, POLICIES, VKEY, bundle, ledger, try_bundle
from .tampering import STAMPED, STEPS, at, put_together, signed_again, take_apart
from .test_bundle import ALL, ANY, rotated_bundle, witnessed_bundle
from .test_misses import marked, sampled
from .test_verify import STOOD

GOLDEN = Path(__file__).parent.parent / "golden" / "bundles"
START = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import runpy
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `verify.py`, a key, and a site directory that holds `cryptography` and what that needs."""
    directory = tmp_path_factory.mktemp("alone")
    (directory / "verify.py").write_text(standalone.generate(), "utf-8")
    (directory / "ledger.vkey").write_text(VKEY + "\n")
    installed = Path(str(cryptography.__file__)).parent.parent
    site = directory / "site"
    site.mkdir()
    for path in (*installed.glob("cryptography"), *installed.glob("_cffi_backend*"), *installed.glob("cffi")):
        (site / path.name).symlink_to(path)
    return directory


def test_without_cryptography_it_says_what_is_missing_and_gives_no_verdict(alone: Path) -> None:
    bare = [sys.executable, "-I", "-S", str(alone / "verify.py"), "--key", "x", "y"]
    done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "verify.py needs the package cryptography: python3 -m pip install cryptography\n"


def _command(alone: Path) -> list[str]:
    # -I: no environment, no directory of the script; -S: no site-packages.
    return [sys.executable, "-I", "-S", "-c", START, str(alone / "site"), str(alone / "verify.py")]


def run(
    alone: Path, *arguments: str | Path, environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    whole = [*_command(alone), *map(str, arguments)]
    return subprocess.run(whole, capture_output=True, text=True, check=False, cwd=alone, env=environment)


MANY = """
import contextlib, io, json, runpy, sys
site, verifier = sys.argv[1:]
sys.path.insert(0, site)
main = runpy.run_path(verifier)["main"]
assert "json" not in vars(sys.modules["msgspec"])
for line in sys.stdin:
    sys.argv[1:] = json.loads(line)
    said, aside = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(aside):
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, said.getvalue(), aside.getvalue()]))
"""
"""Runs it over and over in one process: what it ends with, and what it says."""


def answers(alone: Path, *asked: Sequence[str | Path]) -> list[Result]:
    """How `verify.py` ends when it is asked this, one after the other in one process."""
    command = [sys.executable, "-I", "-S", "-c", MANY, str(alone / "site"), str(alone / "verify.py")]
    lines = "".join(f"{json.dumps([str(word) for word in one])}\n" for one in asked)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [Result(*json.loads(line)) for line in done.stdout.splitlines()]


def test_it_verifies_a_bundle_and_says_what_the_gateway_says(alone: Path, tmp_path: Path) -> None:
    made = ledger(20)
    path = tmp_path / "a.zip"
    bundle(made, path, Selection(first=3, end=11, filters={"data_class": "phi"}), opening=made.checkpoint_at(2))
    newer = tmp_path / "newer.txt"
    newer.write_bytes(made.checkpoint_at(20).note)
    done = run(alone, "--key", alone / "ledger.vkey", path, "--checkpoint", newer)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("VERIFIED\n")
    found = json.loads(run(alone, "--json", "--key", alone / "ledger.vkey", path).stdout)
    assert (found["ok"], found["report"]["selected"], found["report"]["verifier"]) == (True, 3, standalone.digest())
    packed = tmp_path / "packed.py"
    packed.write_bytes(take_apart(path.read_bytes())[VERIFY])
    assert packed.read_text("utf-8") == standalone.generate()


@pytest.mark.parametrize(
    ("name", "code", "form"),
    [("good", 0, ()), ("manifest-signed-by-another-key", 1, ("--json",))],
    ids=["text", "json"],
)
def test_a_reader_that_goes_away_changes_no_verdict_and_is_no_trace(
    alone: Path, name: str, code: int, form: tuple[str, ...]
) -> None:
    """As in `verify.py … | head -1`, of both verifiers; and where there is no output at all (`>&-`)."""
    asked = ["--key", str(alone / "ledger.vkey"), *form, str(GOLDEN / f"{name}.zip")]
    for line in ([*_command(alone), *asked], command("evidence", "verify", *asked)):
        with subprocess.Popen(
            line, cwd=alone, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            running.stdout.close()
            assert (running.stderr.read(), running.wait(60)) == (b"", code)
        closed = subprocess.run(
            ["sh", "-c", '"$@" >&-', "sh", *line], cwd=alone, env=environment(), stderr=subprocess.PIPE, check=False
        )
        assert (closed.stderr, closed.returncode) == (b"", code)


def test_it_takes_the_policy_version_that_stood_and_no_other_that_no_record_names(alone: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    try_bundle(ledger(6), path, policies={**POLICIES, STOOD: b"{}"}, standing=STOOD)
    unnamed = tmp_path / "unnamed.zip"
    unnamed.write_bytes(put_together(signed_again(take_apart(path.read_bytes()), standing=None)))
    done, refused = answers(alone, *(("--key", alone / "ledger.vkey", one) for one in (path, unnamed)))
    assert (done.code, done.err) == (0, "")
    assert "3 in the bundle, 0 named but missing" in done.out
    assert "FAILED      15  policy: " in refused.out


def test_it_knows_a_key_by_the_one_that_it_replaced(alone: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    keys, old, _ = rotated_bundle(path)
    (tmp_path / "old.vkey").write_text(old)
    (tmp_path / "whole.vkey").write_bytes(encode_keys(keys))
    for done in answers(alone, *(("--key", tmp_path / f"{name}.vkey", path) for name in ("old", "whole"))):
        assert (done.code, done.out[-9:], done.err) == (0, "VERIFIED\n", "")


def test_it_asks_a_trust_policy_who_must_have_seen_the_ledger(alone: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    witnessed_bundle(path, 12, "one")
    for name, policy in (("any", ANY), ("all", ALL)):
        (tmp_path / name).write_bytes(policy)
    done, refused, unasked = answers(
        alone, ("--trust", tmp_path / "any", path), ("--trust", tmp_path / "all", path), (path,)
    )
    assert (done.code, done.out[-9:], done.err) == (0, "VERIFIED\n", "")
    assert "witnessed    12 records, by one at " in done.out
    assert "FAILED       7  witnesses: " in refused.out
    assert refused.out.endswith("\n\nNOT VERIFIED\n")
    assert unasked.code == 2


def test_it_has_openssl_judge_time_stamps_and_says_so_where_there_is_none(alone: Path, tmp_path: Path) -> None:
    path, key = GOLDEN / "good-with-stamps.zip", alone / "ledger.vkey"
    for name, pem in (("ca.pem", CA.pem), ("other.pem", OTHER_CA.pem), ("none.pem", b"")):
        (tmp_path / name).write_bytes(pem)
    names = ("ca", "other", "none")
    done, other, none = answers(
        alone, *(("--json", "--key", key, "--tsa-ca", tmp_path / f"{name}.pem", path) for name in names)
    )
    expected = [dict(one) for one in verify(path, VKEY, authorities=CA.pem).stamped]
    assert (done.code, json.loads(done.out)["report"]["stamped"]) == (0, expected)
    assert [one["state"] for one in expected] == ["holds", "others"]
    assert [one["state"] for one in json.loads(other.out)["report"]["stamped"]] == ["others", "holds"]
    assert none.code == 2
    without = run(alone, "--key", key, "--tsa-ca", tmp_path / "ca.pem", path, environment={"PATH": str(tmp_path)})
    assert (without.returncode, without.stderr) == (0, "")
    assert "not checked by whom: there is no OpenSSL here that could" in without.stdout
    assert "dated" not in without.stdout


def test_it_computes_the_same_local_miss_rate_from_the_records(alone: Path, tmp_path: Path) -> None:
    made = ledger(6)
    for one in (sampled(records=(2, 0)), marked(1, 2, missed={"person": 1}), marked(2, 0, found={"email": 1})):
        made.append(one)
    made.publish()
    path = tmp_path / "a.zip"
    bundle(made, path)
    data, told = answers(alone, *((*form, "--key", alone / "ledger.vkey", path) for form in (("--json",), ())))
    found = json.loads(data.out)["report"]
    report = take_apart(path.read_bytes())[MISSES]
    assert found["misses"] == json.loads(report)
    assert found["misses"]["samples"][0]["messages"]["rate"] == "0.5000"
    assert "miss rate    0.5000 (0.0125 to 0.9875): 1 of 2 messages; sample rv_1 of 10 exchanges" in told.out


def test_it_says_the_same_of_kept_content(alone: Path) -> None:
    path = GOLDEN / "good-with-contents.zip"
    report = verify(path, VKEY)
    data, told = answers(alone, *((*form, "--key", alone / "ledger.vkey", path) for form in (("--json",), ())))
    found = json.loads(data.out)["report"]
    assert (found["contents"], found["notes"]) == (report.contents, list(report.notes))
    assert "content      2 open, 2 expired, 2 erased (records 10, 11), 1 too large, 1 not carried" in told.out


def test_several_processes_say_what_one_says(alone: Path, tmp_path: Path) -> None:
    made, path = ledger(20), tmp_path / "a.zip"
    bundle(made, path, Selection(first=3, end=17, scope=Scope(kind="period", period=(at(4), at(12)))))
    text = standalone.generate().replace("WORTH = 16 << 20", "WORTH = 1")
    told = "    print(len(given), file=sys.stderr)\n    with ProcessPoolExecutor("
    (alone / "split.py").write_text(text.replace("    with ProcessPoolExecutor(", told), "utf-8")
    command = [sys.executable, "-I", "-S", "-c", START, str(alone / "site"), str(alone / "split.py"), "--json"]
    command += ["--key", str(alone / "ledger.vkey"), str(path), "--processes"]
    one, three = (subprocess.run([*command, n], capture_output=True, text=True, check=True) for n in ("1", "3"))
    assert (one.stdout, one.stderr, three.stderr) == (three.stdout, "", "3\n")
    [none] = answers(alone, ("--key", alone / "ledger.vkey", path, "--processes", "0"))
    assert none.code == 2


Said = list[tuple[int, str]]


def both(alone: Path, asked: Sequence[Sequence[str | Path]]) -> tuple[Said, Said]:
    """What both verifiers say when they are asked this: `verify.py`, then `gateway evidence verify`."""
    ours = [here(alone, "evidence", "verify", *map(str, one)) for one in asked]
    theirs = answers(alone, *asked)
    assert {one.err for one in theirs if one.code != 2} == {""}
    return [(one.code, one.out) for one in theirs], [(one.code, one.out) for one in ours]


WHOLE = (
    "good",
    "good-of-a-period",
    "good-with-attachments",
    "good-with-emergencies",
    "good-with-contents",
    "good-with-stamps",
)


def test_of_every_golden_bundle_both_verifiers_say_the_same_to_the_byte(alone: Path, tmp_path: Path) -> None:
    """As data and as text, and with the same exit code: what holds, and each defect at its step."""
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    expected = STEPS | APART_STEPS | dict.fromkeys(WHOLE, "good")
    paths = sorted(GOLDEN.glob("*.zip"))
    asked = [
        [
            *form,
            "--key",
            alone / "ledger.vkey",
            *(("--tsa-ca", tmp_path / "ca.pem") if path.stem in STAMPED else ()),
            path,
        ]
        for path in paths
        for form in ((), ("--json",))
    ]
    theirs, ours = both(alone, asked)
    assert [code for code, _ in theirs] == [code for code, _ in ours]
    for place, path in enumerate(paths):
        (code, text), (_, data) = theirs[2 * place : 2 * place + 2]
        found = json.loads(data)
        failed = [step["name"] for step in found["steps"] if step["state"] == FAILED]
        assert failed == ([] if expected[path.stem] == "good" else [expected[path.stem]]), path.stem
        assert (code, found["ok"], text.rpartition("\n\n")[2]) == (
            (1, False, "NOT VERIFIED\n") if failed else (0, True, "VERIFIED\n")
        )
        other = ours[2 * place : 2 * place + 2]
        assert [said for _, said in other] == [text, data], path.stem


_FORM = re.compile(r"(?<=: form: )[^\"]*")
"""What is wrong with the form of a record or a detail: each of the two readers has its words for it."""


def test_of_random_damage_both_verifiers_say_the_same(alone: Path, tmp_path: Path) -> None:
    """Members changed, cut, doubled or swapped, and signed again by the ledger's own key or not at all. The same to the
    byte, but for the words for a record's form (`docs/evidence.md`)."""
    draw, whole = random.Random(7), take_apart((GOLDEN / "good.zip").read_bytes())
    for number in range(60):
        members = dict(whole)
        for _ in range(draw.randrange(1, 3)):
            name = draw.choice([one for one in members if one != manifests.NAME])
            content = bytearray(members[name])
            start = draw.randrange(len(content) or 1)
            end = min(len(content), start + draw.randrange(1, 20))
            kind = draw.randrange(4)
            content[start:end] = (b"", bytes(content[start:end]) * 2, draw.randbytes(3), content[start:end][::-1])[kind]
            members[name] = bytes(content)
        signed = draw.random() < 0.8
        (tmp_path / f"{number:02}.zip").write_bytes(put_together(signed_again(members) if signed else members))
    asked: list[list[str | Path]] = [
        ["--json", "--key", alone / "ledger.vkey", path] for path in sorted(tmp_path.glob("*.zip"))
    ]
    theirs, ours = both(alone, asked)
    for (code, said), (our_code, our) in zip(theirs, ours, strict=True):
        assert (code, _FORM.sub("", said)) == (our_code, _FORM.sub("", our))
    verdicts = [json.loads(said) for _, said in theirs]
    assert len({verdict["failure"] for verdict in verdicts}) > 3


def test_its_exit_codes_tell_bad_from_wrong_use(alone: Path) -> None:
    key, good = alone / "ledger.vkey", GOLDEN / "good.zip"
    assert run(alone, "--key", key, good).returncode == 0
    bad = run(alone, "--key", key, GOLDEN / "records-swapped.zip")
    assert (bad.returncode, bad.stdout[-14:]) == (1, "\nNOT VERIFIED\n")
    assert run(alone, good).returncode == 2
    (alone / "other.vkey").write_text(OTHER.verifier.vkey)
    (alone / "bad.vkey").write_bytes(b"\xff")
    wrong = [("--key", alone / "none", good), ("--key", key, alone / "none"), ("--key", alone / "bad.vkey", good)]
    assert [one.code for one in answers(alone, ("--key", alone / "other.vkey", good), *wrong)] == [1, 2, 2, 2]


def test_the_same_release_gives_the_same_text() -> None:
    standalone.generate.cache_clear()
    first = standalone.generate()
    standalone.generate.cache_clear()
    assert standalone.generate() == first
    assert len(standalone.digest()) == 64


def test_it_holds_the_sources_byte_for_byte() -> None:
    text = standalone.generate()
    root = Path(str(standalone.__file__)).parent.parent
    for name in ("ledger/merkle.py", "ledger/note.py", "ledger/verify.py", "evidence/verify.py", "evidence/plain.py"):
        assert (root / name).read_text("utf-8") in text
