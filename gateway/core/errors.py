"""The few exceptions of the house. They are for stopping; an expected answer is a value (`Refusal`, `Decision`).

No message of these ever holds a value that came with a request: only names, places and what would be right.
"""

from collections.abc import Sequence


class GatewayError(Exception):
    """Anything this project raises on purpose."""


class FormatError(GatewayError):
    """Bytes or text that a strict parser does not accept."""


class ConfigurationError(GatewayError):
    """A setting, file or policy that must not be served with. Names the place and what would be right."""


class LedgerUnavailable(GatewayError):
    """A record could not be made durable. Whoever waited for it must not let anything leave."""


class PinRefused(LedgerUnavailable):
    """A token let nobody in by the PIN that it was given, which it is not given again: it counts them, and locks."""


class LeftOut(LedgerUnavailable):
    """A record that comes with a change of a row, which was not as it was known any more: neither is there."""


class PolicyMoved(GatewayError):
    """The ledger's head carries another policy digest than the one an intent was decided under."""


class DenialsMoved(GatewayError):
    """The ledger's head carries another revision of the deny-list than the one an intent's caller was checked under."""


class ForeignKey(GatewayError):
    """What is to be opened was sealed under a key of another keyring. Whoever has that can open it."""


class CountersUnavailable(GatewayError):
    """The server that counts for several nodes could not be asked. Whoever needs an answer takes a stricter one."""


class MessagesUnavailable(GatewayError):
    """The server that carries messages between nodes could not be asked. Whoever relies on them looks for itself."""


class VerificationError(GatewayError):
    """Evidence that does not hold: says which step of the verification failed, and where."""


class RecordsArchived(GatewayError):
    """Records that are asked for lie in archives, and not in the database any more.

    `archives` are their ids, in order, some at least."""

    def __init__(self, archives: Sequence[str]) -> None:
        self.archives = tuple(archives)
        super().__init__(f"records that are asked for lie in an archive: {self.hint}")

    @property
    def hint(self) -> str:
        """Their ids, of many the first and the last."""
        shown = self.archives if len(self.archives) <= 8 else (*self.archives[:4], "…", *self.archives[-4:])
        return ", ".join(shown)


class AgentError(GatewayError):
    """An agent could not be reached or did not keep to its protocol.

    `code` is one of `connect_failed`, `address_refused`, `timeout_connect`, `timeout_response`, `timeout_total`,
    `closed_early`, `bad_answer`, `answer_too_large`, `redirected`, `overloaded`, `unavailable`, `agent_failed`,
    `cannot_render`, `untranslatable`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
