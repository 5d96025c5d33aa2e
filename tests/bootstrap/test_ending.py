"""What a gateway does last comes after all that it still puts on record, and only where it was asked for."""

import json

from gateway.bootstrap import open_gateway, open_site
from gateway.bootstrap.ending import Ending, Last
from gateway.core.ids import SYSTEM
from gateway.settings import Settings
from tests.bootstrap.kit import configured


async def test_what_was_not_asked_for_is_not_done() -> None:
    done: list[str] = []

    async def last() -> None:
        done.append("last")

    async def waits(given: Last) -> None:
        done.append("waited for")
        await given()

    ending = Ending()
    await ending.run()
    assert done == []
    ending.ask(last, waits)
    await ending.run()
    assert done == ["waited for", "last"]


async def test_the_last_checkpoint_covers_what_comes_on_record_while_a_gateway_ends(sqlite_settings: Settings) -> None:
    """Failures that were counted came on record after it: who cut them off while nothing served was not found."""

    async def waits(last: Last) -> None:
        await last()

    settings = configured(sqlite_settings)
    async with open_gateway(settings) as gateway:
        for _ in range(3):
            gateway.pipeline.parts.failures.note("192.0.2.1", "credential_invalid")
        gateway.cover(waits)
    async with open_site(settings) as site:
        reader = site.reader(SYSTEM)
        newest = await reader.checkpoint()
        assert newest is not None
        records = [json.loads(one.envelope) async for one in reader.records(0, await reader.size())]
    after = [one["event"] for one in records[newest.size :]]
    assert "auth.failed" in [one["event"] for one in records[: newest.size]]
    assert after == ["checkpoint.published", "ledger.stopped"]
