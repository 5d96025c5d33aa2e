"""Refusals and failures of the API: the one table from errors to responses.

They are RFC 9457 problems; for the models, which clients of OpenAI and Anthropic ask for, the error objects of those.
"""

import logging
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from gateway.agents.anthropic import anthropic_error
from gateway.agents.openai_wire import JSON, error_object
from gateway.agents.problem import MEDIA_TYPE, problem
from gateway.core.errors import LedgerUnavailable, RecordsArchived, VerificationError
from gateway.core.ids import uuid7
from gateway.core.refusal import Refusal
from gateway.exchange.challenge import challenge

_log = logging.getLogger("gateway.web")
MODELS = "/v1/models"
_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "media_type"}


def is_anthropic(request: Request[Any, Any, Any]) -> bool:
    """Whether a client of Anthropic's asks: each of its requests says a version of the protocol."""
    return request.headers.get("anthropic-version") is not None


class Refused(Exception):
    """Carries a refusal out of a handler. It is on record already where it must be."""

    def __init__(
        self, refusal: Refusal, exchange: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(refusal.code)
        self.refusal, self.exchange, self.headers = refusal, exchange, headers


def refused(request: Request[Any, Any, Any], error: Refused) -> Response[bytes]:
    """A refusal as a response."""
    return _response(request, error.refusal, error.exchange, error.headers)


def unavailable(request: Request[Any, Any, Any], error: LedgerUnavailable) -> Response[bytes]:
    """The ledger could not be read, or the reading not be recorded."""
    return _response(request, Refusal(code="ledger_unavailable", retry_after=1))


def archived(request: Request[Any, Any, Any], error: RecordsArchived) -> Response[bytes]:
    """The records lie in an archive that is not at hand: which, by its id."""
    return _response(request, Refusal(code="archived", hint=error.hint))


def broken(request: Request[Any, Any, Any], error: VerificationError) -> Response[bytes]:
    """The ledger does not hold: nothing of it is signed or handed out."""
    _log.error("verification failed: %s", error)
    return _response(request, Refusal(code="conflict", hint="the ledger does not verify: run `gateway audit verify`"))


def routing(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the router or a parameter's type refused, without the framework's own words, which quote the value."""
    return _response(request, Refusal(code=_STATUS.get(error.status_code, "parameter_invalid")))


def failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A defect: its kind goes to the log, nothing of it to the caller."""
    _log.error("a request to the API failed: %s", type(error).__name__)
    return _response(request, Refusal(code="internal"))


def _response(
    request: Request[Any, Any, Any],
    refusal: Refusal,
    exchange: str | None = None,
    headers: tuple[tuple[str, str], ...] = (),
) -> Response[bytes]:
    exchange = exchange or uuid7(request.app.state.gateway.site.clock.now_us())
    shown = {**dict(headers), "X-Exchange-Id": exchange}
    challenged = challenge(refusal)
    if challenged is not None:
        shown["WWW-Authenticate"] = challenged
    if refusal.retry_after is not None:
        shown.setdefault("Retry-After", str(refusal.retry_after))
    body, media_type = _body(request, refusal, exchange)
    return Response(body, status_code=refusal.status, media_type=media_type, headers=shown)


def _body(request: Request[Any, Any, Any], refusal: Refusal, exchange: str) -> tuple[bytes, str]:
    if not request.url.path.startswith(MODELS):
        return problem(refusal, exchange), MEDIA_TYPE
    form = anthropic_error if is_anthropic(request) else error_object
    return form(refusal, exchange), JSON
