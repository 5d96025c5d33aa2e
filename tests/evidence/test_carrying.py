"""What is carried along is what is still there, and nothing that must not be there when the bundle is signed."""

from pathlib import Path

import msgspec
import pytest

from gateway.core.errors import VerificationError
from gateway.core.refusal import Refusal
from gateway.evidence import bag
from gateway.evidence.bundle import build
from gateway.evidence.contents import parsed
from gateway.evidence.piece import NotAsKept

from .making import Sources
from .making_contents import CREATED_US, KEYS, SELECTION, There, carrying, ledger, opening
from .tampering import take_apart
from .test_kept import Desk


def carried(path: Path) -> list[int]:
    return [one.seq for one in parsed(take_apart(path.read_bytes())[bag.CONTENTS].splitlines())]


def test_what_an_erasure_on_record_has_destroyed_a_key_of_is_left_out_although_it_was_still_there(
    tmp_path: Path,
) -> None:
    """Nor what is larger than a bundle takes; what is over is there until somebody has destroyed it."""
    manifest = carrying(tmp_path / "b.zip", source=There({seq: opening(seq) for seq in KEYS}))
    assert carried(tmp_path / "b.zip") == [0, 5, 6, 8, 12]
    assert manifest.contents == 5


def test_only_what_is_selected_is_asked_for_and_only_where_content_is(tmp_path: Path) -> None:
    one = msgspec.structs.replace(SELECTION, filters={"exchange": "ex_8"})
    carrying(tmp_path / "b.zip", one)
    assert carried(tmp_path / "b.zip") == [8]
    carrying(tmp_path / "c.zip", msgspec.structs.replace(one, contents=False))
    assert bag.CONTENTS not in take_apart((tmp_path / "c.zip").read_bytes())


@pytest.mark.parametrize("field", ["salt", "keys", "value"])
def test_what_is_not_what_its_record_commits_to_is_not_signed(tmp_path: Path, field: str) -> None:
    other = opening(8)
    wrong = msgspec.structs.replace(opening(0), **{field: getattr(other, field)})
    with pytest.raises(VerificationError, match="content: not what the record commits to"):
        carrying(tmp_path / "b.zip", source=There({0: wrong, 8: other}))


async def _built(desk: Desk, source: There) -> bytes:
    made = ledger()
    found = await build(
        made,
        SELECTION,
        signer=made.signer,
        policies={},
        created_us=CREATED_US,
        write=desk.file,
        attachments=[Sources()],
        source=source,
        keeper=desk,
    )
    assert not isinstance(found, Refusal)
    return desk.file.getvalue()


async def test_who_goes_on_with_a_bundle_opens_content_anew_and_begins_anew_where_some_has_gone() -> None:
    expected = await _built(whole := Desk(), There())
    for border in range(1, len(whole.states) + 1):
        dying = Desk(cut=border)
        with pytest.raises(ConnectionError):
            await _built(dying, There())
        assert await _built(Desk(dying.left[-1]), There()) == expected
    # The last border is behind the content: by then less of it is there than what was kept says.
    with pytest.raises(NotAsKept):
        await _built(Desk(dying.left[-1]), There({8: opening(8)}))
