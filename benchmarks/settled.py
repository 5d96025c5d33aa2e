"""Garbage collected as in a process that serves, for as long as something is measured."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.cli.serve import settle


@contextmanager
def settled() -> Iterator[None]:
    """Of what is there once, nothing is gone through again; all is as before afterwards."""
    before = gc.get_threshold()
    settle()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
