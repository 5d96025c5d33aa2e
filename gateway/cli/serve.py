"""`gateway serve`: one process, one event loop, uvicorn with uvloop and httptools (`web.protocol`).

It is ready once it has printed its address. SIGTERM and SIGINT make it stop taking connections, let what is under way
end, put the rest on record and sign a last checkpoint; with a second one it ends in order all the same, and waits
neither for what is under way nor for that checkpoint; a third one ends the process where it is.
"""

import argparse
import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from typing import Any

import msgspec
import uvicorn
import uvloop

from gateway.bootstrap import open_gateway
from gateway.cli import logs
from gateway.cli.common import OK, Commands, WrongUse, demand_database, say, settings_of
from gateway.cli.heap import one_heap
from gateway.cli.migrate import upgrade
from gateway.cli.server_tls import ServerTls, check_tls
from gateway.core.errors import ConfigurationError
from gateway.settings import Server, Settings
from gateway.web.app import build_app
from gateway.web.protocol import HttpProtocol

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
GRACE_S = 30
"""How long requests under way may take to end once the server stops."""
_COLLECT = (50_000, 20, 100)
"""Objects more than at the last collection that make the next one, and how many of each age make one of the next."""
KEEP_ALIVE_S = 75
"""Longer than proxies and client libraries keep idle connections, so that it is they who close them."""


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("serve", parents=[common], help="serve traffic, the API, health and metrics")
    parser.add_argument("--host", help="in place of server.host")
    parser.add_argument("--port", type=int, help="in place of server.port; 0 takes a free one")
    parser.add_argument("--workers", type=int, help="in place of server.workers: one process serves")
    parser.add_argument("--migrate", action="store_true", help="bring the database to this version first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = _with_options(settings_of(arguments), arguments)
    logs.configure(settings.server.log_level)
    one_heap()
    with closing(listener(settings.server)) as place, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, arguments, place))
    return OK


def listener(server: Server) -> socket.socket:
    """A socket bound to the configured address; nobody can connect before the server listens on it."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    place = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. Small pieces of a stream must not wait for the client's acknowledgement.
        place.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        place.bind((server.host, server.port))
    except OSError as error:
        place.close()
        raise _taken(error) from error
    return place


class GatewayServer(uvicorn.Server):
    """uvicorn, except that it tells when it is ready, and that a signal only makes it stop: what surrounds it, the
    ledgers above all, must still be closed."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stopping: Callable[[], None] = lambda: None
    ) -> None:
        """`stopping` is told of a signal at once, before what is under way has ended."""
        super().__init__(config)
        self._ready, self._stopping = ready, stopping
        self._heard: asyncio.AbstractEventLoop | None = None
        self._last: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:  # another process was faster between binding and listening
            raise _taken(error) from error
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """While this lasts, a signal makes it stop, and a second one has it wait for nothing; a third one does to the
        process what it does by itself. uvicorn has it last as long as it serves; whoever has more to do then begins it
        before, and ends it later."""
        if self._heard is not None:
            yield
            return
        self._heard = asyncio.get_running_loop()
        for number in _SIGNALS:
            self._heard.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            self._deaf()
            self._heard = None

    def _deaf(self) -> None:
        if self._heard is not None:
            for number in _SIGNALS:
                self._heard.remove_signal_handler(number)

    async def unhurried(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Once nothing is served any more: what is still to be done, unless a second signal comes, or has come."""
        if self.force_exit:
            return
        self._last = asyncio.create_task(last())
        await asyncio.wait([self._last])
        if not self._last.cancelled():
            self._last.result()

    def _stop(self) -> None:
        if not self.should_exit:
            self._stopping()
        self.force_exit = self.should_exit
        self.should_exit = True
        if self.force_exit:
            self._deaf()
            if self._last is not None:
                self._last.cancel()


async def _serve(settings: Settings, arguments: argparse.Namespace, place: socket.socket) -> None:
    if arguments.migrate:
        await upgrade(settings)
    await demand_database(settings)
    check_tls(settings.server, settings)
    url = _address(settings.server, place)
    async with AsyncExitStack() as stack:  # signals are heard until all of the gateway has ended
        heard = stack.enter_context(ExitStack())
        gateway = await stack.enter_async_context(open_gateway(settings))
        app = build_app(gateway)
        settle()
        server = GatewayServer(
            _config(app, settings, gateway.site.metrics.caller_cut),
            lambda: say(arguments, {"url": url, "ready": True}, [f"gateway serves on {url}"]),
            gateway.rest,
        )
        heard.enter_context(server.capture_signals())
        await server.serve([place])
        gateway.cover(server.unhurried)


def settle() -> None:
    """What was built to stay is left out of every later garbage collection, and collections are made less often.

    A hundred thousand objects of rules, tables and routes, walked again and again for nothing, cost a fifth of every
    request. Requests themselves leave no cycle behind: tests hold them to it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)


def _config(app: Callable[..., object], settings: Settings, cut: Callable[[], None]) -> uvicorn.Config:
    server, tls = settings.server, server_tls(settings)
    return uvicorn.Config(
        app,
        http=HttpProtocol.within(server.body_timeout_s, server.write_timeout_s, cut),
        ws="none",
        lifespan="auto",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `web.proxies` reads them, more strictly
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        ssl_context_factory=None if tls is None else lambda config, default: tls.context(),
    )


def server_tls(settings: Settings) -> ServerTls | None:
    """How TLS is spoken, with client certificates where an authority is named; None without a certificate."""
    server = settings.server
    if server.tls_certificate is None or server.tls_key is None:
        return None
    return ServerTls(
        settings.path(server.tls_certificate),
        settings.path(server.tls_key),
        None if server.client_ca is None else settings.path(server.client_ca),
        required=server.client_auth == "required",
    )


def _with_options(settings: Settings, arguments: argparse.Namespace) -> Settings:
    server = settings.server
    if arguments.port is not None and not 0 <= arguments.port <= 65535:
        raise WrongUse("--port must lie between 0 and 65535")
    if (server.workers if arguments.workers is None else arguments.workers) != 1:
        raise WrongUse("workers must be 1: one process serves; for more, run more nodes on one PostgreSQL")
    given = {name: getattr(arguments, name) for name in ("host", "port") if getattr(arguments, name) is not None}
    return msgspec.structs.replace(settings, server=msgspec.structs.replace(server, **given))


def _address(server: Server, place: socket.socket) -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{'http' if server.tls_certificate is None else 'https'}://{host}:{place.getsockname()[1]}"


def _taken(error: OSError) -> ConfigurationError:
    reason = error.strerror or "no such host"
    return ConfigurationError(f"server.host and server.port cannot be listened on: {reason}")
