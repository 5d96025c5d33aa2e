"""Processes of tests come from one server, also those of a process that was forked."""

import asyncio
import os
import warnings
from multiprocessing.connection import Connection

from tests.system.processes import child, share_server


def test_a_forked_process_has_its_processes_made_by_the_server_that_was_there() -> None:
    share_server()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads of this process are none of its business
        pid = os.fork()
    if pid == 0:
        try:
            os.write(writing, str(asyncio.run(_server_of_a_child())).encode("ascii"))
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with open(reading, encoding="ascii") as said:
        assert said.read() == str(asyncio.run(_server_of_a_child()))


async def _server_of_a_child() -> int:
    async with child(_tell_parent) as one:
        server: int = await one.told()
        return server


def _tell_parent(told: Connection) -> None:
    told.send(os.getppid())
