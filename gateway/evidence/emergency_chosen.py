"""The selection of a bundle, run over the records of an emergency ledger as they are gone over: by who writes a bundle,
and again by who verifies it, with the details that it opens."""

from collections.abc import Callable, Iterable

from gateway.core.errors import VerificationError
from gateway.evidence.records import named_policies, parsed_details
from gateway.evidence.scope import Watch
from gateway.ledger.record import Envelope
from gateway.ledger.verify import check_detail


class Choosing:
    """Takes the records of one emergency ledger in order. `chosen`: whether a record is selected (`scope.chooser`);
    `watch`: is told of each; `details`: lines as those of `details.jsonl`."""

    def __init__(
        self, chosen: Callable[[Envelope], bool], watch: Watch | None = None, details: Iterable[bytes] = ()
    ) -> None:
        self._chosen, self._watch = chosen, watch
        self._details = parsed_details(iter(details))
        self._detail = next(self._details, None)
        self.selected = self.committed = self.opened = 0
        """Selected records, those of them that commit to a detail, and those of which the detail was given."""
        self.policies: set[str] = set()
        """Digests that any of the records names."""

    def take(self, envelope: Envelope) -> bool:
        """The next record: whether it is selected. `VerificationError` or `FormatError` where its detail is not what it
        commits to."""
        self.policies.update(named_policies(envelope, self.policies))
        if self._watch is not None:
            self._watch.beside(envelope)
        if not self._chosen(envelope):
            return False
        self.selected += 1
        self.committed += envelope.detail is not None
        if self._detail is not None and self._detail[0] == envelope.seq:
            check_detail(envelope, self._detail[1], self._detail[2])
            self.opened += 1
            self._detail = next(self._details, None)
        return True

    def end(self) -> None:
        """After the last record. `VerificationError` where a detail was given that is none of theirs."""
        if self._detail is not None:
            raise VerificationError("a detail of no selected record of it, or out of order")
