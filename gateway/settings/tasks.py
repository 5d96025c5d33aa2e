"""Requests that are made later."""

import re

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_between, check_reference

LOCAL = "local://"
"""`tasks.url` where nodes look for each other's tasks in the database."""
_HOST = r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?"
_NATS = re.compile(rf"(?P<scheme>nats|tls)://((?P<user>[A-Za-z0-9_.-]+)@)?(?P<hosts>{_HOST}(,{_HOST})*)")
_STREAM = re.compile(r"[A-Za-z0-9_-]{1,64}")


class TaskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests that are made later (`POST /v1/tasks`)."""

    url: str = LOCAL
    """How nodes wake each other; what is to be done is in the database in any case."""
    password: str | None = None
    """A reference to the password of the user in `url`; `token`, `nkey` and `credentials` are others' ways in."""
    token: str | None = None
    nkey: str | None = None
    """A reference to the seed of a user's nkey."""
    credentials: str | None = None
    """A reference to a credentials file: a user's JWT and nkey seed."""
    ca: str | None = None
    """PEM file of the only authorities that may vouch for the servers; default the system's."""
    stream: str = "gateway-tasks"
    """The JetStream stream of this installation's messages."""
    replicas: int = 1
    """How many servers of a cluster keep it, where it has to be made."""
    sweep_s: float = 10.0
    """How often a node that is told of tasks looks for those that nobody told it of."""
    concurrency: int = 32
    """Tasks under way at once in a serving process."""
    target_concurrency: int = 16
    """Of those, for each agent or capability."""
    pending: int = 10_000
    """Tasks of one tenant that may wait or be under way."""
    tries: int = 5
    """How often a task is tried, unless it says otherwise itself."""
    retry_s: float = 1.0
    retry_max_s: float = 300.0
    lease_s: float = 30.0
    """How long a node that says nothing keeps what it had under way."""
    poll_s: float = 1.0
    """How often a node looks for tasks that nobody woke it for."""
    max_delay_s: int = 604_800
    max_age_s: int = 86_400
    """Seconds from when it is due that a task has to be run in."""
    callback_tries: int = 12
    """How often a callback is tried; with `retry_s` and `retry_max_s` between."""
    keep_s: int = 86_400
    """Seconds that a task is kept after it has ended."""
    keep_failed_s: int = 2_592_000
    """The same for one that failed."""


def check_tasks(tasks: TaskSettings) -> None:
    """How nodes wake each other, and how each gets in where they do that."""
    found = _NATS.fullmatch(tasks.url)
    if tasks.url != LOCAL and found is None:
        raise ConfigurationError(
            "tasks.url must be local://, nats://[user@]host[:port][,host[:port]…] or tls://…; what it takes to get in "
            "is a reference of its own: tasks.password, tasks.token, tasks.nkey or tasks.credentials"
        )
    ways = {name: getattr(tasks, name) for name in ("password", "token", "nkey", "credentials")}
    given = [name for name, reference in ways.items() if reference is not None]
    for name, reference in ways.items():
        check_reference(f"tasks.{name}", reference)
    if given and found is None:
        raise ConfigurationError(f"tasks.{given[0]} is for a tasks.url that is not local://")
    if len(given) > 1:
        raise ConfigurationError(f"tasks.{given[0]} and tasks.{given[1]} are two ways in: one is given")
    if found is not None and (found["user"] is not None) != (tasks.password is not None):
        raise ConfigurationError("tasks.password goes with a user in tasks.url, and a user with a password")
    if tasks.ca is not None and not tasks.url.startswith("tls:"):
        raise ConfigurationError("tasks.ca is for a tasks.url that begins with tls://")
    if _STREAM.fullmatch(tasks.stream) is None:
        raise ConfigurationError("tasks.stream must be 1 to 64 letters, digits, _ and -")
    check_between("tasks.replicas", tasks.replicas, 1, 5)
    check_between("tasks.sweep_s", tasks.sweep_s, 0.01, 3600)


def servers(tasks: TaskSettings) -> tuple[str | None, tuple[str, ...]]:
    """The user, if any, and the URLs of the servers that `tasks.url` names; none where it is `local://`."""
    found = _NATS.fullmatch(tasks.url)
    if found is None:
        return None, ()
    return found["user"], tuple(f"{found['scheme']}://{host}" for host in found["hosts"].split(","))
