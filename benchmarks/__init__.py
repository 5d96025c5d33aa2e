"""What the gateway costs: `python -m benchmarks.run` (`make bench`). `docs/benchmarks.md` says how to read it.

`run`        chooses, prints, judges against the targets
`pipeline`   whole requests and streams, beside a pass-through that checks nothing (`ref`)
`latency`    what is added to an answer when requests arrive at a fifth of what the gateway can do (`arrivals`)
`peer`       requests a second beside LiteLLM's proxy
`memory`     what is resident after many requests, and while many streams are open
`append`     records into the database, beside the same rows without hash or link
`verify`     records already stored, read back and verified
`classify`   scanning (a program of its own), `eval` its precision and recall
`servers`    what is measured, as processes; `site` and `bodies` what is configured and sent
`load` and `agent` are the two ends of the wire, `deltas` what the agent streams; `trail` what is on record afterwards
`clients`    the client that calls agents beside others, and `answers` the server that they ask
`choices`    the whole pipeline with other clients and routes (`variants`)
"""
