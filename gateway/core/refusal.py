"""A request that ends here: as a value, with one code for the client, the record and the metrics alike.

The table below is the one place that says what a code means in HTTP. A refusal names the field and what would be
right; never the offending value, a trace or another tenant.
"""

import msgspec


class Code(msgspec.Struct, frozen=True):
    """HTTP status and the title that goes with a refusal code."""

    status: int
    title: str


CODES: dict[str, Code] = {
    # identify
    "credential_missing": Code(401, "A credential is required"),
    "credential_invalid": Code(401, "The credential is not valid"),
    "credential_expired": Code(401, "The credential has expired"),
    "credential_not_yet_valid": Code(401, "The credential is not valid yet"),
    "credential_revoked": Code(401, "The credential has been revoked"),
    "credential_denied": Code(401, "The credential's holder is denied"),
    "credential_unchecked": Code(503, "The deny-list keeps changing; nothing was sent"),
    "credential_audience": Code(401, "The token is meant for another audience"),
    "credential_issuer": Code(401, "The token's issuer is not accepted here"),
    "credential_algorithm": Code(401, "The token's algorithm is not accepted for its issuer"),
    "credential_overreach": Code(401, "The token asserts a tenant or role that its issuer may not"),
    "credential_bound": Code(401, "The token holds only with the client certificate that it names"),
    "credential_confirmation": Code(401, "The token is bound to its holder in a way that is not checked here"),
    "issuer_unavailable": Code(503, "The token's issuer cannot be asked for its keys"),
    "credential_conflict": Code(401, "The credentials of the request do not name the same caller"),
    "certificate_unknown": Code(401, "The client certificate belongs to nobody who is known here"),
    "certificate_untrusted": Code(401, "A client certificate in a header is taken from listed proxies alone"),
    "certificate_unverifiable": Code(503, "Whether the client certificate has been revoked cannot be told"),
    "source_limited": Code(429, "Too many failed identifications from this source"),
    "role_required": Code(403, "A role is required that the credential does not carry"),
    "scope_required": Code(403, "The credential's scopes do not cover this"),
    "purpose_not_allowed": Code(403, "The purpose is not one that the credential allows"),
    "purpose_required": Code(403, "Personal health data needs a purpose"),
    # what is no request yet: of nobody, and on no record
    "request_malformed": Code(400, "The request cannot be read as HTTP, or could be read in two ways"),
    "request_too_slow": Code(408, "The request did not arrive in time"),
    "head_too_large": Code(431, "The head of the request is larger than allowed"),
    # read
    "body_too_large": Code(413, "The body is larger than allowed"),
    "body_too_deep": Code(400, "The body is nested deeper than allowed"),
    "body_too_slow": Code(408, "The body did not arrive in time"),
    "reader_too_slow": Code(408, "What was sent was not taken in time"),
    "body_incomplete": Code(400, "The body ended before it was complete"),
    "body_not_utf8": Code(400, "The body is not UTF-8"),
    "body_not_json": Code(400, "The body is not JSON"),
    "body_malformed": Code(400, "The body is not of the format that it is declared to be of"),
    "body_duplicate_key": Code(400, "An object in the body has the same key twice"),
    "body_encoding": Code(415, "The content coding is not supported"),
    "media_type": Code(415, "The media type is not supported"),
    "method_not_allowed": Code(405, "The method is not supported here"),
    "not_acceptable": Code(406, "The answer's media type is not one that the request accepts"),
    "origin_not_allowed": Code(403, "Requests of this origin are not taken"),
    "header_mismatch": Code(400, "A header does not agree with the body"),
    "version_unsupported": Code(400, "The protocol version is not supported"),
    "method_unknown": Code(404, "There is no such method"),
    "session_unknown": Code(404, "There is no such session"),
    "tool_unknown": Code(400, "The agent has no such tool"),
    "tool_quarantined": Code(403, "The tool has changed and is held back until it is released"),
    "header_invalid": Code(400, "A request header has a value that is not accepted"),
    "schema_violation": Code(400, "The message does not fit the schema"),
    "unknown_target": Code(404, "There is no such model, agent or capability"),
    "not_found": Code(404, "There is no such resource"),
    "feature_unsupported": Code(400, "The request asks for something that cannot be inspected or enforced"),
    "destination_not_allowed": Code(403, "The agent may not be told to contact this address"),
    "push_unsupported": Code(400, "Push notifications are not available for this agent"),
    # limit
    "rate_limited": Code(429, "Too many requests"),
    "concurrency_limited": Code(429, "Too many requests at once"),
    "quota_exceeded": Code(429, "As much has been used as is allowed for now"),
    "budget_exceeded": Code(429, "As much has been spent as is allowed for now"),
    # 413, since no waiting helps and clients try a 429 again
    "request_over_limit": Code(413, "This request alone could use more than a limit ever allows"),
    # delegation
    "delegation_invalid": Code(403, "The delegation token was not given to this caller"),
    "delegation_expired": Code(403, "The delegation token is past, or its exchange has ended"),
    "delegation_depth": Code(403, "The chain of agents that call each other is longer than allowed"),
    "delegation_fanout": Code(403, "More calls were made for one exchange than allowed"),
    "delegation_loop": Code(403, "The agent stands in the chain of calls already"),
    "agent_unregistered": Code(403, "The caller is an agent, and not one that is registered here"),
    # decide, approve
    "policy_denied": Code(403, "Policy does not permit this message to be sent"),
    "approval_required": Code(403, "Policy asks for an approval"),
    "approval_denied": Code(403, "The approval was denied"),
    "supervision_failed": Code(503, "The agent that must look at it first gave no verdict; nothing was sent"),
    "approval_used": Code(409, "The approval was used for this request already"),
    "approval_mismatch": Code(422, "The idempotency key belongs to another request"),
    "approvals_full": Code(429, "Too many requests of this caller wait for an approval"),
    "approver_barred": Code(403, "This approval must be somebody else's"),
    "second_person_required": Code(403, "Two persons are asked for: one proposes a policy, another activates it"),
    "review_overdue": Code(403, "A role was lent to this person before, and nobody has reviewed that in time"),
    "tokens_full": Code(409, "The session holds as many tokens as it may"),
    "notices_full": Code(503, "Policy wants people told of this, and too much waits to be told; nothing was sent"),
    "policy_changed": Code(503, "The policy has changed; this node must load it first"),
    "subject_changed": Code(503, "What sticks to a data subject has changed; nothing was sent"),
    # record
    "ledger_unavailable": Code(503, "The audit ledger cannot be written"),
    "shutting_down": Code(503, "The gateway is shutting down"),
    "emergency_unserved": Code(503, "The database is away, and this does not go on meanwhile; nothing was sent"),
    # forward
    "agent_unavailable": Code(502, "No permitted agent could be reached, or each that was failed"),
    "agent_timeout": Code(504, "The agent did not answer in time"),
    "agent_suspended": Code(503, "The agent has been failing and is let rest; nothing was sent"),
    "agent_overloaded": Code(503, "The agent has no room for another request; nothing was sent"),
    "agent_bad_answer": Code(502, "The agent's answer could not be understood"),
    "answer_withheld": Code(403, "Policy does not permit the answer to be released to this caller"),
    "internal": Code(500, "The gateway failed; the exchange is on record"),
    # tasks
    "tasks_only": Code(409, "The agent fetches its requests itself: it is reached by tasks alone"),
    "lease_lost": Code(409, "The request is not this agent's to answer any more"),
    "bundle_queue_full": Code(429, "Too many bundles of this tenant wait"),
    "task_queue_full": Code(429, "Too many tasks of this tenant wait"),
    "task_expired": Code(504, "The task could not be run in its time"),
    "task_interrupted": Code(500, "The gateway stopped while it ran the task, as often as it may be tried"),
    "task_erased": Code(410, "What the task was to send has been erased"),
    "idempotency_mismatch": Code(422, "The Idempotency-Key was used with another request"),
    # API
    "parameter_invalid": Code(400, "A parameter has a value that is not accepted"),
    "grant_exceeds": Code(403, "More would be handed out than the caller holds"),
    "archived": Code(410, "What is asked for lies in an archive, and not in the database any more"),
    "no_checkpoint_yet": Code(409, "No checkpoint covers this record yet"),
    "conflict": Code(409, "The resource is not in a state that allows this"),
}


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An approval that a request waits for. `told`: the HTTP status of a protocol that says so with no error."""

    id: str
    link: str
    """Where its state can be asked for."""
    told: int | None = None
    media_type: str = "application/json"
    body: bytes | None = None
    """What is said in that protocol, where the protocol's own error would not say it."""


_SAID = ("must ", "look ", "ask ", "propose ", "the ledger does not ", "nothing was sent", "what was asked ")
"""How hints begin that say more than what would be right."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request ends here.

    `field` is a JSON pointer, header or parameter name; `hint` says what would be right, made of names from the
    configuration or the code only; `retry_after` is in whole seconds; `explanation` is for the record's detail and
    compliance roles alone: a caller learns the decision, not how to get round it; `pending` is the approval that it
    waits for, where the same request may be sent again; `tenant` is the configured id of the tenant whose credential
    provably was refused, for the choice of the ledger alone: None where nothing but a claim names one.
    """

    code: str
    field: str | None = None
    hint: str | None = None
    retry_after: int | None = None
    explanation: str | None = None
    pending: Pending | None = None
    tenant: str | None = None

    def of(self, tenant: str | None) -> "Refusal":
        """The same of a tenant's credential, where it is not known to be another's."""
        return self if self.tenant is not None else msgspec.structs.replace(self, tenant=tenant)

    @property
    def status(self) -> int:
        told = None if self.pending is None else self.pending.told
        return CODES[self.code].status if told is None else told

    @property
    def members(self) -> dict[str, str]:
        """What an error says beside the code of what it waits for, by name."""
        return {} if self.pending is None else {"approval": self.pending.id, "link": self.pending.link}

    @property
    def title(self) -> str:
        return CODES[self.code].title

    @property
    def expected(self) -> str | None:
        """The hint as a sentence tells it that says before what is wrong: else what would be right reads as what is
        not."""
        if self.hint is None or self.code == "archived" or self.hint.startswith(_SAID):
            return self.hint
        return f"expected {self.hint}"

    @property
    def text(self) -> str:
        """What is wrong and what would be right, in one line."""
        return self.title if self.expected is None else f"{self.title}: {self.expected}"
