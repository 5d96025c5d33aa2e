"""Imported by nothing but the server that test processes are forked from: whatever a gateway makes once in a process is
made here once, and not in each process that is started."""

import gc

from gateway.cli import serve  # noqa: F401
from tests.system.warming import warm

warm()
gc.collect()
# What is there now stays as it is in all of them, so that none looks through it again.
gc.freeze()
