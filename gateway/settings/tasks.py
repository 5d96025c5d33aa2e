"""Requests that are made later."""

import msgspec


class TaskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Requests that are made later (`POST /v1/tasks`)."""

    url: str = "local://"
    """How nodes wake each other; what is to be done is in the database in any case."""
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
