"""`gateway`, and `python -m gateway.cli` where its script is not installed."""

import gc
import sys


def run() -> int:
    """`gateway.cli.main.main`, read in without looking for garbage: there is none yet."""
    gc.disable()
    from gateway.cli.main import main  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    return main()


if __name__ == "__main__":
    sys.exit(run())
