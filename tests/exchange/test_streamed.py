"""A stream is masked as it passes only for who may have all of it that nobody can mask."""

from gateway.settings import Settings
from tests.system.kit import PUBLIC, code, streamed
from tests.system.site import system


async def test_an_agent_whose_answers_all_have_a_class_streams_to_nobody_who_may_not_have_it(
    sqlite_settings: Settings,
) -> None:
    """However harmless the text looks, and although the setting asks for masking as it passes."""
    agents = {"ward": {"zone": "in-house", "capabilities": ["summarize"], "floor": ["phi"]}}
    async with system(sqlite_settings, agents=agents, classification={"stream": "mask"}) as site:
        site.agents["ward"].answer = lambda body: "The result is positive."
        denied = await site.chat(await site.key("clinician", zone="cloud"), PUBLIC, model="ward", stream=True)
        assert (denied.status_code, code(denied)) == (403, "answer_withheld")
        assert "positive" not in denied.text
        near = await site.chat(await site.key("clinician"), PUBLIC, model="ward", stream=True)
        assert streamed(near.text) == "The result is positive."
