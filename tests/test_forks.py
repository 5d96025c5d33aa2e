"""A suite in several processes tells what it tells in one, also of those that die."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = {
    "test_first.py": """
import pytest

@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    yield tmp_path_factory.mktemp("shared")
    print("given up")

def test_passes(shared):
    print("said")

def test_fails():
    assert not "a reason"

@pytest.mark.parametrize("case", ["bad", "good"])
def test_has_cases(case, subtests):
    with subtests.test("one"):
        assert case == "good"

def test_is_skipped():
    pytest.skip("nothing to do")
""",
    "test_second.py": """
import pytest

def test_prints(capfd):
    print("seen")
    assert capfd.readouterr().out == "seen\\n"

def test_has_a_directory(tmp_path):
    assert list(tmp_path.iterdir()) == []

@pytest.mark.xfail
def test_is_expected_to_fail():
    assert not "another reason"
""",
}

DIES = """
import os

def test_before(): pass

def test_dies(): os.kill(os.getpid(), 9)

def test_after(): pass
"""
SHARES = """
import pytest

@pytest.fixture(scope="session")
def shared():
    yield
    raise ValueError("given up")

def test_shares(shared): pass
"""


def run(directory: Path, *options: str, **files: str) -> "subprocess.CompletedProcess[str]":
    """pytest in that directory, with these files by their names without `.py`, and without the plugins that packages
    bring along: to load those takes longer than all these tests."""
    for name, text in files.items():
        (directory / f"{name}.py").write_text(text, "utf-8")
    more = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_DEBUG_TEMPROOT": str(directory), "COLUMNS": "200"}
    plain = ["-c", os.devnull, "--rootdir", ".", "-p", "tests.forks", "-W", "ignore", "-q", "-rA"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *options],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT), **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def told(output: str) -> list[str]:
    """The summary's lines, in no order, without the time."""
    return sorted(line.rpartition(" in ")[0] or line for line in output.partition("short test summary")[2].splitlines())


def failed(directory: Path) -> set[str]:
    """What is run again by `--last-failed`."""
    names: dict[str, bool] = json.loads((directory / ".pytest_cache/v/cache/lastfailed").read_text("utf-8"))
    return set(names)


def test_several_processes_tell_what_one_tells(tmp_path: Path) -> None:
    ran = {}
    for forks in ("1", "3"):
        directory = tmp_path / forks
        directory.mkdir()
        ran[forks] = run(
            directory, "--forks", forks, **{name.removesuffix(".py"): text for name, text in FILES.items()}
        )
    assert ran["3"].returncode == ran["1"].returncode == pytest.ExitCode.TESTS_FAILED
    assert told(ran["3"].stdout) == told(ran["1"].stdout)
    assert (
        failed(tmp_path / "3")
        == failed(tmp_path / "1")
        == {"test_first.py::test_fails", "test_first.py::test_has_cases[bad]"}
    )


def test_who_dies_fails_its_test_and_the_rest_is_run(tmp_path: Path) -> None:
    ran = run(tmp_path, "--forks", "2", test_dies=DIES, test_shares=SHARES)
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
    lines = told(ran.stdout)
    assert "FAILED test_dies.py::test_dies - The process that ran this test ended by SIGKILL." in lines
    assert {"PASSED test_dies.py::test_before", "PASSED test_dies.py::test_after"} <= set(lines)
    assert "PASSED test_shares.py::test_shares" in lines
    assert "ValueError: given up" in ran.stdout
    [shared] = failed(tmp_path) - {"test_dies.py::test_dies"}
    assert f"FAILED {shared} - The process that ran this test ended with 1." in lines


def test_who_ends_as_if_all_were_well_has_not_run_the_rest(tmp_path: Path) -> None:
    leaves = "import os\n\ndef test_leaves(): os._exit(0)\n\ndef test_after(): assert not 'a reason'\n"
    ran = run(tmp_path, "--forks", "2", test_leaves=leaves, test_other="def test_other(): pass\n")
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
    lines = told(ran.stdout)
    assert "FAILED test_leaves.py::test_leaves - The process that ran this test ended with 0." in lines
    assert failed(tmp_path) == {"test_leaves.py::test_leaves", "test_leaves.py::test_after"}


def test_who_dies_in_the_middle_of_what_it_says_fails_its_test(tmp_path: Path) -> None:
    cut = """
import os
from multiprocessing.connection import Connection

def test_is_cut_off():
    def send(self, data, write=os.write):
        write(self._handle, bytes(data)[: len(data) // 2])
        os.kill(os.getpid(), 9)
    Connection._send = send

def test_after(): pass
"""
    ran = run(tmp_path, "--forks", "2", test_cut=cut, test_other="def test_other(): pass\n")
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
    lines = told(ran.stdout)
    assert "FAILED test_cut.py::test_is_cut_off - The process that ran this test ended by SIGKILL." in lines
    assert {"PASSED test_cut.py::test_after", "PASSED test_other.py::test_other"} <= set(lines)


def test_a_process_that_cannot_begin_breaks_the_run_off(tmp_path: Path) -> None:
    gone = """
import shutil

def pytest_collection_finish(session):
    shutil.rmtree(session.config._tmp_path_factory.getbasetemp())
"""
    tests = dict.fromkeys(("test_one", "test_two"), "def test_it(): pass\n")
    ran = run(tmp_path, "--forks", "2", conftest=gone, **tests)
    assert ran.returncode == pytest.ExitCode.INTERNAL_ERROR
    assert "a process ended with 1 before its first test" in ran.stdout + ran.stderr
    assert "FileNotFoundError" in ran.stdout + ran.stderr


def test_a_thread_from_collecting_is_refused_and_nothing_is_left_to_run_again(tmp_path: Path) -> None:
    cached = tmp_path / ".pytest_cache/v/cache"
    cached.mkdir(parents=True)
    (cached / "lastfailed").write_text(json.dumps({"test_thread.py::test_before": True}), "utf-8")
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(3,), daemon=True).start()\n"
    ran = run(tmp_path, "--forks", "2", test_thread=f"{thread}def test_thread(): pass\n")
    assert ran.returncode == pytest.ExitCode.INTERNAL_ERROR
    assert "a fork would be without them" in ran.stdout + ran.stderr
    assert failed(tmp_path) == set()
