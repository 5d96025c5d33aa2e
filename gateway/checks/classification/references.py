"""Whether what stands where a secret would is none: what reads it from elsewhere, or says of what type it is.

Source code, templates and settings name a secret's place far more often than they hold one (`pw = os.environ[…]`,
`password: ${DB_PASSWORD}`, `password: SecretStr`). Only forms that nobody takes for a secret of their own count; what
may be either (`correct.horse`, `$ecret1`, `abc(123`) is a secret.
"""

import re

from gateway.checks.classification.recognizer import entries

_ROOTS = (
    "self|this|os|sys|process|env|environ|settings|config|conf|cfg|args|opts|options|params|props|request|req|ctx|"
    "secrets|vars?|local|import|random|getpass|data|module|resource|output|each|"
    "(?:aws|google|azurerm|random|vault|tls|kubernetes)_[a-z_]+"
)
_CALLS = (
    "input|getenv|getpass|env|file|decrypt|encrypt|hash|varchar|nvarchar|char|string|str|optional|secret|lookup|get|"
    "fetch|read|load|prompt|ask|quote|generate|random|b64decode|base64decode|sensitive|ref|lower|crypt|list|union|"
    "mapped|annotated|column|mapped_column|field|form|body|literal|final|param"
)
_ARGUMENTS = r"[(\[][A-Za-z0-9_.]*[)\]]*"
_REFERENCE = re.compile(
    r"\$[A-Z][A-Z0-9_]*"  # of a shell
    r"|\$\{.*|\$\(.*|\{\{.*|%[A-Z][A-Z0-9_]*%|%\([a-z].*|\{[A-Za-z_][A-Za-z0-9_.]*\}"  # of a template
    r"|\$(?:this|_[A-Z]+|(?:[a-z]+_)?(?:password|passwd|pass|pwd))(?:[-\[].*)?"  # of PHP
    r"|!(?:vault|secret|env|ref|sub|encrypted)"  # tags of YAML
    r"|\((?:current|new|old|again|optional|hidden|empty|blank)\)?"  # of a prompt
    rf"|(?:{_ROOTS})(?:\??\.[A-Za-z_][A-Za-z0-9_]*)+(?:[(\[].*)?"
    rf"|(?i:{_CALLS})[(\[][A-Za-z0-9_.]*[)\]]*"
    rf"|[A-Za-z_][A-Za-z0-9]*[._][A-Za-z0-9_.]*{_ARGUMENTS}(?:\.[A-Za-z_][A-Za-z0-9_]*(?:{_ARGUMENTS})?)*"  # chained
    r"|ENC[(\[].*|\{cipher\}.*"  # kept encrypted
    r"|(?:op|vault|ssm|awssm|gsm|keyvault|secretsmanager|doppler|sops):(?://|/|[a-z]+/|v[0-9]:).*"  # kept elsewhere
    r"|[&*\[\]]*(?:mut )?(?:str|string|bytes?|char|text)[?*\[\]!]*(?:\|(?:None|null|undefined))?"  # of a language
    r"|[a-z]+(?:_[a-z]+)*_(?:password|passwd|pwd|pw)|(?:password|passwd|pwd)(?:_[a-z]+)+"  # a variable's name
    r"|[a-z]+(?:[A-Z][a-z]+)*(?:Password|Passwd|Pwd)|(?:password|passwd|pwd)(?:[A-Z][a-z]+)+"
    r"|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*\.(?:password|passwd|pwd)"
    r"|_[A-Za-z0-9_.]+[(\[][A-Za-z0-9_.]*[)\]]*"
    r"|(?i:required|nullable|sometimes|string|confirmed|(?:min|max|size|between|regex):[0-9,]+)"
    r"(?:\|(?i:[a-z_]+(?::[A-Za-z0-9_,.]+)?))+"  # rules of a form
)
_TYPES = frozenset(
    entries(
        "secretstr secretbytes charfield passwordfield passwordinput encryptedstring varchar nvarchar bytea boolean "
        "securestring useref usestate redacted masked filtered removed hidden"
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
