"""The stage of a run: the installation, three agents and the gateway as processes, and a key for each caller."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gateway.demo.configuration import AGENTS, HOLDERS, STRANGER, create_key, prepare, write_verifier
from gateway.demo.processes import Processes, free_ports, gateway_command, is_free
from gateway.demo.seen import Logs

USUAL_PORT = 8787
KEY = "gateway.vkey"
"""The file of the ledger's public key."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that runs. `keys` are API keys by the name of who holds them."""

    directory: Path
    logs: Path
    port: int
    keys: Mapping[str, str]
    processes: Processes
    received: Logs

    @property
    def url(self) -> str:
        """The gateway's address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def stage(directory: Path, *, usual_port: bool) -> Iterator[Stage]:
    """Set everything up, and take it down when the block is left, whatever ends it.

    `usual_port`: the port of `interface.md`'s default where it is free, else any. `DemoError` for what does not start.
    """
    directory = directory.resolve()
    port, *others = free_ports(1 + len(AGENTS))
    port = USUAL_PORT if usual_port and is_free(USUAL_PORT) else port
    ports = dict(zip(AGENTS, others, strict=True))
    prepare(directory, port, ports)
    logs = directory / "logs"
    received = {agent: logs / f"{agent}.received.jsonl" for agent in AGENTS}
    with Processes(logs) as processes:
        for agent, program in AGENTS.items():
            module = f"gateway.demo.agents.{program}"
            arguments = ["--port", str(ports[agent]), "--log", str(received[agent])]
            processes.start(agent, [sys.executable, "-m", module, *arguments], directory)
        keys = {holder.name: create_key(directory, holder) for holder in HOLDERS}
        for agent in AGENTS:
            processes.await_ready(agent, ports[agent], "/healthz")
        write_verifier(directory, KEY)
        processes.start("gateway", gateway_command("serve"), directory)
        processes.await_ready("gateway", port, "/readyz")
        yield Stage(
            directory=directory,
            logs=logs,
            port=port,
            keys={**keys, "stranger": STRANGER},
            processes=processes,
            received=Logs(received),
        )
