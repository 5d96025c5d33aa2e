"""Who is calling: a credential is verified and becomes an `Identity`, or a `Refusal` that tells nothing of its value.

`Credentials`    all that a request shows, and what holds of several        `credentials`
`Certificates`   client certificates, verified again at each request        `certificate`
`Pattern`        names in certificates, and whom they stand for             `names`
`Identifier`     both kinds of credential, from the request's two headers   `identifier`
`ApiKeys`        `gwk_…` keys, found by prefix, compared by hash            `api_key`
`Token`          a JWT taken apart strictly, before anything is believed    `token`
`TokenVerifier`  signature, issuer, audience, time                          `verifier`
`Claims`         what an issuer may assert, and what it did                 `claims`
`Cache`          tokens verified a moment ago                               `cache`
"""
