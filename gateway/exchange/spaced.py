"""Work that may take long gives way to others in between: while one message of megabytes is read, the event loop goes
on serving everybody else, and each of the two takes its turn.

The work is plain functions, and stays so: it runs in a greenlet that `give_way` leaves, wherever the work asks how
late it is, and that is gone on with in the loop's next round. Nothing runs at the same time; what is cancelled ends
where it gave way.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from greenlet import getcurrent, greenlet

SMALL = 4096
"""Bytes up to which work is done at once: to begin it so that it could be left costs a hundredth of a millisecond."""
Given = ParamSpec("Given")
Result = TypeVar("Result")


async def spaced(size: int, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """What `work` returns or raises, of what it is given. Others run wherever it gives way, where it is about more than
    a few bytes (`size`)."""
    if size <= SMALL:
        return work(*given, **named)
    running: Any = greenlet(work)
    running.gr_context = getcurrent().gr_context
    running.spaced = True
    found: Any = running.switch(*given, **named)
    while not running.dead:
        try:
            await asyncio.sleep(0)
        except BaseException:  # whoever waits for it is gone: the work ends here, and unwinds
            running.throw(*sys.exc_info())
            raise
        found = running.switch()
    result: Result = found
    return result


def give_way() -> None:
    """Let others run, in work that is `spaced`; nothing elsewhere."""
    current = getcurrent()
    if getattr(current, "spaced", False):
        current.parent.switch()
