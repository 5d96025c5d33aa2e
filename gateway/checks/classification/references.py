"""Whether what stands where a secret would is none: what reads it from elsewhere, or says of what type it is.

Source code, templates and settings name a secret's place far more often than they hold one (`pw = os.environ[…]`,
`password: ${DB_PASSWORD}`, `password: SecretStr`). Only forms that nobody takes for a secret of their own count; what
may be either (`correct.horse`, `$ecret1`, `abc(123`) is a secret.
"""

import re

from gateway.checks.classification.recognizer import entries

_ROOTS = (
    "self|this|os|sys|process|env|environ|settings|config|conf|cfg|args|opts|options|params|props|request|req|ctx|"
    "secrets|vars?|local|import|random|getpass"
)
_CALLS = (
    "input|getenv|getpass|env|file|decrypt|encrypt|hash|varchar|nvarchar|char|string|str|optional|secret|lookup|get|"
    "fetch|read|load|prompt|ask|quote|generate|random|b64decode|base64decode|sensitive|ref|lower|crypt|list|union"
)
_REFERENCE = re.compile(
    r"\$[A-Z][A-Z0-9_]*"  # of a shell
    r"|\$\{.*|\$\(.*|\{\{.*|%[A-Z][A-Z0-9_]*%|%\([a-z].*|\{[A-Za-z_][A-Za-z0-9_.]*\}"  # of a template
    r"|\$(?:this|_[A-Z]+|(?:[a-z]+_)?(?:password|passwd|pass|pwd))(?:[-\[].*)?"  # of PHP
    r"|!(?:vault|secret|env|ref|sub|encrypted)"  # tags of YAML
    r"|\((?:current|new|old|again|optional|hidden|empty|blank)\)?"  # of a prompt
    rf"|(?:{_ROOTS})(?:\??\.[A-Za-z_][A-Za-z0-9_]*)+(?:[(\[].*)?"
    rf"|(?i:{_CALLS})[(\[][A-Za-z0-9_.]*[)\]]*"
    r"|[A-Za-z_][A-Za-z0-9]*[._][A-Za-z0-9_.]*[(\[][A-Za-z0-9_.]*[)\]]*"
    r"|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*\.(?:password|passwd|pwd)"
    r"|_[A-Za-z0-9_.]+[(\[][A-Za-z0-9_.]*[)\]]*"
    r"|(?i:required|nullable|sometimes|string|confirmed|(?:min|max|size|between|regex):[0-9,]+)"
    r"(?:\|(?i:[a-z_]+(?::[A-Za-z0-9_,.]+)?))+"  # rules of a form
)
_TYPES = frozenset(
    entries(
        "secretstr secretbytes charfield passwordfield passwordinput encryptedstring varchar nvarchar bytea boolean "
        "securestring useref usestate"
    )
)
_PIECES = re.compile(r"[^a-z]+")
_TO_BE_PUT = frozenset(entries("your my insert replace enter put paste add here placeholder"))
_THINGS = frozenset(entries("key token secret password passwd pass pw value client access credential credentials"))


def refers(value: str) -> bool:
    """Whether all of a value is a reference to what stands elsewhere, a call that gets it, or a type."""
    return value.lower() in _TYPES or _REFERENCE.fullmatch(value) is not None


def stands_in(value: str) -> bool:
    """Whether a value says what is to be put in its place (`YOUR_API_KEY_HERE`)."""
    words = frozenset(_PIECES.split(value.lower()))
    return bool(words & _TO_BE_PUT) and bool(words & _THINGS)
