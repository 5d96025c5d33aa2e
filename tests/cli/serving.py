"""A real `gateway serve`, and an agent that answers when the test says so."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGTERM, Signals
from typing import IO

from gateway.cli.main import main
from tests.cli.kit import Result, command, environment
from tests.forked import Forked
from tests.forked import forked as forked_process

ANSWER = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "done"}, "finish_reason": "stop"}],
}


class Server:
    """A process that serves; `url` is what it printed."""

    def __init__(self, running: "subprocess.Popen[str] | Forked", printed: str) -> None:
        self.process, self.printed = running, printed
        self.url = printed.strip().rpartition(" ")[2]

    def signal(self, number: Signals = SIGTERM) -> None:
        self.process.send_signal(number)

    def ended(self) -> Result:
        """Its exit code and what it said after it was ready."""
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode is not None
        return Result(self.process.returncode, out, err)


@contextmanager
def serving(directory: Path, *options: str) -> Iterator[Server]:
    """`gateway serve` on a free port, ready; killed at the end if it still runs."""
    with subprocess.Popen(
        command("serve", "--port", "0", *options),
        cwd=directory,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            printed = _pipe(running.stdout).readline()
            assert printed, _pipe(running.stderr).read()
            yield Server(running, printed)
        finally:
            if running.poll() is None:
                running.kill()


@contextmanager
def forked(directory: Path, *options: str) -> Iterator[Server]:
    """As `serving`, from a process that has loaded all of it already: the command's own main function, with its
    signals, its log and its output as they are."""
    with forked_process(main, ["serve", "--port", "0", *options], directory) as running:
        printed = running.stdout.readline()
        assert printed, running.communicate(60)[1]
        yield Server(running, printed)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


class SlowAgent:
    """An OpenAI agent. `asked` is set when a request has arrived; it is answered once `may_answer` is set."""

    def __init__(self) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()
        agent = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                agent.asked.set()
                agent.may_answer.wait(60)
                body = json.dumps(ANSWER).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "SlowAgent":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    def configured(self) -> str:
        """Its table of the configuration."""
        return f'\n[[agent]]\nid = "slow"\nprotocol = "openai"\nurl = "{self.url}"\nzone = "in-house"\n'
