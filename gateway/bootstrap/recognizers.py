"""From a policy to the engine that searches for what it names: recognizers that ship, and the operator's own."""

from collections.abc import Mapping

from gateway.agents.bare import bare
from gateway.agents.ner import NerService
from gateway.bootstrap.clock import SystemClock
from gateway.checks.classification.classes import CLASS_TYPES
from gateway.checks.classification.engine import Engine
from gateway.checks.classification.masking import TYPES
from gateway.checks.classification.own import FOLDER, Operators, load, prove
from gateway.checks.policy.policy import Policy
from gateway.core.errors import ConfigurationError
from gateway.core.ports import Clock
from gateway.exchange.spaced import give_way
from gateway.settings import Settings

_PROOF_MS = 1e9
"""Proving has all the time it takes: `scan_text` has no budget."""


def engine_of(policy: Policy, clock: Clock, budget_ms: float) -> Engine:
    """The engine to serve this policy with. `ConfigurationError` names file and field of what must not be served with:
    a class that the policy has not, a text that shows something else than the file says, a type that a rule masks and
    that no recognizer finds."""
    operators = load(policy.recognizers, policy.implied)
    for place, name in operators.classes:
        if name not in policy.known_classes:
            raise ConfigurationError(f"{place}: must name a class of a g2 line of the policy")
        for shipped in CLASS_TYPES:
            # Masking the operator's types would leave what else makes the class.
            if name not in CLASS_TYPES and name in policy.implied((shipped,)):
                raise ConfigurationError(f"{place}: must not name a class that {shipped} implies by an i line")
    engine = _compiled(operators, clock, budget_ms)
    prove(operators, engine)
    for row, kind in policy.sought:
        if kind not in TYPES and not engine.knows(kind):
            raise row.error("obligations", "redact:<types> must name types that some recognizer finds")
    return engine


def ner_of(settings: Settings) -> NerService:
    """The back end that is configured; `ConfigurationError` where none is. To be used as a context."""
    ner = settings.ner
    if ner.url is None or ner.name is None:
        raise ConfigurationError("ner.url and ner.name must name a back end")
    ca = None if ner.ca is None else str(settings.path(ner.ca))
    route = bare("_ner", ner.url, ca=ca, addresses=ner.addresses, timeout_s=ner.timeout_s)
    return NerService(route, name=ner.name, types=TYPES)


def proved(files: Mapping[str, bytes]) -> int:
    """How many texts of the recognizers in a policy directory (relative paths → bytes) were searched, and showed what
    their files say; `ConfigurationError` names the first that did not."""
    members = {name: data for name, data in files.items() if name.startswith(FOLDER) and name.endswith(".toml")}
    operators = load(members)
    if operators.examples:
        prove(operators, _compiled(operators, SystemClock(), _PROOF_MS))
    return len(operators.examples)


def _compiled(operators: Operators, clock: Clock, budget_ms: float) -> Engine:
    try:
        return Engine(clock=clock, budget_ms=budget_ms, recognizers=operators.registry, give_way=give_way)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{FOLDER}: all patterns and words together must be fewer: they are more than one search can hold"
        ) from error
