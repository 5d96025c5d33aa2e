"""`gateway`, and `python -m gateway.cli` where its script is not installed."""

import gc
import sys

_COLLECT = (20_000, 10, 10)
"""New objects from which on the youngest are looked through, and after how often the older ones are."""


def run() -> int:
    """`gateway.cli.main.main`, read in without looking for garbage: there is none yet. And little of that while the
    command's own modules are read in, which by Python's thresholds were a quarter of what a command takes."""
    gc.disable()
    from gateway.cli.main import main  # noqa: PLC0415

    gc.freeze()
    gc.set_threshold(*_COLLECT)
    gc.enable()
    return main()


if __name__ == "__main__":
    sys.exit(run())
