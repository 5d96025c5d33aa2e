"""How far something is that takes its time: a bar on a terminal, a line for each tenth elsewhere, on standard error."""

from typing import TextIO

WIDTH = 40


class Progress:
    """Told with how much is done of how much. `what` says of what, in the plural."""

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream, self._what, self._last = stream, what, -1
        self._bar = stream.isatty()

    def __call__(self, done: int, total: int) -> None:
        percent = 100 if total <= 0 else min(100, done * 100 // total)
        step = percent if self._bar else percent // 10 * 10
        if step <= self._last:
            return
        self._last = step
        if self._bar:
            filled = WIDTH * percent // 100
            bar = "#" * filled + "." * (WIDTH - filled)
            self._stream.write(f"\r[{bar}] {percent:3d} %  {done:,} of {total:,} {self._what}")
        else:
            self._stream.write(f"{step} %: {done} of {total} {self._what}\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing more comes: what is written next begins a line."""
        if self._bar and self._last >= 0:
            self._stream.write("\n")
            self._stream.flush()
