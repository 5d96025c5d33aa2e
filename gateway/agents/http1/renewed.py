"""TLS to one agent by files that are written anew while the gateway serves: certificates end, and are renewed.

The files are looked at when a connection is made, `LOOK_S` apart at the most. What holds no certificate with its key,
as files do that are being written, changes nothing: what was in force stays, and the next look tries again.
"""

import logging
import os
import ssl
import time
from collections.abc import Callable

from gateway.agents.http1 import tls
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Route

LOOK_S = 5.0
_log = logging.getLogger("gateway.agents")
_Stamp = tuple[int, int, int] | None


class Renewed:
    """The files `ca`, `client_certificate` and `client_key` of an agent as they are now, at most `LOOK_S` old."""

    def __init__(
        self, route: Route, protocol: str | None = tls.HTTP, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`protocol` as for `tls.context`; `clock` in seconds. `ConfigurationError` for files to start with that do not
        hold what they should."""
        self._route, self._protocol, self._clock = route, protocol, clock
        given = (route.ca, route.client_certificate, route.client_key)
        self._files = tuple(name for name in given if name is not None)
        # Before they are read: what is written in between is another stamp at the next look.
        self._stamps = self._looked()
        self._context = tls.context(route, protocol)
        self._next = clock() + LOOK_S
        self._failed = False

    def context(self) -> ssl.SSLContext:
        """What the next connection is made by."""
        now = self._clock()
        if self._files and now >= self._next:
            self._next = now + LOOK_S
            stamps = self._looked()
            if stamps != self._stamps or self._failed:
                self._renew(stamps)
        return self._context

    def _renew(self, stamps: tuple[_Stamp, ...]) -> None:
        try:
            made = tls.context(self._route, self._protocol)
        except ConfigurationError as error:
            if stamps != self._stamps:  # once for each time that they were written
                _log.error("%s: connections are made by what it held before", error)
            self._failed = True
        else:
            _log.info("agent %s: its certificate files were written anew and are used from now on", self._route.id)
            self._context, self._failed = made, False
        self._stamps = stamps

    def _looked(self) -> tuple[_Stamp, ...]:
        return tuple(map(_stamp, self._files))


def _stamp(name: str) -> _Stamp:
    """What tells one writing of a file from another; None where it is not there."""
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
