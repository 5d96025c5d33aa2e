"""What is kept: the ledger's writers and readers, keys, tenants, policies, and the tables behind them.

`tables`      the one definition of every table
`index`       the columns of `record` that are an index on its bytes
`engine`      connections, for everything that is not the writers' hot path
`sqlite_connection` what the engine on SQLite is made of: a thread for each (`worker`), one trip a statement
`migrate`     alembic, on both databases
`walls`       row-level security on PostgreSQL: what a transaction of a tenant sees, and what passes that
`guard`       what a database must be like to be served from
`ledgers`     all ledgers of a process: the way in
`writer_*`    one tenant's ledger: group commit on SQLite and PostgreSQL; `batch` fills one, `key_stage` comes before
`recovery`    what happens at every start, after a crash or not; `node` who serves, by claim and lease
`keyring`     keys, in files apart from the database; `data_keys` those that can be destroyed, `shared_keys` where
              machines share them
`sealing`     openings and content under data keys
`aside`       work that may hang, beside a loop that must not wait for it
`api_keys`    API keys: made, found, revoked, rotated, each with its record
`directory`   tenants and pseudonyms
`tasks`       requests that are made later: claimed, moved, swept; `row_changes` what comes true with a record
`policies`    policy versions by digest, and which was active when; `proposals` what is to be, and by whom
`reader`      one ledger read in order; `tree` its hashes and proofs; `search` by filters, in pages and streams
`postings`    where values are, block by block, made by `indexer`; `candidates` what a search has to look at
`checkpointer` signed checkpoints of the growing tree (`growth`); `lease` keeps it to one process at a time
`marks`       what is remembered beside the keys: the checkpoint that was `signed` last, records that are `lost`
"""
