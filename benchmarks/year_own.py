"""A control framework of an operator's own, which asks for what those that ship do not."""

OWN = """
id = "house-rules"
title = "An operator's own framework"
text = "What the frameworks that ship do not ask for."

[[provision]]
id = "1"
title = "Several filters, all of which must hold"
text = "Masked messages of health care to one partner."
report = "counts"
columns = ["purpose", "decision", "zone", "classes"]
query = [
    {event = "exchange.requested", zone = "partner", decision = "redact", purpose = "TREAT", data_class = "phi"},
    {event = "exchange.requested", zone = "partner", decision = "redact", purpose = "TREAT", data_class = "pii"},
    {event = "exchange.requested", zone = "partner", decision = "redact", purpose = "TREAT"},
    {action = "tool:files/read"},
]

[[provision]]
id = "2"
title = "A field that none of them holds"
text = "Tools that were quarantined."
columns = ["occurred_at", "event", "action", "trace", "id"]
needs = ["agent", "tokens.sent", "detail.tls", "some: agent", "some: agent_version", "tokens | agent"]
query = [{event = "agent.tool_quarantined"}]

[[provision]]
id = "3"
title = "Nothing is of it"
text = "Exchanges that ended as none does."
columns = ["occurred_at", "event"]
needs = ["actor"]
lacks = "Where else it is"
query = [{event = "exchange.completed", outcome = "never"}]

[[provision]]
id = "3.1"
title = "A state that nothing speaks for"
text = "Configurations of a zone, which records of them do not name."
columns = ["occurred_at", "event"]
standing = true
sections = ["standing"]
query = [{event = "config.changed", zone = "partner"}]

[[provision]]
id = "3.2"
title = "A state, counted"
text = "What was put in force, and what was done about it."
report = "counts"
columns = ["event", "actor"]
needs = ["detail.diff", "key.denied: credential"]
standing = true
sections = ["standing"]
query = [{event = "key.created"}, {event = "key.denied"}, {event = "key.denied", outcome = "never"}]

[[provision]]
id = "4"
title = "Whatever the event"
text = "What came to nothing, wherever."
columns = ["recorded_at", "event", "outcome", "actor", "agent"]
needs = [
    "some: detail.reason",
    "agent where zone",
    "kept where purpose",
    "some: kept where purpose",
    "detail.subject | agent",
    "detail.credential | detail.issuer",
    "detail.source where agent",
]
query = [{outcome = "agent_timeout"}, {outcome = "failed"}]

[[provision]]
id = "5"
title = "Records of some events, of which others do not occur"
text = "Requests and accesses, and a kind that is never of an agent's."
columns = ["event"]
report = "counts"
needs = [
    "exchange.requested: detail.method",
    "any: exchange.requested: detail.tls",
    "exchange.requested: processor where agent",
    "audit.read: actor",
    "audit.exported: detail.query",
    "audit.exported: actor",
    "any: audit.exported: range",
    "some: audit.exported: range",
    "audit.read | exchange.requested: detail.tls | detail.user_agent",
    "exchange.requested | audit.read: kept where processor",
]
query = [
    {event = "exchange.requested", zone = "cloud"},
    {event = "audit.read"},
    {event = "audit.exported", decision = "deny"},
]

[[provision]]
id = "6"
title = "What ended, of what began in the period alone"
text = "Incidents and overdue reviews, without those of before."
columns = ["event"]
needs = [
    "incident.opened end in incident.closed",
    "alert.break_glass | alert.review_overdue end in alert.reviewed",
]
query = [
    {event = "incident.opened"},
    {event = "incident.closed"},
    {event = "alert.break_glass"},
    {event = "alert.review_overdue"},
    {event = "alert.reviewed"},
]
"""
