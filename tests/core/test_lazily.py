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


NO_SERVER = ("litestar", "gateway.web.app", "gateway.cli.serve")
"""What nobody needs who does not serve."""
NO_DATABASE = ("sqlalchemy", "asyncpg", "alembic", "gateway.store.tables", "gateway.bootstrap.site", "casbin")
"""What an auditor with a bundle does not need."""
ONE_AFTER_THE_OTHER = """
import sys
from gateway.cli.main import parser
for asked in (["--version"], ["evidence", "verify"], ["keys"], ["check"]):
    parser(asked)
    print(*sys.modules)
"""


def test_a_command_imports_no_part_of_the_program_that_it_does_not_need() -> None:
    command = [sys.executable, "-c", ONE_AFTER_THE_OTHER]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    version, verify, keys, check = (set(line.split()) for line in ran.stdout.splitlines())
    assert "gateway.cli.evidence" not in version
    assert "gateway.evidence.verify" in verify
    assert verify.isdisjoint(NO_DATABASE)
    assert "gateway.bootstrap.site" in keys
    assert keys.isdisjoint(NEEDLESS)
    assert "gateway.checks.classification.engine" in check
    assert check.isdisjoint(NO_SERVER)
    for name in (*NEEDLESS, *NO_SERVER, *NO_DATABASE):  # none of them is a name that nothing has any more
        assert find_spec(name) is not None
