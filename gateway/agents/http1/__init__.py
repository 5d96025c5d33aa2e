"""HTTP/1.1 (RFC 9112) to agents, within bounds: what `gateway/agents/client.py` stands on.

`RequestForm`   the bytes of a request                                     `request`
`AnswerReader`  the bytes of answers, read strictly; holds no socket       `reader`
`Connection`    one connection, one call at a time, with its time-outs     `connection`
`Pool`          an agent's connections, kept for a while and counted       `pool`
`Resolver`      the addresses an agent's name stands for, looked at first  `address`
`tls`           whom to trust, and who we are

Nothing here sends a request twice, follows a redirect or undoes a compression.
"""
