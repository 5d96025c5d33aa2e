"""What a package gives is what its modules hold, and nothing is imported for what was not asked for."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import gateway.bootstrap as package
from gateway.core.lazily import lazily


def test_a_name_is_what_its_module_holds_and_another_is_no_attribute() -> None:
    take = lazily("gateway.core", {"errors": ("GatewayError",)})
    assert getattr(take("GatewayError"), "__module__", None) == "gateway.core.errors"
    with pytest.raises(AttributeError, match=r"'gateway.core' has no attribute 'Nothing'"):
        take("Nothing")


def test_what_type_checkers_see_is_what_is_given() -> None:
    [seen] = [node for node in ast.parse(Path(package.__file__).read_bytes()).body if isinstance(node, ast.If)]
    for line in seen.body:
        assert isinstance(line, ast.ImportFrom)
        for name in line.names:
            assert getattr(package, name.name) is getattr(sys.modules[line.module or ""], name.name)
    assert sorted(name.name for line in seen.body if isinstance(line, ast.ImportFrom) for name in line.names) == sorted(
        package.__all__
    )


NEEDLESS = (
    *("litestar", "jinja2", "gateway.pipeline", "gateway.agents.client", "gateway.exchange.auditor"),
    *("gateway.checks.classification.engine", "gateway.evidence.reports.kinds"),
)
"""What no command needs that reads and changes what is known of keys."""


def test_a_command_imports_no_part_of_the_program_that_it_does_not_need() -> None:
    program = "import sys; from gateway.cli.main import parser; parser(['keys']); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    imported = set(ran.stdout.split())
    assert "gateway.bootstrap.site" in imported
    assert imported.isdisjoint(NEEDLESS)
    for name in NEEDLESS:  # none of them is a name that nothing has any more
        assert find_spec(name) is not None
