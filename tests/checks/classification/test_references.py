"""What stands where a secret would and only says where one is."""

import pytest

from gateway.checks.classification.references import refers


@pytest.mark.parametrize(
    "value",
    [
        "os.environ[",
        "os.getenv(",
        "process.env.DB_PASSWORD",
        "settings.DB_PASSWORD",
        "self.password",
        "getpass.getpass(",
        "input(",
        "decrypt(blob",
        "get_secret(",
        "varchar(255",
        "Optional[str]",
        "SecretStr",
        "$DB_PASSWORD",
        "${DB_PASSWORD}",
        "$(pass",
        "{{",
        "{token}",
        "$_POST[",
        "$password",
        "$this-",
        "!vault",
        "(current",
    ],
)
def test_what_reads_a_secret_from_elsewhere_is_none(value: str) -> None:
    assert refers(value)


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        "correct.horse",
        "$ecret1",
        "abc(123",
        "pass(word",
        "Tr0ub4dor&3",
        "!vaulted1",
        "(secret",
        "config",
        "",
    ],
)
def test_what_may_be_one_is_one(value: str) -> None:
    assert not refers(value)
