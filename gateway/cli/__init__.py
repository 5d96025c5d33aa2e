"""The `gateway` command.

`main`       the entry point: parses, runs one command, turns errors into one line and an exit code
`common`     what commands share: the configuration, the tenant, who runs the command, text or JSON
`init`       a new installation                       `check`      what serving would refuse
`serve`      the server                               `logs`       its log lines
`migrate`    the database                             `keys`       API keys, and a ledger's public key
`classify`   what is found in texts                   `audit`      searching and proving the record
`filters`    the filters of searches and exports      `verifying`  the verification of a whole ledger
`evidence`   bundles                                  `openapi`    the API's description
`demo`       the whole system on one machine
"""
