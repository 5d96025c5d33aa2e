"""What the gateway knows of a request beside its bytes starts as nothing."""

from gateway.agents.mcp_talk import Talk, unchanged


def test_nothing_is_known_until_the_governor_says_so() -> None:
    talk = Talk(None)
    assert (talk.rpc, talk.upstream, talk.opens, talk.opened, talk.mirrored, talk.noted) == (
        None,
        None,
        None,
        None,
        (),
        (),
    )
    assert talk.govern is unchanged


def test_what_nobody_governs_stays_as_it_is() -> None:
    value: dict[str, list[str]] = {"tools": []}
    assert unchanged(value) is value
