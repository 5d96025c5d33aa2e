"""A policy of an operator's own: a data class that identifies somebody, what finds it, and a control framework."""

from pathlib import Path

from tests.checks.classification.test_own import BADGE, toml

CLASS = "staff"
TYPE = "x-badge"
LINES = (
    f"g2, class:{CLASS}, class:personal",
    f'p, 3, role:user, class:{CLASS}, zone:in-house, *, purpose:*, always, allow, redact, badge, "It is masked."',
)
FRAMEWORK = f"""
id = "house-rules"
title = "Rules of the house"
text = "What the house has promised its staff."

[[provision]]
id = "1"
title = "Staff numbers"
text = "Requests in which a staff number was found, by what was decided."
report = "counts"
columns = ["decision"]
sections = ["minimum"]
query = [{{event = "exchange.requested", data_class = "{CLASS}"}}]
"""


def add_to(policies: Path) -> None:
    """Into a policy directory: the recognizer, the framework and the lines."""
    (policies / "recognizers").mkdir(exist_ok=True)
    (policies / "recognizers" / "own.toml").write_bytes(toml({**BADGE, "classes": [CLASS]}))
    (policies / "frameworks" / "house-rules.toml").write_text(FRAMEWORK)
    with (policies / "policy.csv").open("a") as file:
        file.writelines(f"\n{line}" for line in LINES)
