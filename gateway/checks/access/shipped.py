"""The rules that ship, for casbin: `docs/api-access.md` says the same, and a test holds both and the routes together.

They are code and not configuration: which role may read the record is part of what the record promises. Which person or
service holds which role is configuration, by API keys and by `[[issuer]] roles`.
"""

ANYONE = "anyone"
"""Stands for whoever reaches the port, with a credential or without."""
CALLER = "caller"
"""Stands for whoever is identified, whatever roles the credential carries."""
ROLES = frozenset({"agent", "operator", "auditor", "compliance", "privacy", "admin"})
"""The roles that the API knows. Data policy (`policy.csv`) has roles of its own; one name means the same in both."""

MODEL = """\
[request_definition]
r = role, route

[policy_definition]
p = role, permission

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.role == p.role && g(r.route, p.permission)
"""

POLICY = """\
# p, role, permission
p, anyone, open:read

p, caller, models:read
# Who may see or answer an approval is decided for each by the roles that it asks for.
p, caller, approvals:read
p, caller, approvals:answer
# A task is its own caller's, whatever the roles.
p, caller, tasks:submit
p, caller, tasks:own
# Which agent a caller is, and so what it fetches, is `[[agent]] callers`' to say.
p, caller, tasks:pull

# Who may be lent what, and who reviews it, is decided by `[[break_glass]]`.
p, caller, glass:read
p, caller, glass:write

p, auditor, audit:read
p, auditor, audit:hashes
p, auditor, audit:verify
p, auditor, audit:sign
p, auditor, evidence:read
p, auditor, evidence:build
p, auditor, evidence:report

p, compliance, audit:read
p, compliance, audit:hashes
p, compliance, audit:verify
p, compliance, evidence:read
p, compliance, audit:sign
p, compliance, evidence:build
# What people have written, in the hands of whoever gets the bundle: for those who answer for that.
p, compliance, evidence:content
p, compliance, evidence:report

p, privacy, audit:read
p, privacy, audit:sign
p, privacy, audit:hashes
p, privacy, evidence:report
p, privacy, subjects:read
p, privacy, subjects:write

# How a decision comes about says how a rule could be got round: for those who answer for the rules alone.
p, compliance, policy:explain
p, compliance, policy:read
p, auditor, policy:read
p, admin, policy:read
# Where two persons are asked for, one proposes and another activates.
p, compliance, policy:propose
p, admin, policy:propose
p, compliance, policy:activate

p, auditor, usage:read
p, compliance, usage:read
p, operator, usage:read
p, admin, usage:read

p, auditor, incidents:read
p, compliance, incidents:read
p, compliance, incidents:close
p, privacy, incidents:read
p, privacy, incidents:close

# Whoever judges is shown what was sent.
p, auditor, reviews:read
p, compliance, reviews:read
p, compliance, reviews:draw
p, compliance, reviews:judge
p, privacy, reviews:read
p, privacy, reviews:draw
p, privacy, reviews:judge

p, operator, tasks:read
p, operator, tasks:write

p, auditor, keys:read
p, admin, keys:read
p, admin, keys:write
p, admin, denied:read
p, admin, denied:write

# g, METHOD /route, permission
g, GET /healthz, open:read
g, GET /readyz, open:read
g, GET /metrics, open:read
g, GET /openapi.json, open:read
g, GET /.well-known/jwks.json, open:read
g, GET /.well-known/oauth-protected-resource, open:read
g, GET /.well-known/oauth-protected-resource/mcp/{agent}, open:read
# Hashes alone, of the tenants that `[ledger] public_hashes` names.
g, GET /ledger/{ledger}/checkpoint, open:read
g, GET /ledger/{ledger}/tile/{tile}, open:read
g, GET /ledger/{ledger}/keys, open:read

g, GET /v1/models, models:read
g, GET /v1/models/{model}, models:read

g, GET /audit/records, audit:read
g, POST /audit/search, audit:read
g, GET /audit/records/{seq}, audit:read
g, GET /audit/records/{seq}/proof, audit:read
g, GET /audit/exchanges/{exchange}, audit:read
g, GET /audit/disclosures, audit:read
g, GET /audit/checkpoint, audit:hashes
g, GET /audit/consistency, audit:hashes
g, GET /audit/keys, audit:hashes
g, GET /audit/tile/{tile}, audit:hashes
g, GET /audit/tile/entries/{bundle}, audit:read
g, POST /audit/verifications, audit:verify
g, POST /audit/sign-offs, audit:sign

g, GET /usage, usage:read

g, GET /policy, policy:read
g, POST /policy/explain, policy:explain
g, POST /policy/simulate, policy:explain
g, GET /policy/proposals, policy:read
g, POST /policy/proposals, policy:propose
g, POST /policy/proposals/{proposal}/activate, policy:activate
g, POST /policy/rollback, policy:activate

g, POST /evidence/bundles, evidence:build
g, POST /evidence/bundles/contents, evidence:content
g, GET /evidence/bundles, evidence:read
g, GET /evidence/bundles/{bundle_id}, evidence:read
g, POST /evidence/bundles/{bundle_id}/cancel, evidence:build
g, GET /evidence/bundles/{bundle_id}/download, evidence:read
g, GET /evidence/bundles/{bundle_id}/contents, evidence:content
g, GET /evidence/schedules, evidence:read
g, POST /evidence/schedules/{schedule}/{period}/again, evidence:build
g, POST /evidence/reports, evidence:report

g, GET /incidents, incidents:read
g, POST /incidents/{incident}/close, incidents:close

g, GET /reviews, reviews:read
g, POST /reviews, reviews:draw
g, GET /reviews/{review}, reviews:read
g, GET /reviews/{review}/rate, reviews:read
g, GET /reviews/{review}/items/{place}, reviews:judge
g, POST /reviews/{review}/items/{place}/mark, reviews:judge

g, GET /keys, keys:read
g, POST /keys, keys:write
g, POST /keys/{key_id}/rotate, keys:write
g, DELETE /keys/{key_id}, keys:write

g, GET /keys/denied, denied:read
g, POST /keys/denied, denied:write
g, DELETE /keys/denied/{denial}, denied:write

g, POST /v1/tasks, tasks:submit
g, POST /v1/tasks/for/{agent}, tasks:pull
g, POST /v1/tasks/for/{agent}/{lease}, tasks:pull
g, GET /v1/tasks/{task_id}, tasks:own
g, GET /v1/tasks/{task_id}/result, tasks:own
g, DELETE /v1/tasks/{task_id}, tasks:own
g, GET /tasks, tasks:read
g, GET /tasks/{task_id}, tasks:read
g, POST /tasks/{task_id}/requeue, tasks:write
g, POST /tasks/{task_id}/cancel, tasks:write

g, GET /approvals, approvals:read
g, GET /approvals/{approval}, approvals:read
g, POST /approvals/{approval}/approve, approvals:answer
g, POST /approvals/{approval}/deny, approvals:answer
g, POST /approvals/{approval}/edit, approvals:answer
g, POST /subjects/show, subjects:read
g, GET /subjects/cases, subjects:read
g, POST /subjects/access, subjects:write
g, POST /subjects/link, subjects:write
g, POST /subjects/merge, subjects:write
g, POST /subjects/split, subjects:write
g, POST /subjects/restriction, subjects:write
g, POST /subjects/rectification, subjects:write
g, POST /subjects/erasure, subjects:write
g, POST /subjects/erasure/{case}/approve, subjects:write
g, POST /subjects/erasure/{case}/refuse, subjects:write
g, POST /subjects/hold, subjects:write
g, POST /subjects/hold/{case}/confirm, subjects:write
g, POST /subjects/hold/{case}/lift, subjects:write
g, GET /break-glass, glass:read
g, POST /break-glass, glass:write
g, POST /break-glass/{glass}/close, glass:write
g, POST /break-glass/{glass}/review, glass:write
"""
