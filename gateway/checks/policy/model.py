"""The one casbin model, and the check that a `model.conf` says the same.

A matcher is code: one with a literal alternative (`|| r.caller == "x"`) allows with no rule at all, and another effect
turns first-match into any-match. So `model.conf` is there to be read and versioned, not to be varied: a file that says
anything else is refused.
"""

import re

from gateway.core.errors import ConfigurationError

MODEL = """\
[request_definition]
r = caller, data, agent, action, purpose, facts

[policy_definition]
p = priority, role, data, agent, action, purpose, when, eft, obligations, id, text

[role_definition]
g = _, _
g2 = _, _
g3 = _, _

[policy_effect]
e = priority(p.eft) || deny

[matchers]
m = g(r.caller, p.role) && g2(r.data, p.data) && g3(r.agent, p.agent) && action(r.action, p.action) && \
purpose(r.purpose, p.purpose) && holds(r.facts, p.when)
"""

COLUMNS = ("priority", "role", "data", "agent", "action", "purpose", "when", "eft", "obligations", "id", "text")

_SECTION = re.compile(r"\[([a-z_]+)\]")


def check(data: bytes, file: str = "model.conf") -> None:
    """`ConfigurationError` unless the file means what `MODEL` means: spacing, comments and order of sections apart."""
    expected = _meaning(MODEL, file)
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file}: must be ASCII") from error
    found = _meaning(text, file)
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            raise ConfigurationError(
                f"{file}: {key} is not that of the model that ships; the model is fixed, rules belong in policy.csv"
            )


def _meaning(text: str, file: str) -> dict[str, str]:
    """`section.key` → value without spaces, continuation lines joined, comments left out."""
    values: dict[str, str] = {}
    section = ""
    for number, line in enumerate(re.sub(r"\\\r?\n", "", text).splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith(("#", ";")):
            continue
        if header := _SECTION.fullmatch(line):
            section = header.group(1)
            continue
        key, equals, value = line.partition("=")
        name = f"{section}.{key.strip()}"
        if not equals or not section:
            raise ConfigurationError(f"{file}:{number}: must be [section] or key = value")
        if name in values:
            raise ConfigurationError(f"{file}:{number}: {name} is there twice")
        values[name] = re.sub(r"\s+", "", value)
    return values
