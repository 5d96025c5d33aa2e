"""Keys, tokens and passwords."""

import pytest

from gateway.checks.classification.engine import Engine
from gateway.core.message import Part
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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"password":"correct horse battery staple"}', "correct horse battery staple"),
        ("DB_PASSWORD='my pass word 1'", "my pass word 1"),
        ("password: 'Tr0ub, 4dor; <x>'", "Tr0ub, 4dor; <x>"),
        (r'{"password":"p@ss\"w0rd"}', r"p@ss\"w0rd"),
        ("Password = Tr0ub;4dor", "Tr0ub;4dor"),
        ("Password = Tr0ub,4dor", "Tr0ub,4dor"),
        ("Password: Tr0ub(4)dor<x>", "Tr0ub(4)dor<x>"),
        ("Server=db;Password=Tr0ub4dor;Database=x", "Tr0ub4dor"),
        ("connect(password=Tr0ub4dor,user=bob)", "Tr0ub4dor"),
        ("<p>Password: Tr0ub4dor</p>", "Tr0ub4dor"),
        ("Password: Tr0ub4dor<br>", "Tr0ub4dor"),
        ("<password>correct horse</password>", "correct horse"),
        ('<wsse:Password Type="#PasswordText">Tr0ub4dor!</wsse:Password>', "Tr0ub4dor!"),
        ("<server><username>bob</username><password>geheim</password></server>", "geheim"),
        ('<add key="DbPassword" value="Tr0ub4dor!"/>', "Tr0ub4dor!"),
        ("<tr><td>Password</td><td>Tr0ub4dor!</td></tr>", "Tr0ub4dor!"),
        ("<dt>Password</dt>\n<dd><code>Tr0ub4dor!</code></dd>", "Tr0ub4dor!"),
        ("- **Password:** Tr0ub4dor!", "Tr0ub4dor!"),
        ("- **Password**: `Tr0ub4dor!`", "Tr0ub4dor!"),
        ("Password: `Tr0ub4dor!`", "Tr0ub4dor!"),
        ("PGPASSWORD=geheim12 psql", "geheim12"),
        ("Startpasswort: geheim", "geheim"),
        ("CREATE USER a WITH PASSWORD 'geheim'", "geheim"),
        ("CREATE USER a IDENTIFIED BY 'geheim'", "geheim"),
        ("CREATE USER a IDENTIFIED WITH mysql_native_password BY 'geheim'", "geheim"),
        ("Use password 'geheim12' to log in", "geheim12"),
        ("Ihr Passwort lautet geheim12", "geheim12"),
        ("Le mot de passe est geheim12.", "geheim12"),
        ("machine h.example login u password geheim", "geheim"),
        ("docker login -u bob -p Tr0ub4dor! reg.example.org", "Tr0ub4dor!"),
        ("mysql -u root -pTr0ub4dor db", "Tr0ub4dor"),
        ("sshpass -p 'Tr0ub4dor' ssh h", "Tr0ub4dor"),
        ("mysqldump --password Tr0ub4dor! db", "Tr0ub4dor!"),
    ],
)
def test_a_password_is_masked_whole_wherever_it_is_written(text: str, value: str) -> None:
    assert told(text) == [("secret-password", value)]


def test_of_a_password_that_was_changed_both_go() -> None:
    text = "password was changed from geheim12 to Tr0ub4dor!"
    assert told(text) == [("secret-password", "geheim12"), ("secret-password", "Tr0ub4dor!")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("client_secret=abc8Q~LmNoPqRsTuVwXyZ0123456789abcdefgh", "abc8Q~LmNoPqRsTuVwXyZ0123456789abcdefgh"),
        ("SECRET_KEY='django-insecure-#k3$9x!2f@q8z7(w1)'", "django-insecure-#k3$9x!2f@q8z7(w1)"),
        ("client_secret=Summer2024!", "Summer2024!"),
        ("clientSecret: s3cr3t", "s3cr3t"),
        ('"client_secret": "s3cr3t"', "s3cr3t"),
        ("api_key: 9f8e7d6c", "9f8e7d6c"),
        ("access_token = 9f8e7d6c;", "9f8e7d6c"),
        ("**API key**: `9f8e7d6c5b4a39281706f5e4d3c2b1a0`", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"),
        ("<ApiKey>9f8e7d6c5b4a39281706f5e4d3c2b1a0</ApiKey>", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"),
        ("api_key=ABCDEFGH12345678HERE", "ABCDEFGH12345678HERE"),
    ],
)
def test_a_secret_by_its_name_may_be_short_or_hold_signs(text: str, value: str) -> None:
    assert told(text) == [("secret-api-key", value)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("user,password,note\nbob,Tr0ub4dor!,x\nann,hunter2,y\n", ["Tr0ub4dor!", "hunter2"]),
        ("| User | Password |\n|---|---|\n| bob | Tr0ub4dor! |", ["Tr0ub4dor!"]),
        ("| User | **Password** |\n|---|---|\n| bob | Tr0ub4dor! |", ["Tr0ub4dor!"]),
        ("user\tapi_key\nbob\t9f8e7d6c\n", ["9f8e7d6c"]),
        ('"user","client_secret"\n"bob","Summer2024!"\n', ["Summer2024!"]),
        ("here it is:\nuser;Passwort\nbob;geheim12", ["geheim12"]),
    ],
)
def test_a_heading_names_the_secrets_below_it(text: str, values: list[str]) -> None:
    assert [value for kind, value in told(text) if kind.startswith("secret")] == values


@pytest.mark.parametrize(
    "text",
    [
        "| Name | Type |\n|---|---|\n| password | string |\n| totp_6 | x509 |",
        "| Field | Password |\n|---|---|\n| b2 | required |\n| c3 | case-sensitive |",
        "| name | API key |\n|---|---|\n| bob | not set yet, see v2 |",
        "password, username\nand e-mail2, phone3",
        "super().__init__(host, user, passwd, acct,\n    timeout, address, encoding=encoding1)",
        "pass\nword,x\nTr0ub4dor,y",
    ],
)
def test_a_table_about_secrets_holds_none(text: str) -> None:
    assert [one for one in told(text) if one[0].startswith("secret")] == []


@pytest.mark.parametrize(
    "text",
    [
        "password = _split(x)", "self.user, self.password = user", "this.password = pw1;", '{"password":"bool"}',
        '{"password":"required|min:12"}', "'password' => 'required|string|min:8|confirmed',",
        "password: must be at least 12 characters", "PASS: test_login (0.23s)", "PASS: src/app.test.ts",
        "FAIL: 2, PASS: 1234", "api_key=YOUR_API_KEY_HERE_1234", 'apiKey: "your-api-key-goes-here-123"',
        '{"password": "Enter your password"}', '{"password": "Passwort vergessen?"}', '{"password": "Mot de passe"}',
        '{"password": "Password must contain 8 characters"}', "the password is case-sensitive, 12 characters",
        "Das Passwort ist 90 Tage lang sicher", "<password>string</password>", "<secret>false</secret>",
        "<th>Password</th><th>Role</th>", "<td>Password</td><td>required</td>", "<nextToken>abcdef</nextToken>",
        '<label for="password">Password</label><input id="password"/>', '<input type="password" value=""/>',
        "connect(host=host, password=password, port=port)", "{user:e,password:t,remember:n}",
        "e.password=t.password;return e", "const password = useRef<HTMLInputElement>(null);",
        "password was changed to a new one", "password changed from the settings page to the account page",
        "columns identified by 'name' or 'id'", "Enter password 'again' to confirm", "docker login --help",
        "docker login -u bob --password-stdin reg", "docker login -p $PASSWORD reg", "mysql -u root -p",
        "tool --password <password> --user x", "tool --password prompt", "existingSecret: postgres-credentials-1",
        "imagePullSecret: regcred2", "secretName: my-tls-secret", "clientSecret: process.env.CLIENT_SECRET!,",
        "client_secret=client_secret,", "client_secret=self._client_secret)", "api_key = os.getenv('API_KEY_V2')",
        "client_secret: Optional[str] = None", "secret_key = settings.SECRET_KEY", "session_token: v1.2.3",
        "machine learning login page password reset", "- `password`: string, required",
        "- `api_key` (required): your API key", "api_key: {type: apiKey, in: header}",
    ],
)  # fmt: skip
def test_what_is_written_about_secrets_is_none(text: str) -> None:
    assert [one for one in told(text) if one[0].startswith("secret")] == []


@pytest.mark.parametrize("name", ["password", "dbPassword", "client_secret", "apiKey"])
@pytest.mark.parametrize("value", ["Tr0ub 4dor, 'x' \"y\"", "Tr0ub4dor!", "Tr0ub;4d"])
def test_under_a_key_all_of_a_text_is_the_secret(engine: Engine, name: str, value: str) -> None:
    if " " in value and "assword" not in name:
        value = value.replace(" ", "_")
    [found] = engine.scan([Part("/x", value, label=name)]).parts
    assert [(one.start, one.end) for one in found] == [(0, len(value))]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Key", "reports/2024/q1.pdf"), ("Key", "uploads/3f2a9c1b77de/IMG_2034.jpg"), ("key", "PAY-1042-release-24"),
        ("key", "users/42/avatars/3f2a9c1b77de4455"), ("key", "checkout.form.v2.title_24_label"),
        ("idempotency_key", "order-2024-0001-retry"), ("Idempotency-Key", "550e8400-e29b-41d4-a716-446655440000"),
        ("routing_key", "orders.created.v2.eu-west-1"), ("cacheKey", "5d41402abc4b2a76b9719d911017c592"),
        ("partition_key", "tenant-0042-2024-05"), ("next_page_token", "CAUQAA1234567890"),
        ("nextPageToken", "CiAKGjBpNDd2Nmp2Zml2cXRwYjBpOXA"), ("primaryKey", "customer-0000123456"),
        ("ContinuationToken", "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="),
        ("sync_token", "CPDAlvWDx70CEPDAlvWDx7="),
        ("public_key", "pk_test_TYooMQauvdEDq54NiTphI7jx"), ("issue_key", "PLATFORM-12345-subtask-7"),
    ],
)  # fmt: skip
def test_a_key_of_a_store_a_queue_or_a_page_is_no_secret(engine: Engine, name: str, value: str) -> None:
    assert engine.scan([Part("/x", value, label=name)]).parts == ((),)
    assert told(f"{name}: {value}") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", "9f8E7d6C5b4A39281706"), ("key", "4eC39HqLyjWDarjtT1zdp7dc"), ("api_key", "prod-2024-main-key-01"),
        ("key", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), ("key", "550e8400-e29b-41d4-a716-446655440000"),
        ("encryption key", "3q2+7wAAbbCC12dd99+/xZ=="), ("license_key", "AB12-CD34-EF56-GH78-IJ90"),
        ("token", "abcd1234efgh5678ijkl"), ("session_token", "order-2024-0001-retry"),
    ],
)  # fmt: skip
def test_what_is_drawn_by_lot_or_said_to_be_secret_is_one(engine: Engine, name: str, value: str) -> None:
    [[found]] = engine.scan([Part("/x", value, label=name)]).parts
    assert (found.type, found.start, found.end) == ("secret-api-key", 0, len(value))


@pytest.mark.parametrize(
    "text",
    [
        "{'username': username, 'password': password}", "requests.post(u, json={'password': pwd})",
        'body = {"user": user, "password": password_value}', "const s = z.object({ password: z.string().min(8) })",
        "password: z.string().min(8).max(64),", "def f(password: str)-> None:", "login(user, password=db_password)",
        "fn login(user: &str, password: &str) -> bool {", "password: hashedPassword,", "password: str|None = None",
        "password = data.aws_secretsmanager_secret_version.db.secret_string", "password=***REDACTED***",
        "password: ENC[AES256_GCM,data:CiqV,iv:aa=,type:str]", "password: op://vault/db/password",
        '"password": "ENC[AES256_GCM,data:CiqV9=,iv:aa=,tag:bb==,type:str]"', "password = random_password.db.result",
        "password: Mapped[str] = mapped_column()", "password: Annotated[str, Form()]",
        "curl -d '{\"password\": $PW}'", "Reset your password: click the link below", "Passwort: siehe Umschlag",
        "Mot de passe : voir enveloppe", "Forgot password: follow the steps in the portal",
        "Password: same as last week", "Password: contact the help desk",
    ],
)  # fmt: skip
def test_code_and_sentences_about_passwords_hold_none(text: str) -> None:
    assert [one for one in told(text) if one[0].startswith("secret")] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'username': 'bob', 'password': 'Tr0ub4dor!'}", "Tr0ub4dor!"), ("password: letmein", "letmein"),
        ("{user: bob, password: hunter22}", "hunter22}"), ("password=abc123}", "abc123}"),
        ("password: Zomer(2024)!", "Zomer(2024)!"), ("Password: click2024", "click2024"),
        ("password: correct.horse", "correct.horse"), ("Passwort: Umschlag", "Umschlag"),
    ],
)  # fmt: skip
def test_what_looks_like_code_about_a_password_and_is_one(text: str, value: str) -> None:
    assert told(text) == [("secret-password", value)]


SECRET = "Zomer2024!"
DIGEST = "a8f5f167f44f4964e6c998dee827110c"


@pytest.mark.parametrize(
    "text",
    [
        "login bob password {}", "username bob, password {}", "your new password {} expires", "Password - {}",
        "I changed your password to {}", "set the admin password to {} today", "Password for user bob: {}",
        "--password {}", "subprocess.run(['x','--password','{}'])", "sqlcmd -S db -U sa -P {}", "redis-cli -h r -a {}",
        "mongosh -u bob -p {}", "ldapsearch -D cn=x -w {}", "smbclient //s/x -U bob%{}", "sqlplus bob/{}",
        "requests.get(u, auth=('bob', '{}'))", "setx PASSWORD {}", "user/pass: bob / {}", "pw: {}", "passcode: {}",
        "clave: {}", "mdp: {}", "WiFi key: {}", 'psk="{}"', "REDIS_AUTH={}", "L\u00f6senord: {}", "Passord: {}",
        "Adgangskode: {}", "Heslo: {}", "Salasana: {}", "contrasena: {}", "mot_de_passe: {}", "\u015eifre: {}",
        "\u043f\u0430\u0440\u043e\u043b\u044c: {}", "\u5bc6\u7801: {}", "\u30d1\u30b9\u30ef\u30fc\u30c9: {}",
    ],
)  # fmt: skip
def test_a_password_is_found_in_prose_commands_and_other_languages(text: str) -> None:
    assert told(text.format(SECRET)) == [("secret-password", SECRET)]


@pytest.mark.parametrize("label", ["mdp", "pw", "passcode", "l\u00f6senord", "clave", "wifi_key", "psk"])
def test_a_short_key_names_a_password(engine: Engine, label: str) -> None:
    [[found]] = engine.scan([Part("/x", SECRET, label=label)]).parts
    assert (found.type, found.start, found.end) == ("secret-password", 0, len(SECRET))


def test_an_option_names_what_follows_it_in_a_list(engine: Engine) -> None:
    options = ["--user", "bob", "--password", SECRET]
    found = engine.scan([Part(f"/args/{place}", text) for place, text in enumerate(options)]).parts
    assert [[one.type for one in several] for several in found] == [[], [], [], ["secret-password"]]


@pytest.mark.parametrize("text", ["PIN: 4471", "pin=4471", "PIN code: 4471", '"pin": "4471"'])
def test_four_digits_behind_a_pin_are_one(text: str) -> None:
    assert told(text) == [("secret-password", "4471")]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Token {}", "Authorization: ApiKey {}", "Authorization: {}", '"Authorization": "Splunk {}"',
        "Cookie: sessionid={}; theme=dark", "Set-Cookie: JSESSIONID={}; Path=/", "Cookie: theme=dark; PHPSESSID={}",
        "GET /x?X-Amz-Credential=c&X-Amz-Signature={}", "Cookie: my_auth_token={}",
    ],
)  # fmt: skip
def test_what_headers_prove_somebody_by_is_a_secret(text: str) -> None:
    assert told(text.format(DIGEST)) == [("secret-api-key", DIGEST)]


@pytest.mark.parametrize("token", ["abcdefgh12345678_~+/=", "abcDEF123456789~xyz"])
def test_a_bearer_token_goes_whole(token: str) -> None:
    assert told(f"Authorization: Bearer {token}") == [("secret-api-key", token)]


@pytest.mark.parametrize(
    "kept",
    [
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW", "$6$rounds=5000$saltsalt$" + "aB3/x" * 17 + "z",
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b0dWRWJTmaaJObG", "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "pbkdf2_sha256$260000$saltysalt$" + "aB3/x" * 8 + "abc=", "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3",
    ],
)  # fmt: skip
def test_the_hash_of_a_password_is_a_secret(kept: str) -> None:
    assert told(f"root:{kept}:19000:0:99999:7:::") == [("secret-password", kept)]


@pytest.mark.parametrize(
    "text",
    [
        "password OAuth2.0 flow", "password SHA-256 hashing", "password PBKDF2-SHA256", "password Windows11 login",
        "password Argon2id hash", "the password policy of spring24", "password reset PROJ-1234",
        "Enter the password for bob@host:", "Password for 'https://bob@github.com':", "password Log4j2 issue",
        "Password for the new system: 8 characters", "Password for admin: required", "password KB5021234 update",
        "set your password to something strong", "change the password to a new one", "password 8-16 characters",
        "palabras clave: diabetes-2, covid-19", "PIN: 560001", "pin: 13", "GPIO pin: 1023x", "WiFi key: WPA2",
        "Password v2.1.0 plugin",
        "psk: WPA-PSK", "pw: see vault", "pw: 8 chars", "passcode: optional", "the clave: 3/4 rhythm", "pinned: 4471",
        "--password $PW", "--password <password>", "--password-file /run/x1", "redis-cli -a $REDIS",
        "sqlcmd -S db -P $pw", "auth=(user, password)", "auth=('user', os.environ['X'])", "setx PASSWORD %PW%",
        "Authorization: prior-auth-2024-000123", "session_id=550e8400-e29b-41d4-a716-446655440000",
        "Cookie: theme=dark; lang=en-US-2024-x", "cost $2b$ or $6$ each", "mongosh -p 27017", "grep -a foo1 file",
        "Security answer: required", "Memorable word: (none)", "PUK 1234",
        "password-less SSH2 login", "password MFA2024 rollout", "password Q3-2024 report", "password Office365",
        "WiFi: 802.11ac", "pw = 1500mW", "clave: ABC12345", "auth=('user', 'pass')", "Clave: E11.9-X",
        "the password Test_Case_12 failed", "password field2Name", "Password AES256-GCM", "password utf8mb4",
    ],
)  # fmt: skip
def test_what_stands_near_a_word_of_secrets_is_none(text: str) -> None:
    assert [one for one in told(text) if one[0].startswith("secret")] == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Passwort für den Drucker ist gelbeEnte77, bitte", "gelbeEnte77"),
        ("the password for the guest wifi is Maple!Leaf9", "Maple!Leaf9"),
        ("my pw was Kestrel#2024", "Kestrel#2024"),
        ("Memorable word: kestrel", "kestrel"),
        ("PUK: 12345678", "12345678"),
        ("Le mot de passe du serveur est Soleil2024!", "Soleil2024!"),
        ("mein pin für die karte ist 4711 und", "4711"),
    ],
)
def test_a_password_is_found_behind_what_it_is_for(text: str, secret: str) -> None:
    assert ("secret-password", secret) in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "The password for the account is required", "The password reset link is expired",
        "the password of a user is hashed", "the password policy of the company is strict",
        "the pin for the sensor is 7", "pin for the connector is missing",
        "the pin on the board is GPIO17",
    ],
)  # fmt: skip
def test_what_is_said_of_a_password_is_none(text: str) -> None:
    assert told(text) == []
