"""The desk looks up, calls tools, and extracts."""

from gateway.demo.agents.chat import Call, Tool
from gateway.demo.agents.desk import answer
from tests.demo.agents.asking import said

BALANCE = Tool("account_balance", {"account": "the account", "date": "day"}, ("account",))


def test_its_table_answers_what_it_knows() -> None:
    assert "35.00" in answer(said("What does an international wire cost, the fee?")).text
    assert "Ruth Ashdown" in answer(said("Who is in bed 12?")).text
    assert "free" in answer(said("Is bed 14 taken?")).text


def test_a_tool_that_fits_is_called_with_what_stands_in_the_text() -> None:
    reply = answer(said("Read the balance of account 5550-9876 on 2026-03-31.", tools=(BALANCE,)))
    assert reply.call == Call("account_balance", {"account": "5550-9876", "date": "2026-03-31"})


def test_a_tool_is_not_called_without_what_it_requires() -> None:
    assert answer(said("Read the balance on 2026-03-31.", tools=(BALANCE,))).call is None


def test_results_of_tools_are_told() -> None:
    reply = answer(said("x", results=('{"balance": "88.00", "inner": {}}', "plain  text", "[1]"), tools=(BALANCE,)))
    assert reply.text == "From the tool: balance 88.00\nFrom the tool: plain text\nFrom the tool: [1]"


def test_fields_are_extracted_from_a_text() -> None:
    text = answer(
        said("Mr. Anselm Brandt paid EUR 64.90 on 2026-03-31, ticket HD-2041, write to a.b@example.org.")
    ).text
    for line in ("email: a.b@example.org", "amount: EUR 64.90", "date: 2026-03-31", "ticket: HD-2041"):
        assert line in text
    assert "name: Mr. Anselm Brandt" in text


def test_masked_fields_are_told_as_masked() -> None:
    assert "email: [EMAIL]" in answer(said("Write to [EMAIL] today.")).text


def test_a_text_without_anything_is_summarised() -> None:
    assert answer(said("The lift is slow. The stairs are not.")).text == "The lift is slow. The stairs are not."
    assert answer(said("")).text == "0 sentences, nothing to look up."
