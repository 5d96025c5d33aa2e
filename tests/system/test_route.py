"""The sentence that the product is built on, on both databases, through a real server with real agents."""

from gateway.settings import Settings
from tests.system.site import system


async def test_health_data_for_a_cloud_agent_is_answered_in_house_and_both_can_see_why(database: Settings) -> None:
    async with system(database) as site:
        key = await site.key("clinician")
        answer = await site.chat(key, "Mr. John Carter, MRN 4481920, was diagnosed with diabetes.")
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-routed-agent"] == "ward"
        assert answer.headers["x-decision"] == "route"
        assert not site.agents["cloud"].received
        trail = await site.trail(answer.headers["x-exchange-id"])
        assert [record["event"] for record in trail] == ["exchange.requested", "exchange.completed"]
        assert trail[0]["agent"] == "ward"
        assert trail[0]["candidates"][0]["agent"] == "cloud"
        assert trail[0]["candidates"][0]["answer"] == "deny"
        assert "phi" in trail[0]["classes"]["found"]
