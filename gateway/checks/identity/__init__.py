"""Who is calling: a credential is verified and becomes an `Identity`, or a `Refusal` that tells nothing of its value.

`Identifier`     both kinds of credential, from the request's two headers   `identifier`
`ApiKeys`        `gwk_…` keys, found by prefix, compared by hash            `api_key`
`Token`          a JWT taken apart strictly, before anything is believed    `token`
`TokenVerifier`  signature, issuer, audience, time                          `verifier`
`Claims`         what an issuer may assert, and what it did                 `claims`
`Cache`          tokens verified a moment ago                               `cache`
"""
