"""HTTP: the traffic plane, the audit and evidence API, health.

`HttpProtocol`  connections from callers, bounded      `protocol`
`Presence`  whether a caller is still there, and takes what it is sent `presence`
`Traffic`   raw ASGI for what agents' clients call     `traffic`
`Access`    who may use the API, recorded when refused `access`
`audit`     records, exchanges, proofs, checkpoints    `audit`
`evidence`  bundles                                    `evidence`
`Cutting`   what lasts of these ends with its reader's right `cutting`
`tasks`     requests that are made later               `tasks`
`models`    what callers may name as a model           `models`
`health`    liveness, readiness, metrics               `health`
`build_app`       all of it as one ASGI application          `app`
"""
