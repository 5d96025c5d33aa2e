"""What is kept: the ledger's writers and readers, keys, tenants, policies, and the tables behind them.

`tables`      the one definition of every table
`index`       the columns of `record` that are an index on its bytes
`engine`      connections, for everything that is not the writers' hot path
`migrate`     alembic, on both databases
`guard`       what a database must be like to be served from
`writer_*`    one tenant's ledger: group commit on SQLite and PostgreSQL
`recovery`    what happens at every start, after a crash or not
"""
