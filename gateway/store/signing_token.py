"""Signing keys on a PKCS#11 token (PKCS #11 v3.0 §2.3.15, CKM_EDDSA): a smart card, a hardware security module.

The private key is made there, cannot be taken out, and signs there; what is in the keyring is its public half and the
id under which the token has it. Whoever takes the host's files, backups among them, has no key.

A token is a machine of its own: away, slow, restarted, and now and then hung for good inside a call that nothing can
end. So each use is made on a thread of its own and waited for `WAIT_S`, a session that is lost is opened again once,
and while a use hangs all others fail at once. What fails is `LedgerUnavailable`: there is no checkpoint then, and the
next round tries again. But for a PIN that the token refused: it counts those and locks itself, so that neither this
process nor one that is started after it (`refused_pins`) gives it the same one again.
"""

import logging
import os
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PinIncorrect, PinInvalid, PinLenRange, PKCS11Error, UserAlreadyLoggedIn
from pkcs11.util.ec import encode_named_curve_parameters

from gateway.core.errors import ConfigurationError, FormatError, LedgerUnavailable, PinRefused
from gateway.ledger.note import Signer, Verifier
from gateway.store.key_files import REFERENCE
from gateway.store.refused_pins import RefusedPins

WAIT_S = 5.0
"""How long a use of a token may take: opening it, logging in and signing are some milliseconds on one that is well."""
_ED25519 = "1.3.101.112"
_ID_BYTES = 16
_SALT = os.urandom(16)
_refused: set[bytes] = set()
"""Of this process: what each token refused, as a hash of it."""
_REFUSED = (
    "the token refused keys.pkcs11_pin: it is not tried again until that is another one; where it is the token's by "
    "now, remove the files pin-*.refused beside the keys and restart"
)
_log = logging.getLogger("gateway.store")
T = TypeVar("T")


class TokenSigner(Signer):
    """A private key that is on a token. `sign` raises `LedgerUnavailable` where that cannot be used."""

    __slots__ = ("_token", "key")

    def __init__(self, verifier: Verifier, token: "Token", key: bytes) -> None:
        self.verifier, self._token, self.key = verifier, token, key

    @property
    def seed(self) -> bytes:
        raise ConfigurationError("a key on a token cannot be taken out")

    @property
    def reference(self) -> bytes:
        return REFERENCE + f"{self.key.hex()}+{self.verifier.vkey}\n".encode()

    def demand(self) -> None:
        self._token.demand()

    def sign(self, message: bytes) -> bytes:
        signature = self._token.sign(self.key, message)
        if not self.verifier.verify(message, signature):
            raise LedgerUnavailable("the token signed with another key than the ledger's")
        return signature


class Token:
    """One token, by its module and label. May be used from several threads; uses take turns."""

    def __init__(
        self, module: str, label: str, pin: Callable[[], str], wait_s: float = WAIT_S, beside: Path | None = None
    ) -> None:
        """Nothing is opened yet. `pin` is asked at each login, so that it need not be kept; `beside`: where PINs that
        were refused are remembered, the keyring's directory."""
        self._before = RefusedPins(beside)
        self._module, self._label, self._pin, self._wait_s = module, label, pin, wait_s
        self._turn = threading.Lock()
        self._hung: threading.Thread | None = None
        self._session: pkcs11.Session | None = None

    def generate(self, name: str) -> TokenSigner:
        """A new key, made on the token. `LedgerUnavailable` where it cannot be. A crash before its reference is kept
        leaves a key on the token that nothing refers to."""
        key = os.urandom(_ID_BYTES)

        def make(session: pkcs11.Session) -> bytes:
            parameters = {Attribute.EC_PARAMS: encode_named_curve_parameters(_ED25519)}
            domain = session.create_domain_parameters(KeyType.EC_EDWARDS, parameters, local=True)
            public, _ = domain.generate_keypair(
                mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=name, id=key
            )
            # A DER octet string around the 32 bytes (v3.0 §2.3.5), or these alone as some tokens have it.
            return bytes(public[Attribute.EC_POINT])[-32:]

        return TokenSigner(Verifier(name, self._used(make)), self, key)

    def signer(self, reference: bytes) -> TokenSigner:
        """The key of a reference. `FormatError` for what is none; whether the token has it shows when it signs."""
        text = reference.removeprefix(REFERENCE).decode("utf-8", "replace")
        key, _, vkey = text.removesuffix("\n").partition("+")
        try:
            made = TokenSigner(Verifier.parse(vkey), self, bytes.fromhex(key))
        except ValueError:
            raise FormatError("a reference must name a key by hexadecimal digits") from None
        if made.reference != reference:
            raise FormatError("a reference must have its one form")
        return made

    def sign(self, key: bytes, message: bytes) -> bytes:
        """64 bytes of Ed25519 (RFC 8032), by the key of this id."""
        return self._used(lambda session: bytes(_private(session, key).sign(message, mechanism=Mechanism.EDDSA)))

    def demand(self) -> None:
        """`PinRefused` where the token has refused the PIN as it is now; it is not asked."""
        if self._given(self._pin()) in _refused:
            raise PinRefused(_REFUSED)

    def destroy(self, reference: bytes) -> None:
        """Destroy the key of a reference, and its public half, on the token; it may be gone already."""
        key = self.signer(reference).key

        def destroy(session: pkcs11.Session) -> None:
            for found in list(session.get_objects({Attribute.ID: key})):
                found.destroy()

        self._used(destroy)

    def close(self) -> None:
        """Let go of the token, unless a use of it hangs: then this would, too, and who stops would never have ended."""
        if not self._turn.acquire(timeout=self._wait_s):
            return
        try:
            if self._hung is None or not self._hung.is_alive():
                thread = threading.Thread(target=self._drop, name="token", daemon=True)
                thread.start()
                thread.join(self._wait_s)
        finally:
            self._turn.release()

    def _used(self, use: Callable[[pkcs11.Session], T]) -> T:
        """What `use` gives, on a thread of its own, within `WAIT_S`."""
        if not self._turn.acquire(timeout=self._wait_s):
            raise LedgerUnavailable("the token that holds the signing key is busy")
        try:
            if self._hung is not None and self._hung.is_alive():
                raise LedgerUnavailable("the token that holds the signing key does not answer")
            found: list[T] = []
            failed: list[Exception] = []
            thread = threading.Thread(target=self._tried, args=(use, found, failed), name="token", daemon=True)
            thread.start()
            thread.join(self._wait_s)
            if thread.is_alive():
                self._hung = thread
                raise LedgerUnavailable("the token that holds the signing key does not answer")
            if not found:
                if failed and isinstance(failed[0], PinRefused):
                    raise failed[0]
                raise LedgerUnavailable(f"the token that holds the signing key cannot be used: {_why(failed)}")
            return found[0]
        finally:
            self._turn.release()

    def _tried(self, use: Callable[[pkcs11.Session], T], found: list[T], failed: list[Exception]) -> None:
        for _ in range(2):  # a session that is lost shows when it is used: then once more, with a new one
            try:
                if self._session is None:
                    self._session = self._opened()
                found.append(use(self._session))
                return
            except PinRefused as error:
                failed[:] = [error]
                return
            except (PKCS11Error, OSError, ConfigurationError) as error:
                failed[:] = [error]
                self._drop()

    def _opened(self) -> pkcs11.Session:
        library = pkcs11.lib(self._module)
        token = library.get_token(token_label=self._label)
        pin = self._pin()
        given = self._given(pin)
        if given in _refused or self._before.has(self._named(pin)):
            _refused.add(given)
            raise PinRefused(_REFUSED)
        try:
            return token.open(user_pin=pin, rw=True)
        except UserAlreadyLoggedIn:
            return token.open(rw=True)  # who is logged in is the process's, and another session of it has been (§5.6.8)
        except (PinIncorrect, PinInvalid, PinLenRange):
            _refused.add(given)
            try:
                self._before.add(self._named(pin))
            except ConfigurationError:
                _log.error("that the token refused its PIN could not be kept: the next start gives it the same one")
            raise PinRefused(_REFUSED) from None

    def _given(self, pin: str) -> bytes:
        return sha256(_SALT + self._named(pin)).digest()

    def _named(self, pin: str) -> bytes:
        return repr((self._module, self._label, pin)).encode("utf-8", "surrogatepass")

    def _drop(self) -> None:
        session, self._session = self._session, None
        try:
            if session is not None:
                session.close()
        except PKCS11Error:
            return  # it is lost already


def _why(failed: list[Exception]) -> str:
    """Our own words name a file or a setting, and hold no values. Of others' only the kind is told, without the cause,
    which may hold the session's and the library's own texts."""
    if not failed:
        return "ended"
    return str(failed[0]) if isinstance(failed[0], ConfigurationError) else type(failed[0]).__name__


def _private(session: pkcs11.Session, key: bytes) -> pkcs11.SignMixin:
    found = session.get_key(object_class=ObjectClass.PRIVATE_KEY, key_type=KeyType.EC_EDWARDS, id=key)
    if not isinstance(found, pkcs11.SignMixin):
        raise LedgerUnavailable("what the token has under the key's id signs nothing")
    return found
