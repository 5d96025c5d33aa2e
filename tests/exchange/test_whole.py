"""An answer that was read whole is held to its schema and to policy before any of it is given."""

from pathlib import Path

from gateway.settings import Settings
from tests.system.kit import PUBLIC, code, policies
from tests.system.site import system


async def test_an_answer_that_breaks_its_agents_schema_is_withheld_and_the_place_is_in_the_detail_alone(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    directory = tmp_path / "policies"
    section = policies(tmp_path)
    (directory / "schemas" / "answer.json").write_text('{"required": ["never"]}')
    agents = {"ward": {"zone": "in-house", "capabilities": ["summarize"], "answer_schema": "answer.json"}}
    async with system(sqlite_settings, agents=agents, policy=section) as site:
        answer = await site.chat(await site.key("clerk"), PUBLIC, model="ward")
        assert (answer.status_code, code(answer)) == (502, "agent_bad_answer")
        _, end = await site.trail(answer.headers["x-exchange-id"])
        assert end["outcome"]["code"] == "agent_bad_answer"
        assert "bytes" not in end["outcome"]
