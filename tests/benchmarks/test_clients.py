"""The clients' benchmark measures whole answers or says that there is no figure."""

from pathlib import Path

import pytest

from benchmarks import answers, clients
from benchmarks.children import Unmeasured
from tests.agents.wire import certificates, server_context


@pytest.mark.instrument
async def test_every_client_is_measured_at_every_kind_of_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_PACE_S", 0.0)
    async with answers.serving(server_context(*certificates(tmp_path))) as ports:
        rows = await clients.measure(ports, tmp_path / "root.pem", rounds=1, calls=1)
    expected = {(name, scheme, path) for name in clients.clients() for scheme in ports for path in answers.SIZES}
    assert {(row.client, row.scheme, row.path) for row in rows} == expected
    assert all(row.wall_us > 0 for row in rows)
    told = clients.lines(rows)
    assert len(told) == len(rows)
    assert any("pyreqwest " in line and "1.00 times" in line for line in told)


async def test_an_answer_that_is_not_whole_is_no_figure() -> None:
    async def call(path: str) -> int:
        return 1

    with pytest.raises(Unmeasured):
        await clients.timed(call, answers.SHORT, 1)
