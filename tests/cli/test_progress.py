"""A bar for people at a terminal, and lines for whatever else reads along."""

import io

from gateway.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_grows() -> None:
    stream = Terminal()
    progress = Progress(stream, "records")
    for done in (0, 1, 500, 501, 1_000):
        progress(done, 1_000)
    progress.close()
    steps = stream.getvalue().split("\r")
    assert steps[1] == f"[{'.' * 40}]   0 %  0 of 1,000 records"
    assert steps[-1] == f"[{'#' * 40}] 100 %  1,000 of 1,000 records\n"
    assert len(steps) == 4  # what changes nothing is not written


def test_elsewhere_there_is_a_line_for_each_tenth_and_no_other() -> None:
    stream = io.StringIO()
    progress = Progress(stream, "records")
    for done in range(0, 101, 5):
        progress(done, 100)
    progress.close()
    lines = stream.getvalue().splitlines()
    assert (len(lines), lines[0], lines[-1]) == (11, "0 %: 0 of 100 records", "100 %: 100 of 100 records")


def test_what_is_nothing_is_done_at_once_and_what_never_began_says_nothing() -> None:
    stream, silent = Terminal(), Terminal()
    Progress(stream, "records")(0, 0)
    assert "100 %" in stream.getvalue()
    Progress(silent, "records").close()
    assert silent.getvalue() == ""
