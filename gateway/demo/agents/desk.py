"""`desk`, in the house: answers from the desk's own table, calls the caller's tools, or extracts fields from a text.

Whatever stands in the table is invented: numbers are of the ranges that are kept for examples.
"""

import json
import re
from collections.abc import Iterator

from gateway.demo.agents.chat import Call, Chat, Reply, Tool
from gateway.demo.agents.service import serve
from gateway.demo.agents.text import content_words, key_words, sentences, summary

_TABLE = (
    ({"bed", "12"}, "Bed 12\nPatient: Ruth Ashdown\nMRN: 0048-3921\nAdmitted with pneumonia, on amoxicillin 500 mg."),
    ({"bed", "14"}, "Bed 14 is free since this morning."),
    ({"duty", "manager"}, "Duty manager\nContact: Colin Marsh, colin.marsh@desk.example.org, phone (212) 555-0147"),
    ({"courier"}, "The courier comes at 11:00 and 16:00."),
    ({"visiting", "hours"}, "Visiting hours are from 14:00 to 18:00, and until 19:00 on Sundays."),
    ({"opening", "hours"}, "The branch is open from 9:00 to 17:00, on Thursdays until 18:30."),
    ({"wire", "fee"}, "A domestic wire costs 15.00, an international one 35.00."),
    ({"guest", "wifi"}, "Guest network: riverside-guest, password: Heron-Lantern-42"),
    ({"card", "lost"}, "Block the card first, then order a new one; it arrives within four working days."),
    ({"account", "5550-1234"}, "Account 5550-1234: balance 1,204.55, last movement 42.10."),
    ({"account", "5550-9876"}, "Account 5550-9876: balance 88.00, last movement 310.00."),
)
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_FIELDS = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\[EMAIL\]")),
    ("card", re.compile(r"\b(?:\d[ -]?){15,16}\b|\[CARD\]")),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b|\[IBAN\]")),
    ("account", re.compile(r"\b\d{4}-\d{4}\b|\[ACCOUNT\]")),
    ("amount", re.compile(r"(?:USD|EUR|GBP|\$|€|£) ?\d[\d,]*(?:\.\d{2})?")),
    ("date", re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/\d{4}\b|\[DATE(?:-OF-BIRTH)?\]")),
    ("phone", re.compile(r"\(\d{3}\) \d{3}-\d{4}|\+\d[\d ]{8,16}\d|\[PHONE\]")),
    ("ticket", re.compile(r"\b[A-Z]{2,5}-\d{2,6}\b")),
    ("city", re.compile(r"\b(?:Lisbon|Porto|Dublin|Vienna|Boston|Denver)\b")),
    ("name", re.compile(r"(?:Mr|Mrs|Ms|Dr)\.? [A-Z][a-z]+(?: [A-Z][a-z]+)?|\[PERSON\]")),
)


def answer(chat: Chat) -> Reply:
    """In this order: what tools returned, a call of a tool that fits, the table, the fields in the text, a summary."""
    if chat.results:
        return Reply("\n".join(f"From the tool: {_flat(result)}" for result in chat.results))
    call = _call(chat)
    if call is not None:
        return Reply("", call)
    words = {token.lower() for token in _TOKEN.findall(chat.said)}
    rows = [row for key, row in _TABLE if key <= words]
    if rows:
        return Reply("\n".join(rows))
    fields = [f"{name}: {', '.join(found)}" for name, found in _extracted(chat.said)]
    if fields:
        return Reply("\n".join([*fields, f"about: {', '.join(key_words(chat.said, 3))}"]))
    return Reply(" ".join(summary(chat.said, 2)) or f"{len(sentences(chat.said))} sentences, nothing to look up.")


def _call(chat: Chat) -> Call | None:
    """The offered tool that shares most words with what was said, if everything it requires can be found there."""
    words = set(content_words(chat.said))
    ranked = sorted(chat.tools, key=lambda tool: -len(words & set(content_words(tool.name.replace("_", " ")))))
    for tool in ranked[:1]:
        arguments = dict(_arguments(tool, chat.said))
        if arguments and set(tool.required) <= set(arguments):
            return Call(tool.name, arguments)
    return None


def _arguments(tool: Tool, said: str) -> Iterator[tuple[str, str]]:
    """The tool's parameters whose kind of value stands in the text."""
    found = {name: values[0] for name, values in _extracted(said)}
    for parameter, description in tool.parameters.items():
        wanted = content_words(f"{parameter.replace('_', ' ')} {description}")
        value = next((found[word] for word in wanted if word in found), None)
        if value is not None:
            yield parameter, value


def _extracted(text: str) -> Iterator[tuple[str, list[str]]]:
    for name, form in _FIELDS:
        found = list(dict.fromkeys(match.strip() for match in form.findall(text)))
        if found:
            yield name, found


def _flat(result: str) -> str:
    """A tool's result in one line: the fields of an object, or the text as it is."""
    try:
        document = json.loads(result)
    except (ValueError, RecursionError):
        return " ".join(result.split())
    if not isinstance(document, dict):
        return " ".join(result.split())
    return ", ".join(f"{name} {value}" for name, value in document.items() if not isinstance(value, (dict, list)))


if __name__ == "__main__":
    serve("desk", answer)
