"""Keys, tokens and passwords."""

import pytest

from tests.checks.classification.conftest import told

B64 = "a1B2c3D4" * 8


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "secret-aws-key"),
        ("aws_secret_access_key = " + (B64 + B64)[:40], "secret-aws-key"),
        ("ghp_" + B64[:36], "secret-github-token"),
        ("github_pat_" + B64, "secret-github-token"),
        ("xoxb-123456789012-" + B64[:24], "secret-slack-token"),
        ("https://hooks.slack.com/services/T000/B000/" + B64[:24], "secret-slack-token"),
        ("sk-ant-api03-" + B64, "secret-anthropic-key"),
        ("sk-" + B64[:48], "secret-openai-key"),
        ("sk-proj-" + B64, "secret-openai-key"),
        ("AIza" + (B64 * 2)[:35], "secret-google-key"),
        ("sk_live_" + B64[:24], "secret-stripe-key"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0." + B64[:43], "secret-jwt"),
        ("eyJhbGciOiJIUzI1NiJ9", "secret-jwt"),
        ("eyJhbGciOiJIUzI1NiJ9.." + B64[:43], "secret-jwt"),
        ("eyJraWQiOiJ" + "a" * 320, "secret-jwt"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\n" + B64 + "\n-----END OPENSSH PRIVATE KEY-----", "secret-private-key"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\\nProc-Type: 4,ENCRYPTED\\n" + B64 + "\\n-----END RSA PRIVATE KEY-----",
            "secret-private-key",
        ),
        ("postgresql://app:s3cr3t@db.internal:5432/x", "secret-connection-string"),
        ("mongodb+srv://app:s3cr3t@db.internal/x", "secret-connection-string"),
        ("Authorization: Bearer " + B64[:40], "secret-api-key"),
        ("api_key=" + B64[:32], "secret-api-key"),
    ],
)
def test_secrets_are_found(text: str, kind: str) -> None:
    assert kind in {found for found, _ in told(f"x {text} y")}


@pytest.mark.parametrize(
    "text",
    [
        "password :  Secr3tPw",
        "password\t=\tSecr3tPw",
        "password:\nSecr3tPw",
        "Passwort :\r\n  'Secr3tPw'",
        "pwd=\n\tSecr3tPw",
    ],
)
def test_a_password_may_stand_further_right_or_on_the_next_line(text: str) -> None:
    for after in ("", "\nlast", " last"):
        assert told(f"x {text}{after}") == [("secret-password", "Secr3tPw")]


@pytest.mark.parametrize(
    "below",
    ["please enter it", "Username: anna", "  valueFrom:\n    key-name: x", "\nSecr3tPw", "key-name: x", "f(x1)"],
)
def test_what_stands_below_a_password_that_is_not_told_is_none(below: str) -> None:
    assert told(f"password:\n{below}") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("password: hunter2", "hunter2"),
        ('"password": "correct-horse"', "correct-horse"),
        ("pwd=Tr0ub4dor&3;", "Tr0ub4dor&3"),
        ("the password is s3cret!", "s3cret!"),
        ("the password is s3cret.", "s3cret"),
        ("Passwort: geheim1", "geheim1"),
        ("PIN is 4711", "4711"),
    ],
)
def test_the_value_of_a_password_is_the_span(text: str, value: str) -> None:
    assert told(text) == [("secret-password", value)]


@pytest.mark.parametrize(
    "text",
    [
        "password: required",
        "Password: ****",
        "the password is forgotten",
        "forgot password?",
        "password: [SECRET-PASSWORD]",
        "token: string",
        "the key is under the mat",
        "sk-learn",
        "postgres://host/db",
        "integrity sha512-JgqEoBQxPneHaVYWJjYHfzU",
        "postgres://user:[SECRET-CONNECTION-STRING]@host",
        "-----BEGIN PUBLIC KEY-----",
        'password = os.environ["DB_PASSWORD"]',
        "password: Optional[SecretStr] = None",
        "api_key = settings.openai_api_key_of_ward_1",
        "postgres://${DB_USER}:${DB_PASS}@db:5432/app",
        "passwd: (current) UNIX password",
        # {"id":12345,"before":true} and {"version":3,"sources":[]}: a cursor of a page, and a map of sources.
        "next_cursor: eyJpZCI6MTIzNDUsImJlZm9yZSI6dHJ1ZX0",
        "next_cursor: eyJpZCI6MTIzNDUsImJlZm9yZSI6dHJ1ZX0.",
        "sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbXX0=",
    ],
)
def test_talk_about_secrets_is_none(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('password => "Secr3tPw",', "Secr3tPw"),
        ("'password'   => 'Secr3tPw'", "Secr3tPw"),
        ("password: hunter2!!", "hunter2!!"),
        ("password: hunter2?", "hunter2?"),
        ("(password: hunter2!).", "hunter2!"),
        ("curl -u admin:Secr3tPw https://x.example", "Secr3tPw"),
        ("curl -s --user 'admin:secretly' https://x.example", "secretly"),
        ("curl -X POST https://api.example.org/v1/things -u admin:Secr3tPw", "Secr3tPw"),
        ("wget --user=admin:Secr3tPw", "Secr3tPw"),
    ],
)
def test_a_password_goes_whole(text: str, secret: str) -> None:
    assert ("secret-password", secret) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "password => password.length > 8", "password: required!", "docker run -u 1000:1000 app",
        "docker run --user node:node app", "docker run --user $(id -u):$(id -g) app", "curl -u $NAME:$PASS x",
        "curl -u admin:${PASS} x", "podman -u app:${GROUP}",
    ],
)  # fmt: skip
def test_what_names_no_password_is_none(text: str) -> None:
    assert [one for one in told(text) if one[0].startswith("secret")] == []


def test_of_a_putty_key_what_is_private_goes() -> None:
    private = "Private-Lines: 2\n" + B64 + "\n" + B64[:20] + "==\nPrivate-MAC: " + "0f" * 20
    text = f"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nPublic-Lines: 1\n{B64}\n{private}"
    assert told(text + "\n") == [("secret-private-key", private)]
    assert told("Private-Lines: a row of them") == []
