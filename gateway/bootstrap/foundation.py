"""What the parts of an exchange stand on."""

from collections.abc import Mapping

import msgspec

from gateway.agents.client import AgentClient
from gateway.agents.registry import Registry
from gateway.bootstrap.schemas import Declared
from gateway.bootstrap.site import Site
from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import PolicySet
from gateway.core.ports import Bounds, Failpoint
from gateway.store.sealing import Sealer
from gateway.store.writer_base import LedgerWriter


class Foundation(msgspec.Struct, frozen=True, kw_only=True):
    """What was opened and loaded before any part is built."""

    site: Site
    engine: Engine
    policy: Policy
    policy_set: PolicySet
    """What `policy` was made of: files that it names are read from there, and not from a directory that may change."""
    declared: Declared
    registry: Registry
    client: AgentClient
    bounds: Bounds
    writers: Mapping[str, LedgerWriter]
    """By tenant's id in the ledger."""
    sealer: Sealer
    failpoint: Failpoint | None = None
