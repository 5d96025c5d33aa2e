"""A node that serves takes over the version that somebody has activated: built beside the old one, swapped in one go.

What differs between two versions that fit the same settings is rules, recognizers, what they make known, and what the
files say that agents name; agents, issuers and zones are part of the settings, and a version that was made for others
is none that this node can serve by. So one policy, one engine and what is declared of agents are built anew, in a
thread, and take the place of those that everything here holds (`become`): no part is ever half of one version and half
of the other. Requests that were classified or decided under the former are refused at the append and decided again
(`pipeline`), those that were read by other files are read again.

Where the version cannot be served by here, the node stays as it is: not ready, and refusing at the append. So it does
where rows alone say that one is active, which the records of the ledgers do not (`exchange.activations`).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from gateway.agents.http import HttpAdapter
from gateway.bootstrap.exchange import caching_of
from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.limits import quotas_of
from gateway.bootstrap.policies import InForce, proposals_of, servable
from gateway.bootstrap.recognizers import engine_of
from gateway.bootstrap.schemas import Declared
from gateway.checks.access.shipped import ROLES
from gateway.checks.classification.engine import Engine
from gateway.checks.policy.policy import Policy
from gateway.checks.policy.version import SCHEMAS, PolicySet
from gateway.core.errors import ConfigurationError, GatewayError, LedgerUnavailable, VerificationError
from gateway.core.ids import SYSTEM
from gateway.exchange.parts import Parts

WATCH_S = 3.0
"""Seconds between two looks at what is active, for a node that nobody asks meanwhile."""
PATIENCE_S = 10.0
"""How long a request waits for the version that it is to be decided by."""
AGAIN_NS = 1_000_000_000
"""After a version could not be taken over, the next try is not before this."""
_TRIES = 4
_log = logging.getLogger("gateway.policy")


class _Version(NamedTuple):
    """What a version is served by."""

    policy: Policy
    engine: Engine
    declared: Declared | None
    """None where the files that agents name are those that are served by."""


class TakeOver:
    """Keeps what a node serves by to what is active."""

    def __init__(self, base: Foundation) -> None:
        self.serving = base.policy_set
        """The policy set, of all tenants, that is served by."""
        self._base, self._proposals = base, proposals_of(base.site)
        self._in_force = InForce(base.site, base.writers, base.policy)
        self._ledgers = [entry.ledger for name, entry in base.site.tenants.items() if name != SYSTEM]
        self._swapped: Callable[[Policy, Engine], None] = lambda policy, engine: None
        self._http: tuple[HttpAdapter, ...] = ()
        self._task: asyncio.Task[bool] | None = None
        self._refused = ("", "")
        """The digest of a version that cannot be served by here, and why."""
        self._failed_ns: int | None = None
        self._told = ""

    def serves(self, parts: Parts) -> None:
        """What holds something of a version besides the policy and the engine themselves."""

        def swapped(policy: Policy, engine: Engine) -> None:
            parts.admission.knows(policy.known_classes)
            parts.scribe.searched_by(engine.version)
            parts.tokens.used = policy.tokenizes

        self._swapped = swapped
        speaking = (parts.protocols, *parts.offered.values())
        adapters = [one[HttpAdapter.protocol].adapter for one in speaking]
        self._http = tuple(adapter for adapter in adapters if isinstance(adapter, HttpAdapter))

    async def moved(self) -> bool:
        """Somebody has activated another version than this node decided by: True once it serves by what is active.
        False where it cannot, or not in time; then that goes on, and the next one who asks finds it."""
        now = self._base.site.clock.monotonic_ns()
        if self._task is None or self._task.done():
            if self._failed_ns is not None and now - self._failed_ns < AGAIN_NS:
                return False
            self._task = asyncio.create_task(self._tried())
        task = self._task
        await asyncio.wait([task], timeout=PATIENCE_S)
        return task.done() and not task.cancelled() and task.result()

    async def watch(self) -> None:
        """Look for what was activated, for ever."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self.look()
            except GatewayError as error:
                _log.debug("what is active could not be read: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 — whatever it was, the next look tries again
                _log.error("what is active could not be looked for: %s", type(error).__name__)

    async def look(self) -> None:
        """Take over what was activated, if anything was. Asks the database one question where nothing was."""
        known = all(self._in_force.known(ledger) for ledger in self._ledgers)
        if not known or await self._proposals.last() not in (None, self.serving.digest):
            await self.moved()

    async def stop(self) -> None:
        """Begin nothing more. What is built in a thread ends by itself, and takes no place."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _tried(self) -> bool:
        done, why = False, ""
        try:
            done = await self._taken()
            why = "" if done else "what is active was activated in a way that is not known here: start this node anew"
        except ConfigurationError as error:
            why = f"the active policy version cannot be served by here: {error}"
        except VerificationError as error:
            why = f"nothing is taken over: {error}"
        except GatewayError as error:
            why = f"what is active could not be read: {type(error).__name__}"
        except Exception as error:  # noqa: BLE001 — a defect in loading is no reason to decide by what is not active
            why = f"the active policy version could not be loaded: {type(error).__name__}"
        if why and why != self._told:
            _log.error("%s", why)
        self._told = why
        self._failed_ns = None if done else self._base.site.clock.monotonic_ns()
        return done

    async def _taken(self) -> bool:
        """False for what is active in a way that no proposal tells of. `ConfigurationError` for a version that cannot
        be served by, which is built once, however many requests meet it."""
        for _ in range(_TRIES):
            found = await self._proposals.in_force()
            if found is None:
                return False
            if found.digest == self._refused[0]:
                raise ConfigurationError(self._refused[1])
            if found.digest != self.serving.digest:
                await self._swap(found)
            if all([await self._in_force.asked(ledger) for ledger in self._ledgers]):
                return True
        raise LedgerUnavailable("other versions are activated all the time")

    async def _swap(self, found: PolicySet) -> None:
        try:
            built = await asyncio.to_thread(self._built, found)
        except ConfigurationError as error:
            self._refused = (found.digest, str(error))
            raise
        # From here on nothing waits: whoever asks finds all of the former version, or all of this one.
        self._base.policy.become(built.policy)
        self._base.engine.become(built.engine)
        if built.declared is not None:
            self._base.declared.become(built.declared)
            for adapter in self._http:
                adapter.become(self._base.declared.descriptions)
        self._swapped(self._base.policy, self._base.engine)
        self.serving, self._refused = found, ("", "")
        self._base.site.metrics.policy_taken()
        _log.warning("another policy version was activated, and is served by from now on")

    def _built(self, found: PolicySet) -> _Version:
        """Everything that a start would refuse, refused here too."""
        settings, clock = self._base.site.settings, self._base.site.clock
        policy, _ = servable(found, settings)
        engine = engine_of(policy, clock, settings.classification.budget_ms)
        # Labels of descriptions may name classes and types of this version alone, so that they are read in any case.
        declared = Declared(settings, policy, engine, found.members)
        HttpAdapter(self._base.registry, self._base.bounds, declared.descriptions)
        caching_of(settings, policy, clock)
        quotas_of(settings, policy, None, clock, lambda tenant, limit, what, hard: None)
        known = policy.known_roles | ROLES
        given = {role for one in settings.issuer for role in one.roles}
        given |= {role for one in settings.certificate for role in one.roles}
        if not known.issuperset(given):
            raise ConfigurationError("the roles of [[issuer]] and [[certificate]] must be roles that the policy knows")
        same = _schemas(found) == _schemas(self.serving)
        return _Version(policy, engine, None if same else declared)


def _schemas(found: PolicySet) -> dict[str, bytes]:
    return {name: data for name, data in found.members.items() if name.startswith(f"{SCHEMAS}/")}
