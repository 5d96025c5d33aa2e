"""The API of data subjects' rights, for the role `privacy`: identifiers come in the body alone, never in a path."""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from gateway.core.refusal import Refusal
from gateway.evidence.tabular import accepted
from gateway.exchange.erasing import Asked
from gateway.exchange.subject_access import Wanted, passed_over, rows
from gateway.exchange.subject_holds import Holds
from gateway.exchange.subject_record import described_case
from gateway.exchange.subjects import Identifier, Meant, Shown, Subjects, described
from gateway.ledger.times import parse_timestamp, read_time
from gateway.store.directory import GIVEN
from gateway.store.subject_cases import Case
from gateway.web import problems
from gateway.web.access import ApiRequest, gateway_of
from gateway.web.approvals import Entrance, body_of, entrance, refused

PATH = "/subjects"


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant: a pseudonym, or an identifier of a kind."""

    subject: str | None = None
    identifier: str | None = None
    kind: str = GIVEN


class Link(Person, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Further identifiers of a subject."""

    links: tuple[Identifier, ...]


class Merge(Person, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is one with whom, and why that is known."""

    into: Person
    reason: str


class Reasoned(Person, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant, and why."""

    reason: str


class Restriction(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether processing is restricted from now on."""

    restricted: bool


class Rectification(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The record that is corrected, and by what."""

    seq: int


class Erase(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for: `ground` is a letter of Art. 17(1), `identity` says how it was made sure who asks."""

    ground: str
    identity: str
    received: str | None = None


class Access(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for: `identity` says how it was made sure who asks, `received` when."""

    identity: str
    received: str | None = None


class Refused(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an erasure is refused: a letter of Art. 17(3) or another ground, and in words."""

    ground: str
    reason: str


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: str


@post(
    f"{PATH}/show",
    operation_id="show_subject",
    status_code=200,
    summary="What is known of a data subject",
    opt={"form": Person},
)
async def show(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Person)
    return await _answered(request, allowed, await _registry(request).show(allowed.who, meant(given)))


@get(f"{PATH}/cases", operation_id="list_subject_cases", summary="Holds, accesses and erasures, the newest first")
async def cases(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    found = await _holds(request).cases(allowed.who)
    if isinstance(found, Refusal):
        raise await refused(request, allowed, found)
    now = gateway_of(request).site.clock.now_us()
    return Response({"cases": [described_case(one, now) for one in found]}, headers=allowed.headers)


@post(
    f"{PATH}/link",
    operation_id="link_subject",
    status_code=200,
    summary="Find a subject by further identifiers",
    opt={"form": Link},
)
async def link(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Link)
    return await _answered(request, allowed, await _registry(request).link(allowed.who, meant(given), given.links))


@post(
    f"{PATH}/merge",
    operation_id="merge_subjects",
    status_code=200,
    summary="Two pseudonyms are one person",
    opt={"form": Merge},
)
async def merge(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Merge)
    done = await _registry(request).merge(allowed.who, meant(given), meant(given.into), given.reason)
    return await _answered(request, allowed, done)


@post(
    f"{PATH}/split",
    operation_id="split_subject",
    status_code=200,
    summary="Take a merging back",
    opt={"form": Reasoned},
)
async def split(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Reasoned)
    return await _answered(request, allowed, await _registry(request).split(allowed.who, meant(given), given.reason))


@post(
    f"{PATH}/restriction",
    operation_id="restrict_subject",
    status_code=200,
    summary="Restrict processing, or lift that",
    opt={"form": Restriction},
)
async def restrict(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Restriction)
    done = await _registry(request).restrict(
        allowed.who, meant(given), restricted=given.restricted, reason=given.reason
    )
    return await _answered(request, allowed, done)


@post(
    f"{PATH}/rectification",
    operation_id="rectify_record",
    status_code=200,
    summary="Say what corrects a record",
    opt={"form": Rectification},
)
async def rectify(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Rectification)
    done = await _registry(request).rectify(allowed.who, meant(given), given.seq, given.reason)
    return await _answered(request, allowed, done)


@post(
    f"{PATH}/hold",
    operation_id="hold_subject",
    status_code=201,
    summary="Keep a subject's data from destruction",
    opt={"form": Reasoned},
)
async def hold(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Reasoned)
    return await _case(request, allowed, await _holds(request).hold(allowed.who, meant(given), given.reason), 201)


@post(
    f"{PATH}/hold/{{case:str}}/confirm",
    operation_id="confirm_hold",
    status_code=200,
    summary="The second yes",
    opt={"form": Reason},
)
async def confirm(request: ApiRequest, case: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Reason)
    return await _case(request, allowed, await _holds(request).confirm(allowed.who, case, given.reason))


@post(
    f"{PATH}/hold/{{case:str}}/lift",
    operation_id="lift_hold",
    status_code=200,
    summary="End a hold",
    opt={"form": Reason},
)
async def lift(request: ApiRequest, case: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Reason)
    return await _case(request, allowed, await _holds(request).lift(allowed.who, case, given.reason))


@post(
    f"{PATH}/access",
    operation_id="access_subject",
    status_code=200,
    summary="What is known of a subject, as data",
    opt={"form": Access},
)
async def access(request: ApiRequest) -> Response[Any]:
    """JSON, or of the records alone CSV or NDJSON, as the caller accepts. `archives`, there `X-Archives`, names those
    that hold more of the person, `emergencies` (`X-Emergencies`) emergency ledgers whose files are not at hand, and may
    hold more."""
    allowed = await entrance(request)
    given = await body_of(request, allowed, Access)
    received = None if given.received is None else _time(allowed, given.received)
    wanted = Wanted(identity=given.identity, reason=given.reason, received_us=received)
    found = await gateway_of(request).site.access.give(allowed.who, meant(given), wanted)
    if isinstance(found, Refusal):
        raise await refused(request, allowed, found)
    form = accepted(request.headers.get("accept", ""))
    if form is not None:
        named = {f"X-{kind.title()}": ids for kind, ids in passed_over(found).items()}
        return Response(rows(found, form), media_type=form, headers=allowed.headers | named)
    return Response(found, headers=allowed.headers)


@post(
    f"{PATH}/erasure",
    operation_id="erase_subject",
    status_code=201,
    summary="Take a request for erasure",
    opt={"form": Erase},
)
async def erase(request: ApiRequest) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Erase)
    received = None if given.received is None else _time(allowed, given.received)
    asked = Asked(ground=given.ground, identity=given.identity, reason=given.reason, received_us=received)
    done = await gateway_of(request).site.erasing.request(allowed.who, meant(given), asked)
    return await _case(request, allowed, done, 201)


@post(
    f"{PATH}/erasure/{{case:str}}/approve",
    operation_id="approve_erasure",
    status_code=200,
    summary="The second yes",
    opt={"form": Reason},
)
async def approve(request: ApiRequest, case: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Reason)
    done = await gateway_of(request).site.erasing.approve(allowed.who, case, given.reason)
    return await _case(request, allowed, done)


@post(
    f"{PATH}/erasure/{{case:str}}/refuse",
    operation_id="refuse_erasure",
    status_code=200,
    summary="Refuse it, with a ground",
    opt={"form": Refused},
)
async def refuse(request: ApiRequest, case: FromPath[str]) -> Response[Any]:
    allowed = await entrance(request)
    given = await body_of(request, allowed, Refused)
    done = await gateway_of(request).site.erasing.refuse(allowed.who, case, given.ground, given.reason)
    return await _case(request, allowed, done)


def meant(given: Person) -> Meant:
    """Who a body means."""
    identifier = None if given.identifier is None else Identifier(value=given.identifier, kind=given.kind)
    return Meant(subject=given.subject, identifier=identifier)


def _time(allowed: Entrance, text: str) -> int:
    time = read_time(text)
    if time is None:
        refusal = Refusal(code="parameter_invalid", field="received", hint="a time with its zone, or a date (RFC 3339)")
        raise problems.Refused(refusal, allowed.exchange.id, allowed.exchange.rate)
    return parse_timestamp(time)


def _registry(request: ApiRequest) -> Subjects:
    return gateway_of(request).site.subjects


def _holds(request: ApiRequest) -> Holds:
    return gateway_of(request).site.holds


async def _answered(request: ApiRequest, allowed: Entrance, found: Shown | Refusal) -> Response[Any]:
    if isinstance(found, Refusal):
        raise await refused(request, allowed, found)
    return Response(described(found, gateway_of(request).site.clock.now_us()), headers=allowed.headers)


async def _case(request: ApiRequest, allowed: Entrance, found: Case | Refusal, status: int = 200) -> Response[Any]:
    if isinstance(found, Refusal):
        raise await refused(request, allowed, found)
    body = described_case(found, gateway_of(request).site.clock.now_us())
    return Response(body, status_code=status, headers=allowed.headers)


HANDLERS = (show, cases, link, merge, split, restrict, rectify, hold, confirm, lift, erase, approve, refuse, access)
