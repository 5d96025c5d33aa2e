"""May this caller send data of this class to this agent, for this action and purpose? Decided by casbin.

`PolicySet`  every file and setting that decides where data may go, with its digest   `version`
`Rules`      the parsed and validated lines of `policy.csv` and the profile           `load`
`Target`     an agent or zone, its trust and its contract                             `targets`
`Engine`     casbin's enforcer over the rules that an index leaves to it              `engine`
`Policy`     one policy, built whole and shared by all tenants: question in, ruling out `policy`
`Versions`   what of it is each tenant's own, by which records name it                `tenancy`

`docs/policy.md` is the manual of the files; `traps` holds what is refused although every single word is right.
"""
