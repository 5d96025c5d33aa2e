"""Agents and the wire: one adapter per protocol, and the client that carries its bytes.

`Registry`      the agents that are configured, and who offers what   `registry`
`OpenAIAdapter` chat completions, plain and streamed                  `openai`, `openai_stream`
`ResponsesAdapter`, `EmbeddingsAdapter`, `UnmodelledAdapter`          `responses`, `embeddings`, `unmodelled`
`Translating`   conversations for agents of other families            `translate`
`AnthropicAdapter`, `AnthropicCountAdapter`  Anthropic Messages       `anthropic`, `anthropic_stream`
`McpAdapter`    MCP over Streamable HTTP, in both eras                `mcp`, `mcp_events`
`HttpAdapter`   REST agents and wrapped legacy systems                `http`, `content`, `formats`
`Operation`     what is declared of an agent's route                  `description`, `openapi`
`AgentClient`   bytes out and in, with bounds and time-outs           `client`
`Pulling`       agents that fetch their requests                      `pulling`
`IssuerKeys`    public keys of token issuers, from files and over HTTP `issuers`, `jwks`

`http1` is the HTTP/1.1 that the client stands on, `bodies` reads untrusted bytes strictly, `json_pieces` masks JSON in
pieces, `sse` cuts event streams, `event_filter` is what their filters share, `problem` writes RFC 9457. Adapters hold
no sockets and no clock: only the client has them.
"""
