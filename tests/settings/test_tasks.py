"""How nodes wake each other is said in one address, and what it takes to get in somewhere else."""

from typing import Any

import pytest

from gateway.settings.tasks import TaskSettings, servers
from tests.settings.kit import HIDDEN, parsed, refused


@pytest.mark.parametrize(
    "url",
    [
        f"nats://user:{HIDDEN}@host",
        f"nats://{HIDDEN}:@host",
        "nats://",
        "nats://host,",
        "nats://host,user@other",
        "nats://host/x",
        "ws://host",
        "redis://host",
        "local",
    ],
)
def test_the_address_names_servers_and_holds_no_secret(url: str) -> None:
    assert refused(tasks={"url": url}).startswith("tasks.url must be local://, nats://[user@]host")


def test_several_servers_are_named_one_after_the_other() -> None:
    given = {"url": "tls://gw@n1.example:4223,n2,[::1]:4222", "password": "env:P", "ca": "ca.pem", "stream": "a-b_1"}
    assert servers(parsed(tasks=given).tasks) == ("gw", ("tls://n1.example:4223", "tls://n2", "tls://[::1]:4222"))
    assert servers(parsed(tasks={"url": "nats://n1", "nkey": "file:seed"}).tasks) == (None, ("nats://n1",))
    assert servers(TaskSettings()) == (None, ())


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ({"url": "nats://h", "token": HIDDEN}, "tasks.token must be a reference"),
        ({"url": "nats://h", "nkey": HIDDEN}, "tasks.nkey must be a reference"),
        ({"url": "nats://h", "credentials": HIDDEN}, "tasks.credentials must be a reference"),
        ({"url": "nats://u@h", "password": HIDDEN}, "tasks.password must be a reference"),
        ({"token": "env:T"}, "tasks.token is for a tasks.url that is not local://"),
        ({"url": "nats://h", "token": "env:T", "nkey": "env:N"}, "tasks.token and tasks.nkey are two ways in"),
        ({"url": "nats://u@h"}, "tasks.password goes with a user"),
        ({"url": "nats://h", "password": "env:P"}, "tasks.password goes with a user"),
        ({"url": "nats://h", "ca": "ca.pem"}, "tasks.ca is for a tasks.url that begins with tls://"),
        ({"ca": "ca.pem"}, "tasks.ca is for"),
        ({"stream": "a.b"}, "tasks.stream must be 1 to 64 letters"),
        ({"stream": ""}, "tasks.stream must be 1 to 64 letters"),
        ({"replicas": 0}, "tasks.replicas must lie between 1 and 5"),
        ({"sweep_s": 0}, "tasks.sweep_s must lie between 0.01 and 3600"),
    ],
)
def test_what_does_not_fit_together_is_refused(tasks: dict[str, Any], said: str) -> None:
    assert refused(tasks=tasks).startswith(said)
