"""What an erasure destroys in the database, and what it leaves to others: each statement may be run again."""

from sqlalchemy import insert, select

from gateway.ledger.entry import SealedPart
from gateway.store.engine import reading, writing
from gateway.store.erasure import ErasureStore
from gateway.store.tables import approval, sealed, session_token, subject_record, task_content
from tests.store.kit import LEDGER, Store, entry
from tests.store.test_approvals import made as asked


async def _sealed(store: Store, seq: int, key: str, part: str = "request") -> None:
    row = {"tenant": LEDGER, "seq": seq, "part": part, "key": key, "nonce": b"n", "ciphertext": b"c"}
    async with writing(store.engine, LEDGER) as connection:
        await connection.execute(insert(sealed).values(row))


async def _left(store: Store) -> tuple[list[tuple[int, str]], list[tuple[str, int]]]:
    async with reading(store.engine, LEDGER) as connection:
        parts = (await connection.execute(select(sealed.c.seq, sealed.c.key).order_by(sealed.c.seq))).all()
        links = (await connection.execute(select(subject_record.c.subject, subject_record.c.seq))).all()
    return [(row.seq, row.key) for row in parts], sorted((row.subject, row.seq) for row in links)


async def test_parts_and_links_of_the_subject_go_and_what_is_others_alone_stays(store: Store) -> None:
    erasure = ErasureStore(store.engine)
    await store.append(
        [
            entry("exchange.requested", agent="ward", subjects=("su_a",)),
            entry("exchange.attempted", agent="desk", subjects=("su_a", "su_b")),
            entry("exchange.requested", agent="ward", subjects=("su_b",)),
            entry("subject.held", subject="su_a", subjects=("su_a",)),
        ]
    )
    for seq, key in ((0, "dk_1"), (1, "dk_1+dk_2"), (2, "dk_2")):
        await _sealed(store, seq, key)
    await _sealed(store, 1, "dk_2", part="content:2999-01-01T00:00:00.000000Z")
    assert await erasure.recipients(LEDGER, ("su_a",)) == ("desk", "ward")
    assert await erasure.companions(LEDGER, ("su_a",)) == ("su_b",)
    assert await erasure.reached(LEDGER, ("su_a",)) == 2
    assert await erasure.left(LEDGER, ("su_a", "su_b", "su_nobody")) == ("su_a", "su_b")
    assert await erasure.keys_beside(LEDGER, ("su_a",)) == ("dk_1", "dk_2")
    assert not await erasure.under_way(LEDGER, ("su_a",))
    assert await erasure.purge(LEDGER, ("su_a",), ("dk_1",), ("dk_2",)) == 2
    assert await _left(store) == ([(1, "dk_2"), (2, "dk_2")], [("su_a", 3), ("su_b", 1), ("su_b", 2)])
    assert await erasure.left(LEDGER, ("su_a",)) == ()
    assert await erasure.purge(LEDGER, ("su_a",), ("dk_1",), ("dk_2",)) == 0
    await erasure.settle()


async def test_what_approvals_and_tasks_hold_under_a_dead_key_goes(store: Store) -> None:
    erasure = ErasureStore(store.engine)
    held = SealedPart(part="request", key="dk_1+dk_2", nonce=b"n", ciphertext=b"c")
    values = {"sealed_key": held.key, "nonce": held.nonce, "ciphertext": held.ciphertext}
    one = asked("ap_1", tenant=LEDGER)
    row = {
        **{name: getattr(one, name) for name in ("tenant", "id", "state", "version", "actor")},
        **dict.fromkeys(("request", "binding", "terms", "answers", "edit"), b"{}"),
        "created_us": 1,
        "expires_us": 2,
        **values,
    }
    content = {"tenant": LEDGER, "part": "request", "nonce": b"n", "ciphertext": b"c"}
    async with writing(store.engine, LEDGER) as connection:
        await connection.execute(insert(approval).values(row))
        for task, key in (("t1", "dk_1"), ("t2", "dk_3")):
            await connection.execute(insert(task_content).values({**content, "task": task, "key": key}))
            page = {"tenant": LEDGER, "session": task, "page": 0, "key": key, "nonce": b"n", "ciphertext": b"c"}
            await connection.execute(insert(session_token).values({**page, "until_us": 9}))
    await erasure.purge(LEDGER, ("su_a",), ("dk_1",), ())
    async with reading(store.engine, LEDGER) as connection:
        assert (await connection.execute(select(approval.c.ciphertext))).scalar_one() is None
        assert (await connection.execute(select(task_content.c.task))).scalars().all() == ["t2"]
        assert (await connection.execute(select(session_token.c.session))).scalars().all() == ["t2"]
