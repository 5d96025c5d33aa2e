"""Reads labelled text of others.

`*.jsonl`: `text`, `template`, `spans[{type,start,end}]` (characters, `end` exclusive) and, for texts without personal
data, `category`. `*.conll.txt`: `token tag` lines, sentences apart by a blank line, of which `I-PER` counts.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from benchmarks.corpus.rows import Row, Span

NAMES = {
    "PERSON": "person",
    "STREET_ADDRESS": "street-address",
    "GPE": "place",
    "ORGANIZATION": "organization",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "DATE_TIME": "date",
    "TITLE": "title",
    "AGE": "age",
    "EMAIL_ADDRESS": "email",
    "ZIP_CODE": "postal-code",
    "DOMAIN_NAME": "url",
    "IBAN_CODE": "iban",
    "US_SSN": "us-ssn",
    "IP_ADDRESS": "ip",
    "US_DRIVER_LICENSE": "us-driver-license",
    "NRP": "nrp",
}
"""presidio-research's names of types → ours; a type that is not here is taken for one of ours."""
_TIGHT = {".", ",", ";", ":", "?", "!", ")", "'s", "''"}


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """The readable files among these and in these folders, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(item for item in path.iterdir() if item.name.endswith((".jsonl", ".conll.txt")))
        elif path.is_file():
            yield path


def read(file: Path) -> list[Row]:
    """The rows of a file, with our names of types. `ValueError` naming the line that is not in one of the forms."""
    if file.name.endswith(".conll.txt"):
        return [rebuilt(tokens) for tokens in _sentences(file)]
    found: list[Row] = []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=Row)
        except msgspec.MsgspecError as error:
            raise ValueError(f"{file.name}, line {number}: needs text and spans of type, start and end") from error
        if any(not 0 <= span.start < span.end <= len(row.text) for span in row.spans):
            raise ValueError(f"{file.name}, line {number}: a span must lie within the text")
        spans = tuple(Span(NAMES.get(span.type, span.type), span.start, span.end) for span in row.spans)
        found.append(Row(row.text, spans, row.template, row.category))
    return found


def _sentences(file: Path) -> Iterator[list[tuple[str, str]]]:
    sentence: list[tuple[str, str]] = []
    for line in [*file.read_text("utf-8").splitlines(), ""]:
        token, _, tag = line.rpartition(" ")
        if token:
            sentence.append((token, tag))
        elif sentence:
            yield sentence
            sentence = []


def rebuilt(tokens: list[tuple[str, str]]) -> Row:
    """The sentence with spaces as people write them, and a span for each run of I-PER."""
    text = ""
    people: list[Span] = []
    inside = False
    for token, tag in tokens:
        if text and token not in _TIGHT and not text.endswith("("):
            text += " "
        start = len(text)
        text += token
        if tag.endswith("PER"):
            begin = people.pop().start if inside else start
            people.append(Span("person", begin, len(text)))
        inside = tag.endswith("PER")
    return Row(text, tuple(people))
