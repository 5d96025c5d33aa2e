"""Every setting: typed, read once at start, validated whole, frozen after.

Values of a `[section]` may come from the environment as `GATEWAY_<SECTION>_<KEY>`; `[[tables]]` from the file alone.
A key that is not known is an error that names the nearest one that is. Errors name the key, never its value.

`Settings`    the whole of `gateway.toml`, one frozen value                      `settings`
`load`        from a file and the environment to settings, or an error           `loading`
`secret`      what a reference to a secret stands for                            `loading`
`with_id`     what is wrong with a table, with the table's id                     `loading`
`consistent`  what must hold of them as a whole: references, bounds              `consistent`
`check_*`     what values of more than one section must look like                `forms`

Each subject has its file, with its sections and tables and what must hold of them: `server`, `policy`, `zones`,
`networks`, `agents`, `capabilities`, `identity`, `limits`, `sessions`, `approvals`, `tasks`, `callbacks`, `subjects`,
`evidence`, `forwarding`, `advise`, `archive`, `retention`, `scheduling`, `witnesses`, `tsas`, `emergency`.
"""

from gateway.settings.advise import AdviseSettings
from gateway.settings.agents import A2a, Agent, Breaker
from gateway.settings.approvals import ApprovalSettings, BreakGlass, Channel
from gateway.settings.archive import ArchiveSettings
from gateway.settings.callbacks import Callback
from gateway.settings.capabilities import Capability
from gateway.settings.emergency import EmergencySettings
from gateway.settings.evidence import Encryption, EvidenceSettings
from gateway.settings.forwarding import Forward
from gateway.settings.identity import Certificate, Issuer, Tenant, check_named, keys_address, may_name
from gateway.settings.limits import BUILT_IN_LIMITS, BY_TLS, MEMORY, Limit, Limits, Price
from gateway.settings.loading import load, parse, secret, with_id
from gateway.settings.networks import OUTSIDE
from gateway.settings.retention import Retention
from gateway.settings.scheduling import Schedule
from gateway.settings.server import LedgerSettings, Server, check_passphrase, same_database
from gateway.settings.sessions import DelegationSettings
from gateway.settings.settings import Settings
from gateway.settings.subjects import SubjectSettings
from gateway.settings.tasks import TaskSettings
from gateway.settings.tsas import Tsa
from gateway.settings.zones import Zone

__all__ = [
    "BUILT_IN_LIMITS",
    "BY_TLS",
    "MEMORY",
    "OUTSIDE",
    "A2a",
    "AdviseSettings",
    "Agent",
    "ApprovalSettings",
    "ArchiveSettings",
    "BreakGlass",
    "Breaker",
    "Callback",
    "Capability",
    "Certificate",
    "Channel",
    "DelegationSettings",
    "EmergencySettings",
    "Encryption",
    "EvidenceSettings",
    "Forward",
    "Issuer",
    "LedgerSettings",
    "Limit",
    "Limits",
    "Price",
    "Retention",
    "Schedule",
    "Server",
    "Settings",
    "SubjectSettings",
    "TaskSettings",
    "Tenant",
    "Tsa",
    "Zone",
    "check_named",
    "check_passphrase",
    "keys_address",
    "load",
    "may_name",
    "parse",
    "same_database",
    "secret",
    "with_id",
]
