"""The `README.txt` of a bundle: what it holds, and how to check it with `verify.py`, or with OpenSSL and no more."""

from gateway.evidence import bag, manifest

OPENSSL = f"""\
: "${{KEY:?must be the path of KEY.vkey}}"
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

# Time-stamps, where $TSA_CA names a file of authorities: each is of the checkpoint beside it.
if [ -n "${{TSA_CA:-}}" ]; then
  for STAMP in data/timestamps/*/*.tsr; do
    openssl ts -verify -in "$STAMP" -data "$(dirname "$STAMP")/checkpoint.txt" -CAfile "$TSA_CA"
  done
fi

# That a record is in the tree (RFC 9162, 2.1.3.2): record $N, or the first with a proof file, leads to the root.
N=${{N:-$(ls data/proofs | sed -n 's/[.]tlog-proof$//p' | sort -n | head -n 1)}}
FIRST=$(sed 's|.*"range":.\\([0-9]*\\),.*|\\1|' {bag.SELECTION})
hash() {{ openssl dgst -sha256 -binary | base64; }}
sed -n "$((N - FIRST + 1))p" {bag.RECORDS} | tr -d '\\n' > "$T"/record
R=$( (printf '\\000'; cat "$T"/record) | hash)
F=$N
S=$(($(sed -n 2p "$T"/text) - 1))
for P in $(sed '1,2d;/^$/,$d' data/proofs/"$N".tlog-proof); do
  if [ $((F % 2)) = 1 ] || [ "$F" = "$S" ]; then
    R=$( (printf '\\001'; echo "$P" | base64 -d; echo "$R" | base64 -d) | hash)
    while [ $((F % 2)) = 0 ] && [ "$F" != 0 ]; do F=$((F / 2)); S=$((S / 2)); done
  else
    R=$( (printf '\\001'; echo "$R" | base64 -d; echo "$P" | base64 -d) | hash)
  fi
  F=$((F / 2))
  S=$((S / 2))
done
[ "$S" = 0 ]
[ "$R" = "$(sed -n 3p "$T"/text)" ]
"""
"""Shell commands, run inside the unpacked bundle with the key's file in `$KEY`. A test runs them."""


BEGIN, END = "# ---- check.sh begins", "# ---- check.sh ends"
"""The lines before and after these commands."""
BY_HAND = f"""\
sed -n '/^{BEGIN}$/,/^{END}$/p' {bag.README} > ../check.sh
KEY=/path/to/KEY.vkey sh -e ../check.sh; echo $?
"""
"""How they are run, inside the unpacked bundle. A test runs this, with a key's path."""


PYTHON = """\
python3 -m pip install cryptography
python3 -m zipfile -e BUNDLE.zip bag
python3 bag/data/verify.py --key KEY.vkey BUNDLE.zip
"""
"""The same with Python: a test runs the last two of them."""


POLICY = """\
for FILE in data/policy/*.json; do python3 -c '
import base64, json, sys
for name, text in json.load(open(sys.argv[1]))["members"].items():
    print("==>", sys.argv[1], name)
    print(base64.b64decode(text).decode())
' "$FILE"; done
"""
"""Shell commands that print what each policy version is made of, inside the unpacked bundle. A test runs them."""


def text(origin: str) -> str:
    """The file for a bundle of the ledger with this origin."""
    return f"""\
EVIDENCE BUNDLE
ledger {origin}

A BagIt 1.0 bag. Under data/:

  records.jsonl     every record of the range, one a line, in its exact bytes: nothing is left out
  details.jsonl     details of the selected records; each opens the commitment in its record
  content/          contents.jsonl, where it was asked for: what policy has kept of messages of selected records, as the
                    agent was sent it; each opens the commitment (`kept`) in its record. It is personal data
  selection.json    the range and the filters: run them over records.jsonl to see what is selected
  reports/          what follows from the records: misses, how much classification misses, as people have judged it
                    on a sample; `not measured` where nobody has. What else is there, and in csv/, fhir/, ocsf/, oscal/
                    and disclosures.jsonl, was asked for: made of these records by the gateway, signed, not made again
                    by verify.py
  checkpoints/      signed checkpoints (C2SP tlog-checkpoint)
  witness/          the newest checkpoint that witnesses have cosigned, and that the last extends it; absent where
                    there is none
  timestamps/       checkpoints that authorities have time-stamped (RFC 3161), by size, each with its .tsr files, and
                    that the last extends it; absent where there are none
  emergencies/      emergency ledgers, by id: each kept records while the database was away, is a ledger by itself with
                    a key of its own, and is stitched in by a record of the range; absent where there are none, or
                    where a file was not at hand, which verify.py says. The selection is run over its records too, and
                    details.jsonl beside it opens what of them is selected
  rotations.txt     how the ledger's key came after others, signed by both each time; absent where it never did
  proofs/           that the records are those of the checkpoint; NUMBER.tlog-proof for single records (C2SP tlog-proof)
  policy/           the policy versions that records name, and the one that stood when the range began (`standing` of
                    the signed list), by digest: rules, recognizers, frameworks and, as structure.json,
                    what of the configuration decides where data may go; how to read them: below
  key.vkey          the ledger's public key: a convenience, prove nothing with it
  verify.py         a verifier that stands alone: a convenience, see below

{manifest.NAME} lists every file with its SHA-256 and is signed with the ledger's key.

TO VERIFY

Get two things from somewhere else than this bundle: the ledger's public key (KEY.vkey, from whoever answers for the
gateway, or from a witness), and the verifier (from a release of the project; or compare the digest of verify.py with
that of the release). Then, in a minute, with Python 3.11 or newer:

{PYTHON}
It says what became of each step, a numbered line each, then VERIFIED, with what that means and what it does not, or NOT
VERIFIED; it exits with 0, or with 1. With --json it says the same as data. Once the package `cryptography` is there it
needs no network, and no configuration.
A checkpoint of the same ledger that was kept elsewhere, by a witness say, is given with --checkpoint FILE: then records
that were cut off are missed. It is of a size that the bundle knows: within its range, or of its own checkpoints. With
one that is newer than the bundle, or older than its range, a good bundle is NOT VERIFIED: it cannot be compared.
A trust policy (C2SP tlog-policy: the ledger's key, keys of witnesses, a quorum) is given with --trust FILE: then the
quorum must have cosigned.
PEM certificates of time-stamping authorities are given with --tsa-ca FILE: then one of them must have stamped.
verify.py has `openssl` check that, and says so where there is none.
A bundle that came encrypted (.zip.age) is decrypted first, with age: `age --decrypt --identity KEY --output BUNDLE.zip
BUNDLE.zip.age`. verify.py does not decrypt.

TO READ WHAT WAS IN FORCE

A file in policy/ is one policy version. Its name is its SHA-256, by which records of decisions name it, and
`policy.activated` says when it came into force. Of the one that stood when the range began (`standing`) that record may
lie before the range. Each member of it is a file, in base64; structure.json is this tenant's part of the configuration:
zones, processors with their agreements, agents with their addresses, issuers, certificates and whom they stand for,
callbacks, days of retention. What else is configured is in records as a digest alone (`config`). In the unpacked bundle
these lines print it all:

{POLICY}
WITH OPENSSL

The signatures, the files, and that single records are those of the checkpoint, can be checked with OpenSSL 3 and a
shell. They do not check that the range is complete, the selection and the details; verify.py does. The commands stand
between two marks below. In the unpacked bundle, write them to a file, and run that with the path of the ledger's public
key (KEY.vkey, from elsewhere than this bundle) in KEY:

{BY_HAND}
It ends with 0 if all holds, and with another number at the first that does not. N chooses the record, of those in
proofs/; TSA_CA is the path of a file of authorities, where time-stamps are to be checked.

{BEGIN}
{OPENSSL}{END}

Whoever holds a detail of a record can check it by hand: the record's `detail` is the base64 of
HMAC-SHA256(salt, "detail" 0x00 bytes), with salt and bytes as in details.jsonl (in base64). Likewise
`commitment` in `kept` is that of HMAC-SHA256(salt, "content" 0x00 keys 0x00 bytes), as in content/contents.jsonl.
"""
