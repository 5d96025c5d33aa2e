"""Who may use which route of the API: by role, and within a credential's scopes. Denied by default.

`POLICY`   the shipped rules: permissions, their roles, their routes       `shipped`
`Rights`   what casbin makes of them, asked once for each route and role   `rights`
`beyond`   whether somebody would hand out more than they hold           `handing`
"""
