"""Capabilities that several agents offer, and in which order those are asked."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.agents import Agent
from gateway.settings.forms import check_unique
from gateway.settings.limits import Price


class Capability(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which order the agents that offer a capability are asked. Without one of these, in that of the file."""

    id: str
    order: Literal["static", "fastest", "least_loaded", "cheapest"] = "static"


def check_capabilities(
    capabilities: tuple[Capability, ...], agents: tuple[Agent, ...], prices: Iterable[Price]
) -> None:
    """Each is one that is offered, is there once, and can be ordered as it says."""
    check_unique("capability", [capability.id for capability in capabilities])
    priced = list(prices)
    owners = {price.agent for price in priced if price.agent is not None}
    models = {price.model for price in priced if price.model is not None}
    for index, capability in enumerate(capabilities):
        offering = [agent for agent in agents if capability.id in agent.capabilities]
        if not offering:
            raise ConfigurationError(f"capability[{index}].id must name a capability that an [[agent]] offers")
        if capability.order == "cheapest" and not any(
            agent.id in owners or agent.model in models for agent in offering
        ):
            raise ConfigurationError(
                f"capability[{index}].order is cheapest, and no agent that offers it has a [[price]]: give it one"
            )
