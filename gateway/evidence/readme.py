"""The `README.txt` of a bundle: what it holds, and how to check it with `verify.py`, or with OpenSSL and no more."""

from gateway.evidence import bag, manifest

OPENSSL = f"""\
T=$(mktemp -d)

# The public key, from outside this bundle (NAME+ID+BASE64), as PEM.
(printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'
 cut -d+ -f3- "$KEY" | base64 -d | tail -c 32) > "$T"/key.der
openssl pkey -pubin -inform DER -in "$T"/key.der -out "$T"/key.pem

# The manifest's signature (DSSE: type and payload are signed, each after its length).
sed 's/.*"payload":"\\([^"]*\\)".*/\\1/' {manifest.NAME} | base64 -d > "$T"/payload
sed 's/.*"sig":"\\([^"]*\\)".*/\\1/' {manifest.NAME} | base64 -d > "$T"/payload.sig
TYPE={manifest.TYPE}
(printf 'DSSEv1 %d %s %d ' ${{#TYPE}} "$TYPE" "$(wc -c < "$T"/payload)"; cat "$T"/payload) > "$T"/signed
openssl pkeyutl -verify -pubin -inkey "$T"/key.pem -rawin -in "$T"/signed -sigfile "$T"/payload.sig

# Every file that the manifest lists.
tr '{{' '\\n' < "$T"/payload | sed -n 's/.*"path":"\\([^"]*\\)","sha256":"\\([0-9a-f]*\\)".*/\\2  \\1/p' > "$T"/files
sha256sum --check --strict --quiet "$T"/files

# The checkpoint's signature (C2SP signed-note): the text before the empty line, and the ledger's own line after it.
sed '/^$/,$d' {bag.LAST_CHECKPOINT} > "$T"/text
sed -n "s|^— $(head -n 1 $T/text) ||p" {bag.LAST_CHECKPOINT} | head -n 1 | base64 -d | tail -c 64 > "$T"/text.sig
openssl pkeyutl -verify -pubin -inkey "$T"/key.pem -rawin -in "$T"/text -sigfile "$T"/text.sig
"""
"""Shell commands, run inside the unpacked bundle with the key's file in `$KEY`. A test runs them."""


def text(origin: str) -> str:
    """The file for a bundle of the ledger with this origin."""
    return f"""\
EVIDENCE BUNDLE
ledger {origin}

A BagIt 1.0 bag. Under data/:

  records.jsonl     every record of the range, one a line, in its exact bytes: nothing is left out
  details.jsonl     details of the selected records; each opens the commitment in its record
  selection.json    the range and the filters: run them over records.jsonl to see what is selected
  reports/          what follows from the records: misses, how much classification misses, as people have judged it
                    on a sample; `not measured` where nobody has. What else is there, and in csv/, fhir/, ocsf/, oscal/
                    and disclosures.jsonl, was asked for: made of these records by the gateway, signed, not made again
                    by verify.py
  checkpoints/      signed checkpoints (C2SP tlog-checkpoint)
  proofs/           that the records are those of the checkpoint; NUMBER.tlog-proof for single records (C2SP tlog-proof)
  policy/           the policy versions that records name, by digest
  key.vkey          the ledger's public key: a convenience, prove nothing with it
  verify.py         a verifier that stands alone: a convenience, see below

{manifest.NAME} lists every file with its SHA-256 and is signed with the ledger's key.

TO VERIFY

Get two things from somewhere else than this bundle: the ledger's public key (KEY.vkey, from whoever answers for the
gateway, or from a witness), and the verifier (from a release of the project; or compare the digest of verify.py with
that of the release). Then

  python3 verify.py --key KEY.vkey BUNDLE.zip

needs Python 3.11 and the package `cryptography`, no network and no configuration. A newer checkpoint of the same
ledger, from a witness say, is given with --checkpoint FILE: then records that were cut off are missed.

WITH OPENSSL

The signatures and the files can be checked with OpenSSL 3 and a shell, in the unpacked bundle. This does not check
the tree, the chain, the selection and the details; verify.py does.

{OPENSSL}
Whoever holds a detail of a record can check it by hand: the record's `detail` is the base64 of
HMAC-SHA256(salt, "detail" 0x00 bytes), with salt and bytes as in details.jsonl (in base64).
"""
