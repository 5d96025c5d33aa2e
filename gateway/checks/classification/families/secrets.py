"""Keys, tokens, passwords. The forms are those that their issuers document; the words are what people write."""

from gateway.checks.classification.recognizer import NUMBER, Lexicon, Near, Recognizer, words

_WORD = r"[A-Za-z0-9_\-]*"
_SAID = (
    r"(?i:password|passwd|passphrase|passwort|kennwort|wachtwoord|"
    r"l\xE0senord|salasana|adgangskode|\b(?:pwd|contrase(?:\xE0|n)a|mot[ _]de[ _]passe|motdepasse|parola d'ordine|"
    r"has\xE0o|senha|passord|heslo)|[\xC0\xE0]ifre)"
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
_SPOKEN = (
    rf"(?i:(?:\b(?:pin|passcode)|{_SAID}) (?:is|was|=|is now|set to|lautet|ist|est|es|\xE0) |"
    r"\bpwd? (?:is|was|is now|lautet|ist) )"
)
_OF_WHAT = r"(?: [A-Za-z\xC0\xE0'\-]{1,10}){1,4} (?i:is|was|is now|lautet|ist|est|es|\xE0|\xE0r|er) "
_MEANT = rf"(?:{_SAID}|\b(?i:pw|mdp)){_OF_WHAT}"
"""Of something or somebody: `the password for the printer is …`."""
_QUOTED = r"""("[^"\s]{3,48}"|'[^'\s]{3,48}'|\x60[^\x60\s]{3,48}\x60)"""
_CHANGED = rf"{_SAID} (?i:(?:(?:was|is|has been|have been|had been) )?(?:changed|reset|updated|rotated|set))"
_ENDS = r"""["*\x60]{0,3}(?: ?[|,;\t\r\n\xB7]|  )"""
"""With what a cell ends."""
_TAG = r"[A-Za-z0-9_.:\-]{0,24}"
_WORTH = r"""["'\x60]?([^\s"'<>,;\x60\x1B]{4,})"""
_OF = rf"{_SAID} (?i:for|of|to|on|f\xE0r|von|de|para|per|pour|voor) "
_SHORT = (
    r"(?:\b(?i:pw|passcode|mdp|psk|clave|(?:wi-?fi|wlan|wpa|network) ?[_\-]?key)|[A-Z0-9]_AUTH)"
    rf"{_MARKS} ?[:=]"
)
_PAIRED = (
    r"(?i:\b(?:user(?:name)?|login|id) ?/ ?(?:pass(?:word)?|pwd|pw)|\b(?:credentials?|creds|zugangsdaten))[:=]? {0,2}"
)
_PAIR = _PAIRED + r"[^\s/:,]{1,24} ?[/:,] ?"
_TOOLS = (
    r"\b(?:(?:sqlcmd|bcp|isql|osql|unzip) [^\n|;]{0,29}?-P ?|redis-cli [^\n|;]{0,29}?-a ?|"
    r"(?:mongosh?|mongodump|mongorestore|cypher-shell) [^\n|;]{0,29}?-p ?|ldap[a-z]{3,7} [^\n|;]{0,29}?-w ?|"
    r"smbclient [^\n|;]{0,24}?-U ?[^\s%]{1,20}%|setx [A-Z_]{0,16}(?:PASSWORD|_PASS|PWD) |"
    r"sqlplus (?:-[A-Za-z] )?[A-Za-z0-9_]{1,20}/)"
)
_ANSWER = (
    r"\b(?i:memorable (?:word|name|place)|security (?:word|answer)|secret (?:word|answer)|code ?word|losungswort)"
    r"[\"'*]{0,3} ?[:=] ?[\"'*]{0,2}"
)
_LOGIN = r"(?:\bauth ?= ?|BasicAuth|\.login)\("
_SCHEME = r"(?i:\bauthorization[\"']?) ?[:=] ?[\"']?"
_HASH = (
    r"(?:\$(?:2[abxy]|[1567y]|gy|argon2(?:id|i|d)|scrypt)\$|\bpbkdf2_sha|\{(?:SSHA|SMD5|SHA|PBKDF2)[0-9A-Z\-]{0,8}\})"
)
_COOKIE = (
    r"\b(?:(?i:jsessionid|phpsessid|asp\.net_sessionid|connect\.sid|laravel_session|ci_session|remember_token)|"
    r"sessionid)="
)
_SENT = r"(?i:\bcookie[\"']?): ?[\"']?[A-Za-z0-9_.\-]{0,20}(?i:sess|sid|auth|token|jwt)[A-Za-z0-9_.\-]{0,12}="
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

LEXICONS = (
    Lexicon(
        id="password",
        words=words(
            "пароль, парола, лозинка, 密码, 密碼, 口令, パスワード, 비밀번호, κωδικός, סיסמה, كلمة المرور, كلمة السر"
        ),
    ),
)

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
        id="secret-password-meant",
        type="secret-password",
        pattern=rf"""{_MEANT}["']?([^\s"'<>,;]+)""",
        gate=_MEANT,
        check="spoken_password",
        score=0.8,
    ),
    Recognizer(
        # Other pins are of boards, and have letters.
        id="secret-pin-meant",
        type="secret-password",
        pattern=rf"\b(?i:pin|passcode){_OF_WHAT}([0-9]{{4,8}})\b",
        gate=rf"\b(?i:pin|passcode){_OF_WHAT}[0-9]",
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
            r"""\B--(?:password|passwd|passphrase|pass|secret|client-secret|api-key)(?: |["'], ?)|"""
            rf"""{_TOOLS})"""
            r"""["']?([^\s"'$<{(\[\-][^\s"']{2,})"""
        ),
        gate=(
            r"\b(?:mysql|mysqldump|mysqladmin|mariadb|sshpass) [^\n|;]{0,30}-p|"
            r"\b(?:docker|podman|nerdctl|buildah|skopeo|helm registry|az|oc) login |"
            r"--(?:password|passwd|passphrase|pass|secret|client-secret|api-key)(?: |[\"'],)|"
            r"\b(?:sqlcmd|bcp|isql|osql|unzip|redis-cli|mongosh?|mongodump|mongorestore|cypher-shell|ldap[a-z]{3,7}|"
            r"smbclient|setx|sqlplus) "
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
        # `I changed your password to …`
        id="secret-password-made",
        type="secret-password",
        pattern=(
            r"(?i:chang(?:ed?|ing)|reset|updat(?:ed?|ing)|set|setting|rotated?) (?:[A-Za-z']{1,12} ){0,3}"
            rf"{_SAID} to {_WORTH}"
        ),
        gate=rf"{_SAID} to [\"'\x60]?[^\s]",
        check="spoken_password",
        score=0.8,
    ),
    Recognizer(
        # `Password for user bob: …`
        id="secret-password-of",
        type="secret-password",
        pattern=rf"{_OF}[^:=\n\"'<>]{{1,32}}[:=] ?{_WORTH}",
        gate=_OF,
        check="password_of",
        score=0.8,
    ),
    Recognizer(
        # In a sentence, without anything between: only what is no word.
        id="secret-password-bare",
        type="secret-password",
        pattern=rf"{_SAID}(?: (?:->?|\xB7) | ){_WORTH}",
        gate=rf"{_SAID}(?: (?:->?|\xB7) | )[^\s<>]{{4}}",
        check="strong_password",
        score=0.75,
    ),
    Recognizer(
        # Labels that mean much else.
        id="secret-password-short",
        type="secret-password",
        pattern=rf"{_SHORT} ?{_WORTH}",
        gate=_SHORT,
        check="short_password",
        score=0.75,
        cleared=r"(?i:palabras?|palavras?)[ \-]chaves?[^\n]{0,4}|(?i:palabras?) clave[^\n]{0,4}",
    ),
    Recognizer(
        id="secret-password-pin",
        type="secret-password",
        pattern=r"\b(?:PIN|[Pp]asscode|[Pp]in)(?i: (?:code|number|no\.?))?\"?[:=] ?\"?([0-9]{4})\b",
        gate=r"\b(?:PIN|[Pp]asscode|[Pp]in)(?i: (?:code|number|no\.?))?\"?[:=] ?\"?[0-9]{4}\b",
        joints=NUMBER,
        score=0.75,
    ),
    Recognizer(
        id="secret-password-puk",
        type="secret-password",
        pattern=r"\bPUK[12]?(?i: (?:code|number|no\.?))?[:=]? ?([0-9]{8})\b",
        gate=r"\bPUK[12]?(?i: (?:code|number|no\.?))?[:=]? ?[0-9]{8}\b",
        joints=NUMBER,
        score=0.8,
    ),
    Recognizer(
        # What somebody is asked for by telephone.
        id="secret-password-answer",
        type="secret-password",
        pattern=rf"{_ANSWER}([^\s\"',;.<>]{{2,24}})",
        gate=_ANSWER,
        check="told_answer",
        score=0.75,
    ),
    Recognizer(
        # `user / pass: bob / …`
        id="secret-password-pair",
        type="secret-password",
        pattern=rf"{_PAIR}{_WORTH}",
        gate=_PAIRED,
        check="strong_password",
        score=0.8,
    ),
    Recognizer(
        # `auth=('bob', '…')`
        id="secret-password-login",
        type="secret-password",
        pattern=rf"""{_LOGIN}["'][^"'\n]{{1,32}}["'], ?("[^"\n]{{1,40}}"|'[^'\n]{{1,40}}')""",
        gate=rf"""{_LOGIN}["']""",
        check="quoted_password",
        score=0.85,
    ),
    Recognizer(
        # In other scripts than Latin, of which a pattern sees no more than that there are letters.
        id="secret-password-abroad",
        type=None,
        pattern=r"""[\xC0\xE0] ?[:=] ?["']?([!-~]{4,})""",
        gate=r"[\xC0\xE0] ?[:=] ?[!-~]{4}",
        near=(Near(lexicon="password", type="secret-password", score=0.85, before=6, check="spoken_password"),),
    ),
    Recognizer(
        # What is kept of a password, as `crypt`, Argon2, Django and LDAP write it.
        id="secret-password-hash",
        type="secret-password",
        pattern=(
            r"\$2[abxy]\$[0-9]{2}\$[./A-Za-z0-9]{53}|"
            r"\$(?:[1567y]|gy|scrypt)\$(?:[^\s$:\"',]{1,40}\$){1,3}[./A-Za-z0-9]{22,86}|"
            r"\$argon2(?:id|i|d)\$(?:v=[0-9]{1,3}\$)?[a-z]=[^\s$\"']{1,40}\$[A-Za-z0-9+/]{8,86}\$[A-Za-z0-9+/]{16,}|"
            r"\bpbkdf2_sha[0-9]{1,3}\$[0-9]{1,9}\$[^\s$]{1,40}\$[A-Za-z0-9+/]{20,}=?=?|"
            r"\{(?:SSHA|SMD5|SHA|PBKDF2)[0-9A-Z\-]{0,8}\}[A-Za-z0-9+/$.]{20,}=?=?"
        ),
        gate=_HASH,
        score=0.95,
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
        pattern=r"(?i:\bbearer) ([A-Za-z0-9_\-+/=.~]{16,})",
        gate=r"(?i:\bbearer) [A-Za-z0-9_\-+/=.~]{16}",
        check="api_key",
        score=0.9,
    ),
    Recognizer(
        # Of other schemes, or of none.
        id="secret-authorization",
        type="secret-api-key",
        pattern=rf"{_SCHEME}(?:[A-Za-z][A-Za-z0-9\-]{{2,20}} )?[\"']?([A-Za-z0-9_\-+/=.~]{{16,}})",
        gate=rf"{_SCHEME}[A-Za-z0-9]",
        check="random_key",
        score=0.85,
    ),
    Recognizer(
        id="secret-cookie",
        type="secret-api-key",
        pattern=rf"(?:{_COOKIE}|{_SENT})([A-Za-z0-9_\-+/=.~%]{{16,}})",
        gate=f"{_COOKIE}|{_SENT}",
        check="api_key",
        score=0.8,
    ),
    Recognizer(
        # A signed address of a store.
        id="secret-signature",
        type="secret-api-key",
        pattern=r"[?&](?i:x-(?:amz|goog)-(?:signature|security-token))=([A-Za-z0-9%_\-]{32,})",
        gate=r"[?&](?i:x-(?:amz|goog)-(?:signature|security-token))=[A-Za-z0-9]",
        score=0.9,
        onward=r"[A-Za-z0-9%_\-]*",
    ),
)
