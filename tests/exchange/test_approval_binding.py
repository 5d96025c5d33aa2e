"""What is bound is what another sending of the same request has again, and nothing else."""

import json

import msgspec

from gateway.exchange.approval_binding import bound_body
from tests.exchange.making import message


def test_what_each_sending_of_json_rpc_has_of_its_own_is_not_bound() -> None:
    def sent(number: int, word: str = "x") -> bytes:
        meta = {"progressToken": number, "kept": word}
        document = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": "add", "_meta": meta}}
        body = json.dumps(document).encode()
        return bound_body(msgspec.structs.replace(message(), protocol="mcp", document=document, body=body))

    assert sent(1) == sent(2)
    assert sent(1) != sent(1, "y")
    plain = message()
    assert bound_body(plain) == plain.body
