"""The ledger against the world: logs of firewalls and proxies and exports of providers, compared with what was sent.

`Mapping`     how a log is laid out, from a TOML file                       `mapping`
`place`       hosts and ports, however they are written                     `hosts`
`read`        its lines as rows, or as errors by their number               `lines`
`Comparison`  rows and records on disk, matched in the order of their times `comparing`
`document`    what that shows, and how far it reaches                       `telling`

Logs are hostile input. Nothing of a line is told but its number, its time and the registered host that it names.
"""
