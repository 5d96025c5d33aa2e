"""What processing for a purpose of use is based on in law, as whoever answers for it has declared it."""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.identity import Tenant

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_BASIS = re.compile(r"[!-~](?:[ -~]{0,126}[!-~])?")


class Purpose(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    """As requests name it (`X-Purpose`), such as `TREAT`."""
    legal_basis: str
    """What records of such requests name, such as `Art. 9(2)(h)`."""
    tenants: tuple[str, ...] = ()
    """The tenants that it holds for; without any, all."""


def check_purposes(purposes: Sequence[Purpose], tenants: frozenset[str]) -> None:
    """`ConfigurationError` where one is not in its form, or a purpose has two legal bases for one tenant."""
    seen = set[tuple[str, str]]()
    for index, purpose in enumerate(purposes):
        place = f"purpose[{index}]"
        if not _ID.fullmatch(purpose.id):
            raise ConfigurationError(f"{place}.id must be 1 to 64 letters, digits and . _ -")
        if not _BASIS.fullmatch(purpose.legal_basis):
            raise ConfigurationError(f"{place}.legal_basis must be 1 to 128 characters of ASCII, no space around")
        if not tenants.issuperset(purpose.tenants):
            raise ConfigurationError(f"{place}.tenants names no [[tenant]]")
        if len({*purpose.tenants}) < len(purpose.tenants):
            raise ConfigurationError(f"{place}.tenants must name each tenant once")
        for one in _of(purpose, tenants):
            if one in seen:
                raise ConfigurationError(f"{place}.id is there twice for one tenant: it can have one legal_basis")
            seen.add(one)


def legal_bases(purposes: Iterable[Purpose], tenants: Iterable[Tenant]) -> Mapping[tuple[str, str], str]:
    """Tenant (its configured id) and purpose → the legal basis."""
    names = frozenset(tenant.id for tenant in tenants)
    return {one: purpose.legal_basis for purpose in purposes for one in _of(purpose, names)}


def _of(purpose: Purpose, tenants: frozenset[str]) -> list[tuple[str, str]]:
    return [(name, purpose.id) for name in purpose.tenants or sorted(tenants)]
