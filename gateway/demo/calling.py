"""The demo's side of its callers: one process (`gateway.demo.caller`), one job at a time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from gateway.demo.processes import STOP_S, DemoError, environment
from gateway.demo.seen import Reply


class Callers:
    """The callers' process, from entering the block to leaving it. `url` is the gateway's, as clients write it."""

    def __init__(self, url: str, logs: Path) -> None:
        self._url, self._logs = url, logs
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Callers":
        with (self._logs / "callers.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway.demo.caller"],
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.communicate(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def call(self, key: str, body: dict[str, Any] | None, headers: dict[str, str] | None = None) -> Reply:
        """What a caller with this key gets for this body (None: the models). `DemoError` if the callers ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise DemoError("the callers have not been started")
        job = {"base_url": f"{self._url}/v1", "key": key, "headers": headers or {}, "body": body}
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        except OSError:
            raise DemoError(self._ended()) from None
        line = process.stdout.readline()
        if not line:
            raise DemoError(self._ended())
        return Reply(**json.loads(line))

    def _ended(self) -> str:
        said = (self._logs / "callers.log").read_text("utf-8", "replace")
        if "No module named 'openai'" in said:
            return "the callers need the openai package: install this project with its extra `demo`"
        return f"the callers ended; their last words:\n{said[-800:]}"
