"""Writes the lists of places anew: `python -m tests.extraction.make`, then look at what differs."""

from tests.extraction import test_a2a, test_chat, test_embeddings, test_mcp, test_messages, test_responses
from tests.extraction.listing import FOLDER, lines

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for module in (test_a2a, test_chat, test_embeddings, test_mcp, test_messages, test_responses):
        for name, verdicts in module.TABLES.items():
            (FOLDER / f"{name}.txt").write_text(lines(verdicts()))
