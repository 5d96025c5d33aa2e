"""A stream that is read whole first is given again as it would have passed."""

import pytest

from gateway.settings import Settings
from tests.system.kit import MAIL, PUBLIC, streamed
from tests.system.site import system


@pytest.mark.parametrize("mode", ["mask", "buffer"])
async def test_a_stream_is_masked_the_same_in_both_ways_and_its_end_is_on_record(
    sqlite_settings: Settings, mode: str
) -> None:
    async with system(sqlite_settings, classification={"stream": mode}) as site:
        site.agents["ward"].answer = lambda body: f"Write to {MAIL} today."
        key = await site.key("clerk", zone="cloud")
        answer = await site.chat(key, PUBLIC, model="ward", stream=True)
        assert streamed(answer.text) == "Write to [EMAIL] today."
        assert answer.text.endswith("data: [DONE]\n\n")
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert (end["outcome"]["code"], end["decision"]["effect"]) == ("ok", "redact")
        assert end["response"]["media_type"] == "text/event-stream"
