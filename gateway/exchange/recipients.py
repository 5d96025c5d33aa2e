"""To whom a tenant's bundles are encrypted: what was asked for, and what the configuration says of it.

    asked       encrypted where somebody asks for it, or recipients are configured
    required    never in clear: without a recipient there is no bundle
    configured  encrypted to the configured recipients, and to nobody else

Configured recipients are always among them, in every case. A bundle that carries kept content is encrypted, unless
`[evidence] contents` lets it leave in clear, or never leave. What is decided here when a bundle is asked for is decided
again when it is written and when it is handed out, since the configuration may have become stricter meanwhile.
"""

from collections.abc import Sequence

from gateway.core.errors import ConfigurationError, FormatError
from gateway.core.refusal import Refusal
from gateway.evidence.age import MAX_RECIPIENTS, RECIPIENT, Recipient, parse_recipients
from gateway.settings import Encryption, Settings


def demand_recipients(settings: Settings) -> None:
    """`ConfigurationError` unless all that are configured are recipients, and can be encrypted to at once."""
    _configured("evidence.recipients", settings.evidence.recipients)
    for index, tenant in enumerate(settings.tenants):
        _configured(f"tenant[{index}].bundle_recipients", tenant.bundle_recipients or ())


def recipients_of(
    settings: Settings, tenant: str, asked: Sequence[str], *, contents: bool = False
) -> tuple[Recipient, ...] | Refusal:
    """Whom a bundle of a tenant (its configured id, or `_system`) is encrypted to, the configured ones first; nobody
    where it is to be in clear, and may be. `contents`: whether it carries kept content."""
    if contents and settings.evidence.contents == "never":
        return _unkept("false: the configuration lets no kept content leave in bundles")
    encryption, named = _said(settings, tenant)
    configured = parse_recipients(named)
    try:
        wanted = parse_recipients(asked)
    except FormatError:
        return _refused(f"at most {MAX_RECIPIENTS} of {RECIPIENT}, each once")
    found = (*configured, *(one for one in wanted if one not in configured))
    if encryption == "configured" and len(found) > len(configured):
        return _refused("none beside those that the configuration names")
    if len(found) > MAX_RECIPIENTS:
        return _refused(f"at most {MAX_RECIPIENTS} together with those that the configuration names")
    if encryption != "asked" and not found:
        return _refused(f"at least one of {RECIPIENT}: a bundle of this tenant leaves only encrypted")
    if contents and settings.evidence.contents == "encrypted" and not found:
        return _refused(f"at least one of {RECIPIENT}: a bundle with kept content leaves only encrypted")
    return found


def unfit(settings: Settings, tenant: str, recipients: Sequence[str], *, contents: bool = False) -> Refusal | None:
    """Why a bundle that was asked for with these recipients may not be written, or handed out, as it is any more."""
    found = recipients_of(settings, tenant, recipients, contents=contents)
    if isinstance(found, Refusal) and found.field == "contents":
        return Refusal(code="conflict", field="contents", hint="a bundle without kept content, asked for anew")
    if not isinstance(found, Refusal) and {one.text for one in found} == set(recipients):
        return None
    hint = "a bundle that is asked for anew: whom bundles are encrypted to is configured otherwise than it was"
    return Refusal(code="conflict", field="recipients", hint=hint)


def _said(settings: Settings, tenant: str) -> tuple[Encryption, tuple[str, ...]]:
    own = next((one for one in settings.tenants if one.id == tenant), None)
    encryption, named = settings.evidence.encryption, settings.evidence.recipients
    if own is not None and own.bundle_encryption is not None:
        encryption = own.bundle_encryption
    if own is not None and own.bundle_recipients is not None:
        named = own.bundle_recipients
    return encryption, named


def _configured(place: str, named: Sequence[str]) -> None:
    try:
        parse_recipients(named)
    except FormatError as error:
        raise ConfigurationError(f"{place}: {error}") from error


def _unkept(hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field="contents", hint=hint)


def _refused(hint: str) -> Refusal:
    return Refusal(code="parameter_invalid", field="recipients", hint=hint)
