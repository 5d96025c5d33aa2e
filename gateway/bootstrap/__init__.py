"""The only place where things are built and joined: from settings to a gateway that serves.

`open_site` is what every command needs (database, keyring, tenants, ledgers); `open_gateway` adds what serving needs.
Both are context managers: what they open they close, in the opposite order, also when the start fails half way.

`Site`        an opened installation                                       `site`, `clock`, `digests`
`Foundation`  what was opened and loaded before any part is built          `foundation`
`Gateway`     a gateway that is ready to serve                             `gateway`, and beside requests `background`,
                                                                           `readiness`, and at the end `ending`

Each subject has its file, with what builds its parts: `policies`, `takeover`, `hands`, `recognizers`, `schemas`,
`identity`, `agents`, `approvals`, `archiving`, `backups`, `limits`, `capacity`, `tasks`, `callbacks`, `reviews`,
`incidents`, `forwarding`, `scheduling`, `reporting`, `witnesses`, `stamps`; `exchange` joins them for the pipeline.

What is taken from here is imported when it is first asked for: most commands need a site and nothing that serves.
"""

from typing import TYPE_CHECKING

from gateway.core.lazily import lazily

if TYPE_CHECKING:
    from gateway.bootstrap.agents import JWKS_PATH
    from gateway.bootstrap.archiving import archiving_of, due, retained, retaining_of
    from gateway.bootstrap.backups import restore, take_backup
    from gateway.bootstrap.clock import SystemClock
    from gateway.bootstrap.digests import build_digest, config_digest
    from gateway.bootstrap.exchange import bounds_of, caching_of
    from gateway.bootstrap.forwarding import forwards_to
    from gateway.bootstrap.gateway import Gateway, open_gateway
    from gateway.bootstrap.incidents import incidents_of
    from gateway.bootstrap.limits import quotas_of, remote_counters
    from gateway.bootstrap.policies import frameworks_of, load_policy_set, policy_files, proposed
    from gateway.bootstrap.recognizers import engine_of, ner_of, proved
    from gateway.bootstrap.reporting import reporter_of, sign_offs_of
    from gateway.bootstrap.reviews import reviewing_of, sampler_of
    from gateway.bootstrap.schedules import Schedules
    from gateway.bootstrap.scheduling import scheduled_for
    from gateway.bootstrap.schemas import load_schemas
    from gateway.bootstrap.shipped import shipped_policies
    from gateway.bootstrap.site import DEFAULT_ORIGIN, Site, open_site
    from gateway.bootstrap.stamps import stampings_of
    from gateway.bootstrap.tasks import nats_messages, tasks_of
    from gateway.bootstrap.witnesses import witnesses_of

__all__ = [
    "DEFAULT_ORIGIN",
    "JWKS_PATH",
    "Gateway",
    "Schedules",
    "Site",
    "SystemClock",
    "archiving_of",
    "bounds_of",
    "build_digest",
    "caching_of",
    "config_digest",
    "due",
    "engine_of",
    "forwards_to",
    "frameworks_of",
    "incidents_of",
    "load_policy_set",
    "load_schemas",
    "nats_messages",
    "ner_of",
    "open_gateway",
    "open_site",
    "policy_files",
    "proposed",
    "proved",
    "quotas_of",
    "remote_counters",
    "reporter_of",
    "restore",
    "retained",
    "retaining_of",
    "reviewing_of",
    "sampler_of",
    "scheduled_for",
    "shipped_policies",
    "sign_offs_of",
    "stampings_of",
    "take_backup",
    "tasks_of",
    "witnesses_of",
]
__getattr__ = lazily(
    __name__,
    {
        "agents": ("JWKS_PATH",),
        "archiving": ("archiving_of", "due", "retained", "retaining_of"),
        "backups": ("restore", "take_backup"),
        "clock": ("SystemClock",),
        "digests": ("build_digest", "config_digest"),
        "exchange": ("bounds_of", "caching_of"),
        "forwarding": ("forwards_to",),
        "gateway": ("Gateway", "open_gateway"),
        "incidents": ("incidents_of",),
        "limits": ("quotas_of", "remote_counters"),
        "policies": ("frameworks_of", "load_policy_set", "policy_files", "proposed"),
        "recognizers": ("engine_of", "ner_of", "proved"),
        "reporting": ("reporter_of", "sign_offs_of"),
        "reviews": ("reviewing_of", "sampler_of"),
        "schedules": ("Schedules",),
        "scheduling": ("scheduled_for",),
        "schemas": ("load_schemas",),
        "shipped": ("shipped_policies",),
        "site": ("DEFAULT_ORIGIN", "Site", "open_site"),
        "stamps": ("stampings_of",),
        "tasks": ("nats_messages", "tasks_of"),
        "witnesses": ("witnesses_of",),
    },
)
