"""Evidence bundles: where they lie and for how long, how many wait, to whom they are encrypted, and what they carry."""

from typing import Literal

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_between

Encryption = Literal["asked", "required", "configured"]
"""Whether a bundle is encrypted: where somebody asks for it; always; or always, and to the configured recipients
alone."""


Contents = Literal["never", "encrypted", "asked"]
"""Whether a bundle may carry kept content, where somebody who may asks for it: no; only encrypted; or as it is asked
for."""


class EvidenceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bundles that the API builds."""

    directory: str = "bundles"
    """Where they lie: private to the gateway, and shared by its nodes where any of them is to give them out."""
    keep_days: int = 30
    """Days after which the file of a bundle is deleted. What it was made of is there as before."""
    queue: int = 20
    """Bundles of one tenant that may wait or be built; they are built one after another."""
    processes: int = 2
    """That write a bundle of a large range: with two, one goes over the records while this one reads and writes
    them (`evidence.checking`)."""
    recipients: tuple[str, ...] = ()
    """Public keys of age or SSH that each bundle is encrypted to, beside those that are asked for. Their form is for
    `exchange.recipients` to check, which is done at each start."""
    encryption: Encryption = "asked"
    contents: Contents = "encrypted"


def check_evidence(evidence: EvidenceSettings) -> None:
    check_between("evidence.keep_days", evidence.keep_days, 1, 3_650)
    check_between("evidence.queue", evidence.queue, 1, 1_000)
    check_between("evidence.processes", evidence.processes, 1, 2)
    check_encryption("evidence", evidence.encryption, evidence.recipients)


def check_encryption(place: str, encryption: Encryption | None, recipients: tuple[str, ...]) -> None:
    """`ConfigurationError` where bundles are to be encrypted to configured recipients alone, and there are none."""
    if encryption == "configured" and not recipients:
        raise ConfigurationError(f"{place} must name recipients where bundles are encrypted to configured ones alone")
