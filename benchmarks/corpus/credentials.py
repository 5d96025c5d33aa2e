"""Keys, tokens, passwords, and addresses on the network."""

import base64
import string

from benchmarks.corpus.rows import Maker, Making

_ALPHANUMERIC = string.ascii_letters + string.digits


def _some(making: Making, alphabet: str, size: int) -> str:
    return "".join(making.chance.choice(alphabet) for _ in range(size))


def _url_base64(making: Making, data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def jwt(making: Making) -> str:
    """RFC 7519, compact; the signature is noise."""
    payload = f'{{"sub":"{making.chance.randrange(10**8)}","exp":{making.chance.randrange(10**9, 2 * 10**9)}}}'
    parts = (b'{"alg":"HS256","typ":"JWT"}', payload.encode("ascii"), making.chance.randbytes(32))
    return ".".join(_url_base64(making, part) for part in parts)


def password(making: Making) -> str:
    """What people take: a word, digits, a sign."""
    word = str(making.faker.word()) if making.faker.locales[0].startswith("en") else "sommer"
    return f"{word.capitalize()}{making.chance.randrange(10, 9999)}{making.chance.choice('!#$%?')}"


def connection(making: Making) -> str:
    scheme, port = making.chance.choice((("postgres", 5432), ("mysql", 3306), ("mongodb", 27017), ("redis", 6379)))
    secret = _some(making, _ALPHANUMERIC, making.chance.randrange(8, 20))
    return f"{scheme}://app:{secret}@db{making.chance.randrange(9)}.{making.faker.domain_name()}:{port}/orders"


def mac(making: Making) -> str:
    pairs = [f"{making.chance.randrange(256):02x}" for _ in range(6)]
    text = making.chance.choice((":", ":", "-")).join(pairs)
    return making.chance.choice((text, text.upper()))


def ip(making: Making) -> str:
    private = making.chance.random() < 0.3
    return str(making.faker.ipv4_private() if private else making.faker.ipv4_public())


def email(making: Making) -> str:
    """A user and a domain, joined as mail systems do."""
    faker, chance = making.faker, making.chance
    user = chance.choice(
        (faker.user_name(), f"{faker.user_name()}{chance.randrange(100)}", f"{faker.user_name()}.{faker.user_name()}")
    )
    domain = chance.choice((faker.free_email_domain(), faker.domain_name(), f"mail.{faker.domain_name()}"))
    return f"{user}@{domain}"


def url(making: Making) -> str:
    faker, chance = making.faker, making.chance
    return chance.choice(
        (
            f"https://{faker.domain_name()}/u/{chance.randrange(10**6)}",
            f"https://www.{faker.domain_name()}/portal?id={chance.randrange(10**8)}",
            f"www.{faker.domain_name()}/{faker.user_name()}",
            f"http://{faker.domain_name()}:8443/login",
        )
    )


MAKERS: dict[str, Maker] = {
    "secret-aws-key": lambda making: "AKIA" + _some(making, string.ascii_uppercase + "234567", 16),
    "secret-github-token": lambda making: "ghp_" + _some(making, _ALPHANUMERIC, 36),
    "secret-connection-string": connection,
    "secret-password": password,
    "secret-api-key": lambda making: _some(making, _ALPHANUMERIC, making.chance.randrange(24, 48)) + "7k",
    "secret-jwt": jwt,
    "mac": mac,
    "ip": ip,
    "ip:six": lambda making: str(making.faker.ipv6()),
    "email": email,
    "url": url,
}
