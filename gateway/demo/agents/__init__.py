"""The demo's agents: small deterministic programs, each a process of its own, each doing something with what it
receives.

They import nothing of the gateway but this package: what they know of a request is what came over the wire.
"""
