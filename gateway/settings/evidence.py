"""Evidence bundles: where they lie, for how long, and how many may wait."""

import msgspec

from gateway.settings.forms import check_between


class EvidenceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bundles that the API builds."""

    directory: str = "bundles"
    """Where they lie: private to the gateway, and shared by its nodes where any of them is to give them out."""
    keep_days: int = 30
    """Days after which the file of a bundle is deleted. What it was made of is there as before."""
    queue: int = 20
    """Bundles of one tenant that may wait or be built; they are built one after another."""


def check_evidence(evidence: EvidenceSettings) -> None:
    check_between("evidence.keep_days", evidence.keep_days, 1, 3_650)
    check_between("evidence.queue", evidence.queue, 1, 1_000)
