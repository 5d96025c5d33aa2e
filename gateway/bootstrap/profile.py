"""`[ledger] profile = "production"`: what a ledger must have for its proofs to say anything against its own owner.

A witness that is not this machine, asked before anything is recorded; and signing keys that whoever copies this host's
files does not have. Whose the other machine is, and who else can use the token, no program finds out: the ceremony of
docs/keys.md is for that.
"""

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from gateway.core.errors import ConfigurationError
from gateway.ledger.note import Signer
from gateway.settings import Settings
from gateway.settings.witnesses import Witness


def lacking(settings: Settings, signers: Iterable[Signer]) -> tuple[str, ...]:
    """What is missing of the profile, a sentence each; none without a profile. `signers`: who signs for the
    ledgers, those too that were replaced and sign beside the newest."""
    if settings.ledger.profile is None:
        return ()
    found: list[str] = []
    outside = [one for one in settings.witness if _elsewhere(one)]
    needed = settings.ledger.witness_quorum or len(settings.witness)
    here = len(settings.witness) - len(outside)
    if not settings.witness:
        found.append("a [[witness]] on another machine, under another administrator")
    elif len(outside) < needed or here >= needed:  # a quorum of its own is nobody else's word
        found.append(
            "a witness_quorum of [[witness]] tables that are https:// addresses of other machines than this, and that "
            "those on this machine do not make up by themselves"
        )
    if any(signer.reference is None for signer in signers):
        found.append(
            "signing keys outside of this host's files: set keys.pkcs11_module, and move each ledger's key there with "
            "`gateway keys rotate --ledger` and `gateway keys retire --early`"
        )
    return tuple(found)


def demand(settings: Settings, signers: Iterable[Signer]) -> None:
    """`ConfigurationError` says all that is missing."""
    found = lacking(settings, signers)
    if found:
        raise ConfigurationError(f"ledger.profile = production needs {'; and '.join(found)}")


def _elsewhere(witness: Witness) -> bool:
    """Whether a witness is on another machine, as far as its address tells: over TLS, by none of this one's own names
    and addresses. What its name stands for is not looked up, which could be another thing the next time."""
    parts = urlsplit(witness.url)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme != "https" or host in _own_names():
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return not host.endswith(".localhost")
    return not (address.is_loopback or address.is_unspecified or str(address) in _own_addresses())


def _own_names() -> frozenset[str]:
    return frozenset({"localhost", socket.gethostname().lower(), socket.getfqdn().lower()})


def _own_addresses() -> frozenset[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:  # this machine has no address under its name: then none of them is known to be its own
        return frozenset()
    return frozenset(str(entry[4][0]) for entry in found)
