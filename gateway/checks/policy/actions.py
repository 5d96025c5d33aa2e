"""Which actions a message to an agent can have: by its protocol, and of a plain HTTP agent by its routes.

Policy is asked about a route by its template (`http:POST:/notes/{id}`), whatever stands in the path: a rule about one
path of it would never match.
"""

import msgspec

from gateway.checks.policy import words
from gateway.checks.policy.structure import AgentFacts

TOOL, HTTP = "tool:", "http:"
_CONVERSING = frozenset({"chat", "responses"})


class Actions(msgspec.Struct, frozen=True):
    """`named`: actions in full; `kinds`: beginnings behind which any name may stand (`tool:`)."""

    named: frozenset[str]
    kinds: tuple[str, ...] = ()

    def has(self, action: str) -> bool:
        """Whether a message to the agent can have this action."""
        return action in self.named or action.startswith(self.kinds)

    @property
    def told(self) -> str:
        """In words, for who named another one."""
        return ", ".join((*sorted(self.named), *(f"{kind}<name>" for kind in self.kinds)))

    def meet(self, pattern: str) -> bool:
        """Whether one of them fits the pattern of a rule (`Rule.pattern`)."""
        return any(words.action_matches(action, pattern) for action in self.named) or any(
            _begun(kind, pattern) for kind in self.kinds
        )


def actions(agent: AgentFacts) -> Actions:
    """Of an agent as it is configured. Which tools an agent has, and which kinds of tools a provider runs, is nowhere
    written down; nor is what an OpenAPI document holds, here, where that alone says the routes."""
    match agent.protocol:
        case "http" if agent.routes:
            return Actions(frozenset(HTTP + route.replace(" ", ":", 1) for route in agent.routes))
        case "http":
            return Actions(frozenset(), (HTTP,))
        case "mcp":
            return Actions(frozenset({"message", "task"}), (TOOL,))
        case "a2a":
            return Actions(frozenset({"message", "task", "onward:push", "onward:url"}))
        case "openai" if agent.apis:
            converses = not _CONVERSING.isdisjoint(agent.apis)
            named = ({"chat", "respond"} if converses else set()) | ({"embed"} if "embeddings" in agent.apis else set())
            return Actions(frozenset(named), (words.ONWARD,))
        case "anthropic":
            return Actions(frozenset({"chat", "respond"}), (words.ONWARD,))
        case _:
            return Actions(frozenset({"chat", "respond", "embed"}), (words.ONWARD,))


def _begun(kind: str, pattern: str) -> bool:
    if kind == words.ONWARD:  # no pattern but that of everything has any of them
        return pattern == words.EVERY_ACTION or pattern.startswith(words.ONWARD)
    return not pattern.startswith(words.ONWARD) and words.actions_meet(f"{kind}*", pattern)
