"""What is on record tells whether a gateway did its work for every request."""

import msgspec
import pytest

from benchmarks.trail import Trail, missing

GOOD = Trail(reached_agent=10, intents=10, ended=10, with_findings=0.33, pairs=50)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"intents": 9, "ended": 9}, "10 requests reached the agent, 9 intents"),
        ({"ended": 9}, "10 exchanges were opened, 9 ended"),
        ({"with_findings": 0.1}, "findings in 10%"),
        ({"pairs": 49}, "49 pairs"),
    ],
)
def test_figures_do_not_count_when_the_record_falls_short(change: dict[str, object], said: str) -> None:
    assert missing("sqlite", GOOD) == []
    assert any(said in fault for fault in missing("sqlite", msgspec.structs.replace(GOOD, **change)))
