"""Chats for the agents' own tests."""

from gateway.demo.agents.chat import Chat, Tool


def said(text: str, *, results: tuple[str, ...] = (), tools: tuple[Tool, ...] = ()) -> Chat:
    """A plain request in which the user says this."""
    return Chat("m", False, False, text, results, tools, len(text))
