"""A report as data says of each block what it is."""

import json

from gateway.evidence.reports.document import Bars, Document, Fields, Form, Section, Table, Text, encode


def test_blocks_say_what_they_are() -> None:
    blocks = (Text("a"), Fields((("b", 1),)), Table("c", ("d",), (("e",),)), Bars("f", ()), Form("g", ()))
    made = Document(
        kind="period",
        title="t",
        subtitle="",
        ledger="l",
        since="s",
        until="u",
        first=0,
        end=1,
        created="c",
        generator="g",
        sections=(Section("id", "title", blocks),),
    )
    told = json.loads(encode(made))
    assert [block["type"] for block in told["sections"][0]["blocks"]] == ["text", "fields", "table", "bars", "form"]
    assert (told["first"], told["end"]) == (0, 1)
