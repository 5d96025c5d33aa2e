"""Messages on a real NATS: each wakes one node, none has content, and nobody waits long for a server that is gone."""

import asyncio
import json
import re
import secrets
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from gateway.core.errors import MessagesUnavailable
from gateway.store.nats_messages import CONSUMER, NatsLink, NatsMessages, subject_of
from gateway.store.nkeys import Access, read_credentials, read_seed
from tests.agents.wire import certificates
from tests.services import NatsServer, free_port, private_nats
from tests.store.nats_kit import ACCOUNT, OPERATOR, USER, Signer

pytestmark = pytest.mark.nats


def messages(url: str, stream: str | None = None, *, tls: ssl.SSLContext | None = None, **access: Any) -> NatsMessages:
    name = stream or f"test-{secrets.token_hex(4)}"
    return NatsMessages([url], stream=name, replicas=1, access=Access(**access), tls=tls)


@asynccontextmanager
async def admin(url: str) -> AsyncIterator[Client]:
    """Somebody else at the same server."""
    client = Client()
    await client.connect(url)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with private_nats() as found:
        yield found


async def heard(link: NatsLink) -> list[Any]:
    async with asyncio.timeout(10):
        return await link.heard()


async def asked(client: Client, stream: str, times: int) -> None:
    """When the server has so many requests for messages that wait."""
    async with asyncio.timeout(10):
        while (await client.jetstream().consumer_info(stream, CONSUMER)).num_waiting != times:
            pass


async def refused(given: NatsMessages) -> str:
    with pytest.raises(MessagesUnavailable) as raised:
        async with given.connected():
            pass
    return str(raised.value)


async def test_a_message_goes_to_one_node_and_is_gone_when_that_has_looked(nats_server: str) -> None:
    stream = f"test-{secrets.token_hex(4)}"
    async with (
        messages(nats_server, stream).connected() as one,
        messages(nats_server, stream).connected() as other,
        admin(nats_server) as client,
    ):
        both = [asyncio.create_task(heard(link)) for link in (one, other)]
        await asked(client, stream, 2)  # who asks first and alone is given what is behind as well
        await one.say(["t1.0", "t2.0"])
        got = await asyncio.gather(*both)
        ids = sorted(message.headers["Nats-Msg-Id"] for some in got for message in some)
        assert ids == ["t1.0", "t2.0"]
        assert all(message.data == b"" and message.subject == subject_of(stream) for some in got for message in some)
        for link, some in zip((one, other), got, strict=True):
            await link.done(some, again_s=None)
        async with asyncio.timeout(10):
            while (await client.jetstream().stream_info(stream)).state.messages:
                pass


async def test_the_same_turn_is_kept_once_and_another_one_again(nats_server: str) -> None:
    stream = f"test-{secrets.token_hex(4)}"
    async with messages(nats_server, stream).connected() as link, admin(nats_server) as client:
        for turns in (["t1.0", "t1.0"], ["t1.0"], ["t1.3"]):
            await link.say(turns)
        assert (await client.jetstream().stream_info(stream)).state.messages == 2


async def test_what_has_gathered_is_taken_together(nats_server: str) -> None:
    async with messages(nats_server).connected() as link:
        await link.say([f"t{n}.0" for n in range(50)])
        taken: list[int] = []
        while sum(taken) < 50:
            some = await heard(link)
            await link.done(some, again_s=None)
            taken.append(len(some))
        assert len(taken) < 50


async def test_a_message_for_somebody_else_as_well_comes_again(nats_server: str) -> None:
    async with messages(nats_server).connected() as link:
        await link.say(["t1.0"])
        await link.done(await heard(link), again_s=0.01)
        (again,) = await heard(link)
        assert again.metadata.num_delivered == 2


async def test_a_while_without_messages_gives_none(nats_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.nats_messages.LINGER_S", 0.05)
    async with messages(nats_server).connected() as link:
        assert await heard(link) == []
        await link.say(["t1.0"])
        assert len(await heard(link)) == 1


async def test_forged_messages_and_what_is_written_to_the_inbox_wake_and_break_nothing(nats_server: str) -> None:
    stream = f"test-{secrets.token_hex(4)}"
    async with messages(nats_server, stream).connected() as link, admin(nats_server) as client:
        await client.publish(f"{link._inbox}.1", b"hello")
        await client.publish(f"{link._inbox}.9", b"", reply="$JS.ACK.x.y")
        await client.publish(subject_of(stream), b"\xff" * 100, headers={"Nats-Msg-Id": "\N{SNOWMAN}", "Status": "503"})
        await client.publish(subject_of(stream), b"x" * 5000)
        await client.flush()
        found: list[Any] = []
        while not any(message.subject == subject_of(stream) for message in found):
            found += await heard(link)
        await link.done(found, again_s=None)
        await link.say(["t1.0"])
        assert [one.headers["Nats-Msg-Id"] for one in await heard(link)] == ["t1.0"]


async def test_a_stream_that_is_made_already_is_taken_as_it_is_or_not_at_all(nats_server: str) -> None:
    name, other = (f"test-{secrets.token_hex(4)}" for _ in range(2))
    async with admin(nats_server) as client:
        context = client.jetstream()
        await context.add_stream(StreamConfig(name=name, subjects=[subject_of(name)]))
        assert "tasks.stream must be a work queue" in await refused(messages(nats_server, name))
        async with messages(nats_server, other).connected():
            pass
        made = await context.stream_info(other)
        async with messages(nats_server, other).connected():
            pass
        assert (await context.stream_info(other)).created == made.created
        assert (await context.consumer_info(other, CONSUMER)).config.headers_only


async def test_a_server_that_goes_is_noticed_by_who_waits_and_has_its_messages_when_it_is_back(
    server: NatsServer,
) -> None:
    given = messages(server.url)
    async with given.connected() as link:
        await link.say(["t1.0", "t2.0"])
        await link.done(await heard(link), again_s=None)
        while link.ahead:
            await link.done(await heard(link), again_s=None)
        waiting = asyncio.create_task(heard(link))
        await link.say([])
        server.stop()
        with pytest.raises(MessagesUnavailable) as raised:
            await waiting
        with pytest.raises(MessagesUnavailable):
            await link.say(["t3.0"])
    assert "127.0.0.1" not in str(raised.value)
    server.start()
    async with given.connected() as link:
        await link.say(["t4.0"])
        found: list[str] = []
        while "t4.0" not in found:
            found += [one.headers["Nats-Msg-Id"] for one in await heard(link)]


async def test_a_server_that_hangs_is_given_up(server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with messages(server.url).connected() as link:
        monkeypatch.setattr("gateway.store.nats_messages.TIMEOUT_S", 0.1)
        link._context._timeout = 0.1
        server.hang()
        with pytest.raises(MessagesUnavailable):
            await link.say(["t1.0"])
        assert "does not serve" in await refused(messages(server.url))
        server.hang(False)


async def test_a_stream_that_is_taken_away_ends_the_connection(nats_server: str) -> None:
    stream = f"test-{secrets.token_hex(4)}"
    async with admin(nats_server) as client:
        async with messages(nats_server, stream).connected() as link:
            waiting = asyncio.create_task(heard(link))
            while (await client.jetstream().consumer_info(stream, CONSUMER)).num_waiting != 1:
                pass
            await client.jetstream().delete_stream(stream)
            with pytest.raises(MessagesUnavailable):
                await waiting
        async with messages(nats_server, stream).connected() as link:
            await link.say(["t1.0"])


async def test_a_server_that_is_not_there_is_told_without_its_address() -> None:
    text = await refused(messages(f"nats://127.0.0.1:{free_port()}"))
    assert text.startswith("the messages' server does not serve")
    assert "127.0.0.1" not in text


async def test_of_several_servers_another_is_asked_each_time(nats_server: str) -> None:
    given = NatsMessages(
        [f"nats://127.0.0.1:{free_port()}", nats_server], stream="test-two", replicas=1, access=Access(), tls=None
    )
    await refused(given)
    async with given.connected() as link:
        await link.say(["t1.0"])


@pytest.mark.parametrize(
    ("line", "right", "wrong"),
    [
        (
            "authorization { user: gateway, password: swordfish }",
            {"user": "gateway", "password": "swordfish"},
            {"user": "gateway", "password": "wrong"},
        ),
        ("authorization { token: swordfish }", {"token": "swordfish"}, {"token": "wrong"}),
    ],
    ids=["password", "token"],
)
async def test_who_is_not_known_is_refused(line: str, right: dict[str, Any], wrong: dict[str, Any]) -> None:
    with private_nats(line) as server:
        async with messages(server.url, **right).connected() as link:
            await link.say(["t1.0"])
        for other in (wrong, {}):
            text = await refused(messages(server.url, **other))
            assert "it does not know us" in text
            assert "wrong" not in text


async def test_a_node_needs_no_more_than_what_the_documentation_says_that_it_does(tmp_path: Path) -> None:
    """Of a stream that was made for it, and then where it makes that itself."""
    text = Path(__file__).parents[2].joinpath("docs/tasks.md").read_text().split("A node needs to publish")[1]
    named = [name.replace("<stream>", "it") for name in re.findall(r"`([^` ]+)`", text.split("\n\n")[0])]
    assert len(named) == 7, named
    # Its own subject stands before them in the documentation.
    needed, making = ["it.waiting", *named[:4]], named[5:]

    def rights(*subjects: str) -> str:
        return f"{{ publish: {{ allow: {json.dumps(subjects)} }}, subscribe: {{ allow: {json.dumps([named[4]])} }} }}"

    lines = [
        "authorization { users: [",
        "  { user: admin, password: pw }",
        f"  {{ user: maker, password: pw, permissions: {rights(*needed, *making)} }}",
        f"  {{ user: node, password: pw, permissions: {rights(*needed)} }}",
        "] }",
    ]
    with private_nats(*lines) as server:
        node = messages(server.url, "it", user="node", password="pw")
        assert "TimeoutError" in await refused(node), "it may not make the stream"
        for one in (messages(server.url, "it", user="maker", password="pw"), node):
            async with one.connected() as link:
                await link.say([secrets.token_hex(4)])
                (message,) = await heard(link)
                await link.done([message], again_s=None)


async def test_a_key_signs_what_the_server_asks_for() -> None:
    mine, other = Signer(USER), Signer(USER)
    with private_nats(f"authorization {{ users: [ {{ nkey: {mine.public} }} ] }}") as server:
        async with messages(server.url, key=read_seed(mine.seed, "tasks.nkey")).connected() as link:
            await link.say(["t1.0"])
        assert "it does not know us" in await refused(messages(server.url, key=read_seed(other.seed, "tasks.nkey")))


async def test_credentials_vouch_for_a_key() -> None:
    operator, account, system, user = Signer(OPERATOR), Signer(ACCOUNT), Signer(ACCOUNT), Signer(USER)
    limits: dict[str, Any] = {"subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1}
    limits |= {"payload": -1, "wildcards": True, "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
    accounts = {
        account.public: operator.vouched(account.public, type="account", limits=limits),
        system.public: operator.vouched(system.public, type="account", limits=dict.fromkeys(("subs", "conn"), -1)),
    }
    lines = [
        f"operator: {operator.vouched(operator.public, type='operator', system_account=system.public)}",
        "resolver: MEMORY",
        "resolver_preload: {",
        *(f"  {name}: {token}" for name, token in accounts.items()),
        "}",
        f"system_account: {system.public}",
    ]
    token = account.vouched(user.public, type="user", subs=-1, data=-1, payload=-1)
    text = (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
    held = read_credentials(text, "tasks.credentials")
    with private_nats(*lines) as server:
        async with messages(server.url, key=held.key, jwt=held.token).connected() as link:
            await link.say(["t1.0"])
        stranger = read_seed(Signer(USER).seed, "tasks.nkey")
        assert "it does not know us" in await refused(messages(server.url, key=stranger, jwt=held.token))


async def test_over_tls_the_server_must_be_vouched_for(tmp_path: Path) -> None:
    certificate, key = certificates(tmp_path)
    lines = [f'tls {{ cert_file: "{certificate}", key_file: "{key}" }}']
    with private_nats(*lines, scheme="tls") as server:
        trusting = ssl.create_default_context(cafile=str(tmp_path / "root.pem"))
        async with messages(server.url, tls=trusting).connected() as link:
            await link.say(["t1.0"])
            assert len(await heard(link)) == 1
        await refused(messages(server.url, tls=ssl.create_default_context()))


async def test_where_tls_is_asked_for_a_server_without_it_is_told_no_secret() -> None:
    """The library would go on without TLS where the server does not ask for it."""
    got = bytearray()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.9.10","max_payload":1024,"headers":true}\r\n')
        got.extend(await reader.read(1000))
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        given = messages(f"tls://127.0.0.1:{port}", tls=ssl.create_default_context(), user="u", password="swordfish")
        assert await refused(given) == "the messages' server does not ask for TLS"
    assert b"swordfish" not in got
