"""A stream's bytes in one form to its bytes in another, as they come."""

from typing import Any

from gateway.agents.translate.blocks import Documents
from gateway.agents.translate.fields import Lost
from gateway.agents.translate.forms import FORMS
from gateway.agents.translate.neutral import Alive, Begun, Ended, StreamEvent, Usage
from gateway.core.errors import AgentError
from gateway.core.ports import Bounds


class StreamTranslation:
    """Bytes in the agent's form in, bytes in the caller's form out. `usage`: what the agent said of its tokens.

    `AgentError`: `untranslatable` for what is not of the form or cannot be said in the other, the caller's choice;
    `bad_answer` for what is no event at all; what the agent's own error in its stream means; `answer_too_large`.
    """

    def __init__(self, source: str, target: str, bounds: Bounds, *, usage: bool) -> None:
        """`usage`: the caller asked for it, where its form leaves that to the caller."""
        self._documents = Documents(bounds)
        self._reader, self._writer = FORMS[source].reader(), FORMS[target].writer(usage)
        self.model: str | None = None
        self.usage: Usage | None = None
        self.ended = False

    def feed(self, data: bytes) -> bytes:
        """What comes after the end of the stream is dropped unread."""
        return b"" if self.ended else self._pass(self._documents.feed(data))

    def finish(self) -> bytes:
        """After the agent's last byte; `AgentError("closed_early")` if no end was seen."""
        out = b"" if self.ended else self._pass(self._documents.finish())
        if not self.ended:
            raise AgentError("closed_early")
        return out

    def _pass(self, documents: list[dict[str, Any] | str | None]) -> bytes:
        out: list[bytes] = []
        try:
            for document in documents:
                events: list[StreamEvent] = [Alive()] if document is None else self._reader.read(document)
                for event in events:
                    out.append(self._writer.write(event))
                    if isinstance(event, Begun):
                        self.model = event.model or None
                    elif isinstance(event, Ended):
                        self.usage, self.ended = event.usage, True
                        return b"".join(out)
        except Lost as lost:
            raise AgentError("untranslatable") from lost
        return b"".join(out)
