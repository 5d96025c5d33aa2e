"""Evidence that stands on its own: a bundle that anyone verifies with the ledger's public key and nothing else.

`Selection`  which records, and of which the details           `selection`
`Manifest`   every file of a bundle, signed (DSSE)             `manifest`, `dsse`
`Bag`        the BagIt tag files, which follow from a manifest `bag`
`Container`  the one zip form that a bundle has                `container`
`build`      writes a bundle as a stream                       `bundle`
`Attachment` makes a further file of a bundle's records         `attachment`
`verify`     reads it back, in numbered steps                  `verify`
`generate`   the same verifier as one file of its own          `standalone`

What `verify` needs stands on the standard library, `gateway.ledger` and `gateway.core.errors`, because `standalone`
packs those very sources into the `verify.py` of each bundle.
"""
