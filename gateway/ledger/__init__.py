"""The ledger's exact forms, pure and usable on their own: no database, no socket, no clock.

`Envelope`    what is hashed: one record, which identifies no person      `record`
`Detail`      what a reviewer needs, beside it, committed to by it        `record`
`Entry`       both on their way to the writer, with what goes with them   `entry`
`Chain`       the link from each record to the one before                 `chain`
`Frontier`    the same leaf hashes as an RFC 6962 Merkle tree             `merkle`
`Tile`        a piece of that tree that never changes once full           `tiles`
`Note`        text with Ed25519 signatures (C2SP signed-note)             `note`
`Keys`        the keys a ledger has had, and how each came after another  `rotation`
`Checkpoint`  a tree's size and root as a note (C2SP tlog-checkpoint)     `checkpoint`
`Witness`     who cosigns checkpoints that extend each other            `cosignature`
`judge`       whether a witness may                                     `witnessing`
`Proof`       a record's place in a checkpoint, as a file (C2SP tlog-proof) `proof`
`Verified`    what holds of a ledger's records, and where it ends         `verify`
`Receipt`     the promise to a caller of where its exchange stands        `receipt`
`Diverged`    a later checkpoint that one seen before does not allow      `following`
`commit`      HMAC commitments to what a record must not hold             `commitment`

This package imports `core`, msgspec and `cryptography`, and in `vouching`, for time-stamps, `rfc3161-client`; nothing
else, so that an auditor's program can use it: `docs/proofs.md` says which of its names such a program may rely on, with
examples.
"""
