"""Keys, tokens, passwords. The forms are those that their issuers document; the words are what people write."""

from gateway.checks.classification.recognizer import Recognizer

_WORD = r"[A-Za-z0-9_\-]*"
_WRITTEN = (
    r"(?i:\b(?:password|passwd|pwd|passphrase|passwort|contrase\xE0a|kennwort|mot de passe|parola d'ordine|wachtwoord|"
    r"has\xE0o|senha|pass)[\"']?|(?-i:[a-z0-9](?:Password|Passwd|Pwd|Passphrase))[\"']?)"
)
_SPOKEN = "(?i:\\b(?:password|passwd|pwd|passphrase|pin|passcode) (?:is|was|=) )"
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
        pattern=rf"""{_WRITTEN}[ \t]{{0,8}}(?:[:=]{{1,2}}[ \t]{{0,8}}["']?|=>[ \t]{{0,8}}["'])([^\s"'<>,;]+)""",
        gate=rf"{_WRITTEN}[ \t]{{0,8}}[:=]",
        check="password",
        score=0.9,
    ),
    Recognizer(
        # On the next line more often stands something else: the next field of a form, what a manual asks for.
        id="secret-password-below",
        type="secret-password",
        pattern=(
            rf"""{_WRITTEN}[ \t]{{0,8}}[:=]{{1,2}}[ \t]{{0,8}}\r?\n[ \t]{{0,8}}["']?"""
            r"""([^\s"'<>,;:=(){}\[\]|]{4,})(?:[\s"',;]|$)"""
        ),
        gate=rf"{_WRITTEN}[ \t]{{0,8}}[:=]{{1,2}}[ \t]{{0,8}}\r?\n",
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
        id="secret-api-key",
        type="secret-api-key",
        pattern=(
            r"""(?i:\b(?:api|access|auth|secret|client|bearer|private)?[_ \-]?(?:key|token|secret)["']?)"""
            r"""(?:[ \t]?[:=]{1,2}[ \t]?| is )["']?([A-Za-z0-9_\-+/=.]{16,})"""
        ),
        gate=r"""(?i:key|token|secret)["']?(?:[ \t]?[:=]{1,2}[ \t]?| is )["']?[A-Za-z0-9_\-+/=.]{16}""",
        check="api_key",
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
