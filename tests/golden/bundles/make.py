"""The golden bundles: good ones, and one for each defect, named for it.

Run to write them again (`python -m tests.golden.bundles.make`): they change only with a new form of
bundles. They hold no `verify.py` of their own, but a line in its place: its text changes with the program.
"""

import tempfile
from pathlib import Path
from unittest.mock import patch

from tests.evidence.apart import APART, LYING, apart
from tests.evidence.tampering import (
    CARRIED,
    DEEP,
    RAW,
    SHALLOW,
    STAMPED,
    attached,
    good,
    of_period,
    put_together,
    stamped,
    take_apart,
    with_contents,
)

HERE = Path(__file__).parent


def build() -> dict[str, bytes]:
    """File name → content."""
    with (
        patch("gateway.evidence.standalone.generate", lambda: "# verify.py\n"),
        patch("gateway.evidence.bundle.GENERATOR", "agent-compliance-gateway golden"),
        patch("gateway.evidence.readme.text", lambda origin: f"{origin}\n"),
        tempfile.TemporaryDirectory() as directory,
    ):
        whole = good(Path(directory, "good.zip"))
        more = attached(Path(directory, "good-with-attachments.zip"))
        dated = stamped(Path(directory, "good-with-stamps.zip"))
        opened = with_contents(Path(directory, "good-with-contents.zip"))
        away = apart(Path(directory, "good-with-emergencies.zip"))
        lying = {name: said(Path(directory, "said.zip")) for name, (_, said) in LYING.items()}
        period = of_period(Path(directory, "good-of-a-period.zip"))
    files = {"good.zip": whole, "good-with-attachments.zip": more, "good-of-a-period.zip": period}
    files["good-with-stamps.zip"], files["good-with-contents.zip"] = dated, opened
    files["good-with-emergencies.zip"] = away
    for name, members in lying.items():
        files[f"{name}.zip"] = put_together(members)
    for name, (_, change) in APART.items():
        files[f"{name}.zip"] = put_together(change(take_apart(away)))
    for name, (_, damage) in RAW.items():
        files[f"{name}.zip"] = damage(whole)
    for name, (_, change) in {**SHALLOW, **DEEP}.items():
        files[f"{name}.zip"] = put_together(change(take_apart(whole)))
    for name, (_, change) in STAMPED.items():
        files[f"{name}.zip"] = put_together(change(take_apart(dated)))
    for name, (_, change) in CARRIED.items():
        files[f"{name}.zip"] = put_together(change(take_apart(opened)))
    return files


def main() -> None:
    made = build()
    for path in HERE.glob("*.zip"):
        path.unlink()
    for name, data in made.items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
