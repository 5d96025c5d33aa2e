"""`[ledger] profile = "production"`: what a ledger must have for its proofs to say anything against its own owner.

A witness that is not this machine, asked before anything is recorded; and signing keys that whoever copies this host's
files does not have. Whose the other machine is, and who else can use the token, no program finds out: the ceremony of
docs/keys.md is for that.
"""

import logging
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_DGRAM, getfqdn, gethostname, inet_aton, socket
from typing import TypeAlias
from urllib.parse import urlsplit

from gateway.core.errors import ConfigurationError, LedgerUnavailable, PinRefused
from gateway.ledger.note import Signer
from gateway.settings import Settings
from gateway.settings.witnesses import Witness

Address: TypeAlias = IPv4Address | IPv6Address
_HOSTS = Path("/etc/hosts")
_log = logging.getLogger("gateway.keys")


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


def prove(settings: Settings, signers: Iterable[Signer]) -> None:
    """Each key that is on a token signs once, before anybody is served. `ConfigurationError` where the token refuses
    the PIN; where it cannot be used, with the profile `LedgerUnavailable`. Without one it may be away: what is recorded
    has its checkpoints once it is back."""
    for signer in signers:
        if signer.reference is None:
            continue
        try:
            _ = signer.sign(b"gateway start\n")
        except PinRefused as error:
            raise ConfigurationError(str(error)) from error
        except LedgerUnavailable as error:
            if settings.ledger.profile is not None:
                raise
            _log.warning("%s", error)


def _elsewhere(witness: Witness) -> bool:
    """Whether a witness is on another machine, as far as its address tells: over TLS, by none of this one's own names
    and addresses, however they are written. What its name stands for is looked up in this machine's own table alone;
    what a server of names says could be another thing the next time."""
    parts = urlsplit(witness.url)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme != "https" or not host:
        return False
    address = _address(host)
    if address is not None:
        return not _own(address)
    return host not in _own_names() and not host.endswith((".localhost", ".localdomain"))


def _address(host: str) -> Address | None:
    """The address that this is, in any of the forms that connecting takes (inet_aton(3): `127.1`, `0x7f000001`,
    `2130706433`); None for a name."""
    try:
        found = ip_address(host)
    except ValueError:
        try:
            return IPv4Address(inet_aton(host))
        except (OSError, UnicodeEncodeError):
            return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return found if mapped is None else mapped


def _own(address: Address) -> bool:
    """Whether it is one of this machine: what is sent there would come from that very address. Nothing is sent."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = AF_INET if address.version == 4 else AF_INET6
    try:
        with socket(family, SOCK_DGRAM) as asking:
            asking.connect((str(address), 9))
            return ip_address(asking.getsockname()[0].partition("%")[0]) == ip_address(str(address).partition("%")[0])
    except OSError:  # no way leads there from here, so that it is not here either
        return False


def _own_names() -> frozenset[str]:
    names = {"localhost", "ip6-localhost", "ip6-loopback", gethostname().lower(), getfqdn().lower()}
    return frozenset(names | set(_in_hosts()))


def _in_hosts() -> Iterator[str]:
    """The names that this machine's own table has for addresses of its own (hosts(5))."""
    try:
        lines = _HOSTS.read_text("utf-8", "replace").splitlines()
    except OSError:  # it has none
        return
    for line in lines:
        said, *names = line.partition("#")[0].split() or [""]
        address = _address(said) if said else None
        if address is not None and _own(address):
            yield from (name.rstrip(".").lower() for name in names)
