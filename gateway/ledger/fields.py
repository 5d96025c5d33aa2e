"""The kinds of values that an envelope and a detail may hold, with their bounds: the typed decoder enforces them.

It asks Python for each text with a fixed form, which costs half of all that it does. So in the few fields that nearly
all records have (`OftenBase64`, `OftenTime`) it holds the length alone, and `record` looks at the forms of all of them
at once, joined: of texts that are each as long as their form is, one expression says as much as one for each.
"""

import re
from typing import Annotated

from msgspec import Meta

from gateway.core.canonical import MAX_INTEGER
from gateway.ledger import times

_BASE64_32 = r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z"  # padding bits zero: one text for one value (RFC 4648 §3.5)

Id = Annotated[str, Meta(min_length=1, max_length=64)]
"""A random id, or a fixed name in the place of one (`_system`)."""
Code = Annotated[str, Meta(min_length=1, max_length=64)]
"""One of a list of words that the code or a standard fixes."""
Name = Annotated[str, Meta(min_length=1, max_length=128)]
"""A registered name: of an agent, a rule, a model, a finding type; or a digest with its algorithm before it."""
Line = Annotated[str, Meta(max_length=256)]
"""A route template, or a value that a policy condition read."""
Base64 = Annotated[str, Meta(min_length=44, max_length=44, pattern=_BASE64_32)]
"""base64 of 32 bytes, standard alphabet, padded."""
TIME_CHARACTERS = 27
Time = Annotated[str, Meta(min_length=TIME_CHARACTERS, max_length=TIME_CHARACTERS, pattern=times.PATTERN)]
"""RFC 3339 in UTC with microseconds."""
OftenBase64 = Annotated[str, Meta(min_length=44, max_length=44, extra_json_schema={"pattern": _BASE64_32})]
"""`Base64`, whose form is for `all_base64`."""
OftenTime = Annotated[
    str, Meta(min_length=TIME_CHARACTERS, max_length=TIME_CHARACTERS, extra_json_schema={"pattern": times.PATTERN})
]
"""`Time`, whose form is for `all_times`."""
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Status = Annotated[int, Meta(ge=100, le=599)]
"""An HTTP status."""
MAX_NAMES = 64
Names = Annotated[tuple[Name, ...], Meta(max_length=MAX_NAMES)]

TOLD = 4096
Told = Annotated[str, Meta(max_length=TOLD)]
"""A text of a detail, much of it from outside: cut at its maximum length."""
ToldList = Annotated[tuple[Told, ...], Meta(max_length=256)]


def _joined(pattern: str) -> re.Pattern[str]:
    inner = pattern.removeprefix("^").removesuffix(r"\Z")
    return re.compile(f"(?:{inner})*+")


all_base64 = _joined(_BASE64_32).fullmatch
"""Whether texts of 44 characters, joined, are all in the form of `Base64`."""
all_times = _joined(times.PATTERN).fullmatch
"""Whether texts of 27 characters, joined, are all in the form of `Time`."""
