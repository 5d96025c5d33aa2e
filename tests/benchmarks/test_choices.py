"""Every client is measured with and without TLS, every kind of route beside the one that is served."""

from pathlib import Path

import pytest

from benchmarks import choices
from benchmarks.children import split
from benchmarks.choices import Choice


def test_every_client_and_every_route_is_among_the_choices() -> None:
    found = choices.choices()
    assert len(set(found)) == len(found)
    for streamed in (False, True):
        assert {(one.client, one.scheme) for one in found if one.streamed is streamed} >= {
            (client, scheme) for client in ("ours", "pyreqwest") for scheme in ("http", "https")
        }
        assert {one.route for one in found if one.streamed is streamed} == {"before", "asgi", "post"}


@pytest.mark.instrument
def test_a_short_run_gives_a_row_for_each(tmp_path: Path) -> None:
    asked = [
        Choice(client="ours", route="before", scheme="http", streamed=False),
        Choice(client="pyreqwest", route="before", scheme="https", streamed=True),
    ]
    rows, faults = choices.measure(tmp_path, asked, seconds=0.5, rounds=1, cores=split())
    assert [row.choice for row in rows] == asked
    # Where the machine is busy so short a load may end before its first answer.
    assert all("nothing was answered" in fault for fault in faults)
    told = choices.lines(rows)
    assert told[0].startswith("request")
    assert told[1].startswith("delta")
