"""Keys, tokens, passwords. The forms are those that their issuers document; the words are what people write."""

from gateway.checks.classification.recognizer import Recognizer

_WORD = r"[A-Za-z0-9_\-]*"
_SAID = (
    r"(?i:password|passwd|passphrase|passwort|kennwort|wachtwoord|"
    r"\b(?:pwd|contrase\xE0a|mot de passe|parola d'ordine|has\xE0o|senha))"
)
_MARKS = r"""["'\x60*]{0,3}"""
"""What sets a name off: quotes, and what does in Markdown."""
# `PASS: test_login` is what a run of tests prints.
_GATE = rf"(?:(?:{_SAID}|[a-z0-9]Pwd|\b[Pp]ass|[A-Za-z0-9]_PASS){_MARKS}[ \t]{{0,8}}[:=]|\bPASS[ \t]{{0,8}}=)"
_TO = rf"{_GATE}[:=]?\*{{0,2}}[ \t]{{0,8}}"
_IN_QUOTES = (
    r"""("(?:[^"\\\r\n]|\\[^\r\n]){1,48}"|'(?:[^'\\\r\n]|\\[^\r\n]){1,48}'|\x60[^\x60\r\n]{1,48}\x60|"""
    r"""\x1E[^\x1E\r\n]{1,48}$|"""
    r"""["'](?:[^"'\\\s]|\\[^\s])+["']?|\x60[^\x60\s]+\x60?|\x1E[^\x1E\s]+)"""
)
"""All that quotes hold; of what is longer than a window may look for, or was never closed, its first word. A control
character stands before what is all of a text (`labels`)."""
_FIRST, _NEXT = r"""[^\s"'<>,;\x60\x1B\x1E]""", r"""[^\s"'<>,;\x1B]"""
_ASSIGNED = r"(?:self|this)(?:\.|->)[A-Za-z0-9_.]{1,24}[ \t]?=[ \t]?"
"""In source code, what is assigned to an attribute without quotes is a name."""
_NAMED = (
    r"(?:(?i:[a-z0-9][_\-.]secret|secret[_\-. ]?key|\b(?:client|app|consumer|shared|webhook|signing) ?secret|"
    r"api[_\-. ]?key|access[_\-. ]?key|"
    r"\b(?:access|auth|refresh|bearer|private|session|deploy|bot|oauth)[_\-. ]?token)|"
    rf"[a-z0-9]Secret){_MARKS}[ \t]{{0,8}}[:=]"
)
_KEPT_ELSEWHERE = r"(?i:pull|existing|tls|registry)[_\-]?(?i:secret)[\"']?[ \t]?[:=][ \t]?[\"']?"
"""Names of an object that keeps a secret (Kubernetes)."""
_KEPT = r"(?i:api[ _\-]?key|secret(?:[ _]key)?|(?:access|auth)[ _]token|access[ _]key)"
_SPOKEN = rf"(?i:(?:\b(?:pin|passcode)|{_SAID}) (?:is|was|=|is now|set to|lautet|ist|est|es|\xE0) )"
_QUOTED = r"""("[^"\s]{3,48}"|'[^'\s]{3,48}'|\x60[^\x60\s]{3,48}\x60)"""
_CHANGED = rf"{_SAID} (?i:(?:(?:was|is|has been|have been|had been) )?(?:changed|reset|updated|rotated|set))"
_ENDS = r"""["*\x60]{0,3}(?: ?[|,;\t\r\n\xB7]|  )"""
"""With what a cell ends."""
_TAG = r"[A-Za-z0-9_.:\-]{0,24}"
_KEYS = (
    "api|access|auth|secret|client|bearer|private|encryption|signing|master|licen[sc]e|activation|recovery|"
    "subscription|deploy|webhook|hmac|shared|admin|root"
)
_IS = r"""(?:[ \t]?[:=]{1,2}[ \t]?| is )["'\x1E]?"""
_LONG_KEY = rf"""(?i:key|token|secret)["']?{_IS}[A-Za-z0-9_\-+/=.~]{{16}}"""
_NO_KEY = (
    r"(?i:(?:\b|_)(?:(?:idempotency|routing|partition|sharding|shard|page|cache|sort|range|primary|foreign|composite|public|"
    r"publishable|object|s3|file|blob|row|dedup|deduplication|translation|i18n|message|issue|project|index|group|grouping|"
    r"ordering|metric|feature|flag|lock|unique|join|correlation|lookup|surrogate|registry)[ _\-]?keys?|"
    r"(?:next|prev|previous|page|paging|pagination|continuation|cursor|resume|sync|scroll|change|delta|start|starting|"
    r"idempotency|client[ _\-]?request|fencing|consistency|checkpoint)[ _\-]?tokens?)[\"']?)" + _IS
)
"""What names a place in a list, a row, a message or a file, and is no secret however it is made."""
_PUTTY = r"(?:[A-Za-z0-9+/=\s\\]*Private-(?:MAC|Hash): [0-9a-f]*|[A-Za-z0-9+/=\s\\]*)"

RECOGNIZERS = (
    Recognizer(
        id="secret-aws-key",
        type="secret-aws-key",
        pattern=r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        gate=r"\b(?:AKIA|ASIA)[A-Z0-9]",
        score=0.99,
    ),
    Recognizer(
        id="secret-aws-secret",
        type="secret-aws-key",
        pattern=r"""(?i:aws[a-z_ ]{0,12}secret[a-z_ ]{0,16})["']? ?[=:] ?["']?([A-Za-z0-9/+=]{40})\b""",
        gate="(?i:aws[a-z_ ]{0,12}secret)",
        score=0.99,
    ),
    Recognizer(
        id="secret-github-token",
        type="secret-github-token",
        pattern=r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
        gate="gh[pousr]_|github_pat_",
        score=0.99,
        onward="[A-Za-z0-9_]*",
    ),
    Recognizer(
        id="secret-slack-token",
        type="secret-slack-token",
        pattern=r"\bxox[abeoprs](?:-[A-Za-z0-9]+){2,}|https://hooks\.slack\.com/services/[A-Za-z0-9/]+",
        gate=r"xox[abeoprs]-|hooks\.slack",
        score=0.99,
        onward=r"[A-Za-z0-9/\-]*",
    ),
    Recognizer(
        id="secret-anthropic-key",
        type="secret-anthropic-key",
        pattern=r"\bsk-ant-[A-Za-z0-9_\-]{16,}",
        gate=r"\bsk-ant-",
        score=0.99,
        onward=_WORD,
    ),
    Recognizer(
        id="secret-openai-key",
        type="secret-openai-key",
        pattern=r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_\-]{20,}",
        gate=r"\bsk-[A-Za-z0-9_\-]{20}",
        score=0.95,
        onward=_WORD,
    ),
    Recognizer(
        id="secret-google-key",
        type="secret-google-key",
        pattern=r"\bAIza[A-Za-z0-9_\-]{35}",
        gate="AIza",
        score=0.99,
    ),
    Recognizer(
        id="secret-stripe-key",
        type="secret-stripe-key",
        pattern=r"\b(?:sk|rk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,}",
        gate=r"\b(?:sk|rk|whsec)_[A-Za-z0-9]",
        score=0.95,
        onward="[A-Za-z0-9]*",
    ),
    Recognizer(
        id="secret-gitlab-token",
        type="secret-gitlab-token",
        pattern=r"\bgl(?:pat|dt|rt|ptt|oas|soat|cbt|ft)-[A-Za-z0-9_\-]{20,}",
        gate=r"\bgl(?:pat|dt|rt|ptt|oas|soat|cbt|ft)-[A-Za-z0-9_\-]{20}",
        score=0.99,
        onward=_WORD,
    ),
    Recognizer(
        id="secret-package-token",
        type="secret-package-token",
        pattern=r"\b(?:npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_\-]{20,}|dckr_pat_[A-Za-z0-9_\-]{20,}|rubygems_[0-9a-f]{48})",
        gate=r"\b(?:npm_[A-Za-z0-9]{20}|pypi-AgE|dckr_pat_|rubygems_[0-9a-f]{8})",
        score=0.99,
        onward=_WORD,
    ),
    Recognizer(
        id="secret-huggingface-token",
        type="secret-huggingface-token",
        pattern=r"\bhf_[A-Za-z0-9]{30,}",
        gate=r"\bhf_[A-Za-z0-9]{20}",
        score=0.98,
        onward="[A-Za-z0-9]*",
    ),
    Recognizer(
        id="secret-sendgrid-key",
        type="secret-sendgrid-key",
        pattern=r"\bSG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}",
        gate=r"\bSG\.[A-Za-z0-9_\-]{16}",
        score=0.98,
        onward=_WORD,
    ),
    Recognizer(
        id="secret-cloud-token",
        type="secret-cloud-token",
        pattern=(
            r"\b(?:do[opr]_v1_[0-9a-f]{40,}|xapp-[0-9]-[A-Za-z0-9\-]{20,}|ya29\.[A-Za-z0-9_\-]{20,}|"
            r"GOCSPX-[A-Za-z0-9_\-]{20,}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0(?:atp|csp)-[A-Za-z0-9_\-]{20,}|"
            r"dapi[0-9a-f]{32}|hvs\.[A-Za-z0-9_\-]{20,}|AC[0-9a-f]{32}:[0-9a-f]{32}|[0-9]{8,10}:AA[A-Za-z0-9_\-]{33})"
        ),
        gate=(
            r"\bdo[opr]_v1_|\bxapp-[0-9]-|\bya29\.|\bGOCSPX-|\bshp(?:at|ca|pa|ss)_|\bsq0(?:atp|csp)-|"
            r"\bdapi[0-9a-f]{16}|\bhvs\.|\bAC[0-9a-f]{32}:|\b[0-9]{8,10}:AA[A-Za-z0-9_\-]{16}"
        ),
        score=0.98,
        onward=_WORD,
    ),
    Recognizer(
        id="secret-azure-key",
        type="secret-azure-key",
        pattern=r"(?i:\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)=)([A-Za-z0-9+/=&%._\-]{20,})",
        gate="(?i:AccountKey|SharedAccessKey|SharedAccessSignature)=",
        score=0.98,
        onward=r"[A-Za-z0-9+/=&%._\-]*",
    ),
    Recognizer(
        id="secret-azure-signature",
        type="secret-azure-key",
        pattern=r"[?&](?i:sig)=([A-Za-z0-9+/=%_\-]{30,})",
        gate=r"[?&](?i:sig)=[A-Za-z0-9+/=%_\-]{20}",
        score=0.9,
        onward=r"[A-Za-z0-9+/=%_\-]*",
    ),
    Recognizer(
        id="secret-basic-auth",
        type="secret-basic-auth",
        pattern=r"(?i:\bauthorization[\"']?[:=] ?[\"']?basic) ([A-Za-z0-9+/]{8,}={0,2})",
        gate=r"(?i:\bauthorization[\"']?[:=] ?[\"']?basic) [A-Za-z0-9+/]{8}",
        score=0.95,
        onward="[A-Za-z0-9+/=]*",
    ),
    Recognizer(
        id="secret-jwt",
        type="secret-jwt",
        pattern=r"\beyJ[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*){0,4}",
        gate=r"\beyJ[A-Za-z0-9_\-]{8}",
        check="jose",
        score=0.95,
        onward=r"[A-Za-z0-9_.\-]*",
    ),
    Recognizer(
        # RFC 7468; the armoured body may come with its line ends written as \n. Without an end it runs on to whatever
        # cannot be part of it.
        id="secret-private-key",
        type="secret-private-key",
        pattern=(
            r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[\s\\n]*(?:Proc-Type|DEK-Info|Version|Comment): [^\r\n\\]*)*"
            r"[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        gate="-----BEGIN",
        score=0.99,
        onward=r"[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----)?",
    ),
    Recognizer(
        # PuTTY's own format: what is private in it, up to what authenticates it.
        id="secret-putty-key",
        type="secret-private-key",
        pattern=r"Private-Lines: [0-9]{1,4}\b" + _PUTTY,
        gate="Private-Lines: [0-9]",
        score=0.98,
        onward=_PUTTY,
    ),
    Recognizer(
        id="secret-connection-string",
        type="secret-connection-string",
        pattern=r"""\b[A-Za-z][A-Za-z0-9+.\-]*://[^\s:/@"'<>]*:[^\s@"'<>]+@[^\s"'<>]*[^\s"'<>.,;:!?)\]}]""",
        gate="://",
        check="connection",
        score=0.98,
    ),
    Recognizer(
        id="secret-password",
        type="secret-password",
        pattern=rf"{_TO}({_FIRST}{_NEXT}*)",
        gate=_GATE,
        check="password",
        score=0.9,
        cleared=_ASSIGNED,
    ),
    Recognizer(
        id="secret-password-quoted",
        type="secret-password",
        pattern=rf"{_GATE}[:=>]?\*{{0,2}}[ \t]{{0,8}}{_IN_QUOTES}",
        gate=_GATE,
        check="quoted_password",
        score=0.9,
    ),
    Recognizer(
        # What parts values may be part of one, where nothing behind it looks like the next key.
        id="secret-password-signs",
        type="secret-password",
        pattern=rf"""{_TO}({_FIRST}{_NEXT}*(?:[,;<>][^\s"'<>,;=:\x1B]{{0,24}}){{1,4}})(?:[\s"']|$)""",
        gate=_GATE,
        check="password_with_signs",
        score=0.9,
        cleared=_ASSIGNED,
    ),
    Recognizer(
        # On the next line more often stands something else: the next field of a form, what a manual asks for.
        id="secret-password-below",
        type="secret-password",
        pattern=(
            rf"""{_GATE}[:=]?[ \t]{{0,8}}\r?\n[ \t]{{0,8}}["']?"""
            r"""([^\s"'<>,;:=(){}\[\]|]{4,})(?:[\s"',;]|$)"""
        ),
        gate=rf"{_GATE}[:=]?[ \t]{{0,8}}\r?\n",
        check="spoken_password",
        score=0.8,
    ),
    Recognizer(
        id="secret-password-spoken",
        type="secret-password",
        pattern=rf"""{_SPOKEN}["']?([^\s"'<>,;]+)""",
        gate=_SPOKEN,
        check="spoken_password",
        score=0.8,
    ),
    Recognizer(
        id="secret-password-curl",
        type="secret-password",
        pattern=r"""\bcurl [^\n]{0,24}?(?:-u|-U|--user|--proxy-user)[ =]?["']?[^\s:"']{1,24}:([^\s"']+)""",
        gate=r"\bcurl [^\n]{0,24}?(?:-[uU]|--user|--proxy-user)",
        check="password",
        score=0.85,
    ),
    Recognizer(
        # Further along the command, or of another one: `-u 1000:1000` is a group.
        id="secret-password-option",
        type="secret-password",
        pattern=r"""[\s"'](?:-u|--user|--proxy-user)[ =]["']?[A-Za-z0-9._@\-]{1,32}:([^\s"'$<{(/]+)""",
        gate=r"""[\s"'](?:-u|--user|--proxy-user)[ =]["']?[A-Za-z0-9._@\-]{1,30}:""",
        check="command_password",
        score=0.8,
    ),
    Recognizer(
        id="secret-password-command",
        type="secret-password",
        pattern=(
            r"""(?:\b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass) (?:[^\n|;]{0,29} )?-p ?|"""
            r"""\b(?:docker|podman|nerdctl|buildah|skopeo|helm registry|az|oc) login (?:[^\n|;]{0,40} )?-p[ =]|"""
            r"""\s--(?:password|passwd|passphrase|pass|secret|client-secret|api-key) )"""
            r"""["']?([^\s"'$<{(\[\-][^\s"']{2,})"""
        ),
        gate=(
            r"\b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass) [^\n|;]{0,30}-p|"
            r"\b(?:docker|podman|nerdctl|buildah|skopeo|helm registry|az|oc) login |"
            r"\s--(?:password|passwd|passphrase|pass|secret|client-secret|api-key) "
        ),
        check="command_password",
        score=0.8,
    ),
    Recognizer(
        # netrc's form.
        id="secret-password-netrc",
        type="secret-password",
        pattern=r"\bmachine\s{1,2}\S{1,32}\s{1,4}login\s{1,2}\S{1,24}\s{1,4}password\s{1,2}(\S+)",
        gate=r"\bmachine\s{1,2}\S{1,24}",
        check="password",
        score=0.9,
    ),
    Recognizer(
        id="secret-password-sql",
        type="secret-password",
        pattern=(
            r"(?:(?i:\b(?:with|encrypted|login) password)|"
            r"\bIDENTIFIED (?:WITH [a-z_0-9]{1,22} )?BY(?: PASSWORD)?) "
            r"""('[^'\n]{1,40}'|"[^"\n]{1,40}")"""
        ),
        gate=r"""(?:(?i:\b(?:with|encrypted|login) password)|\bIDENTIFIED (?:WITH|BY)) """,
        check="quoted_password",
        score=0.9,
    ),
    Recognizer(
        id="secret-password-told",
        type="secret-password",
        pattern=rf"(?:{_SAID}|(?i:identified by)) {_QUOTED}",
        gate=rf"""(?:{_SAID}|(?i:identified by)) ["'\x60]|{_SAID}{_ENDS}""",
        check="told_password",
        score=0.8,
        heads=(
            "password",
            "passwd",
            "passphrase",
            "passwort",
            "kennwort",
            "wachtwoord",
            "pwd",
            "senha",
            "user password",
            "db password",
            "db_password",
            "user_password",
            "initial password",
            "temporary password",
            "new password",
            "start password",
            "default password",
            "admin password",
        ),
    ),
    Recognizer(
        id="secret-password-before",
        type="secret-password",
        pattern=rf"""{_CHANGED} from ["']?([^\s"'<>,;]+)""",
        gate=rf"{_CHANGED} from",
        check="spoken_password",
        score=0.8,
    ),
    Recognizer(
        id="secret-password-after",
        type="secret-password",
        pattern=rf"""{_CHANGED} (?:from \S{{1,32}} )?to ["']?([^\s"'<>,;]+)""",
        gate=_CHANGED,
        check="spoken_password",
        score=0.8,
    ),
    Recognizer(
        # What the tag says that ends it: one that begins it may hold any attributes.
        id="secret-password-element",
        type="secret-password",
        pattern=rf">([^<>\n]{{3,48}}|[^<>\s]{{3,72}})</{_TAG}(?i:password|passwd|passphrase|passwort|kennwort|pwd)>",
        gate=rf"</{_TAG}(?i:password|passwd|passphrase|passwort|kennwort|pwd)>",
        check="element_password",
        score=0.9,
    ),
    Recognizer(
        id="secret-key-element",
        type="secret-api-key",
        pattern=rf">([^<>\s]{{6,72}})</{_TAG}(?i:api_?key|access_?key|secret|secret_?key|(?:access|auth|refresh)_?token)>",
        gate=rf"</{_TAG}(?i:api_?key|access_?key|secret|secret_?key|(?:access|auth|refresh)_?token)>",
        check="secret_value",
        score=0.85,
    ),
    Recognizer(
        id="secret-password-cell",
        type="secret-password",
        pattern=(
            rf"{_SAID}:?</(?:t[dh]|dt|b|strong|label|span)>\s{{0,8}}<(?:td|dd|span|code)[^<>]{{0,16}}>(?:<code>|<b>)?"
            r"([^<>\n]{3,32})</"
        ),
        gate=rf"{_SAID}:?</(?:t[dh]|dt|b|strong|label|span)>",
        check="cell_password",
        score=0.85,
    ),
    Recognizer(
        id="secret-password-attribute",
        type="secret-password",
        pattern=rf"""{_SAID}["'] (?:value|connectionString|content)=("[^"\n]{{1,48}}"|'[^'\n]{{1,48}}')""",
        gate=rf"""{_SAID}["'] (?:value|connectionString|content)=""",
        check="quoted_password",
        score=0.85,
    ),
    Recognizer(
        id="secret-api-key",
        type="secret-api-key",
        pattern=(
            rf"""(?i:\b(?:(?:{_KEYS})[_ \-]?key|"""
            r"""(?:api|access|auth|secret|client|bearer|private)?[_ \-]?(?:token|secret))"""
            rf"""["']?){_IS}([A-Za-z0-9_\-+/=.~]{{16,}})"""
        ),
        gate=_LONG_KEY,
        check="api_key",
        score=0.85,
        cleared=_NO_KEY,
    ),
    Recognizer(
        # What stores, queues and tables call a key is mostly the name of something.
        id="secret-bare-key",
        type="secret-api-key",
        pattern=rf"""(?i:\b[_ \-]?key["']?){_IS}([A-Za-z0-9_\-+/=.~]{{16,}})""",
        gate=_LONG_KEY,
        check="random_key",
        score=0.85,
        cleared=_NO_KEY,
    ),
    Recognizer(
        # Short, or with signs, where its name leaves no doubt.
        id="secret-named",
        type="secret-api-key",
        pattern=rf"{_NAMED}[:=]?\*{{0,2}}[ \t]{{0,8}}({_FIRST}{_NEXT}{{5,}})",
        gate=rf"{_NAMED}|{_KEPT}{_ENDS}",
        check="secret_value",
        score=0.85,
        heads=(
            "api key",
            "api_key",
            "apikey",
            "api-key",
            "secret",
            "secret key",
            "secret_key",
            "client secret",
            "client_secret",
            "access token",
            "access_token",
            "access key",
            "access_key",
            "auth token",
            "auth_token",
        ),
        cleared=f"{_ASSIGNED}|{_KEPT_ELSEWHERE}",
    ),
    Recognizer(
        id="secret-named-quoted",
        type="secret-api-key",
        pattern=rf"{_NAMED}[:=>]?\*{{0,2}}[ \t]{{0,8}}{_IN_QUOTES}",
        gate=_NAMED,
        check="quoted_secret",
        score=0.85,
    ),
    Recognizer(
        id="secret-bearer",
        type="secret-api-key",
        pattern=r"(?i:\bbearer) ([A-Za-z0-9_\-+/=.]{16,})",
        gate=r"(?i:\bbearer) [A-Za-z0-9_\-+/=.]{16}",
        check="api_key",
        score=0.9,
    ),
)
