"""The demo without its script: it keeps serving, and says how to use it."""

import json
import time
from typing import TextIO

from gateway.demo.configuration import HOLDERS
from gateway.demo.show import Painter
from gateway.demo.stage import Stage

_TICK_S = 0.5

_SNIPPET = """\
from openai import OpenAI

client = OpenAI(base_url="{url}/v1", api_key="{key}")
answer = client.chat.completions.with_raw_response.create(
    model="cloud-oracle",
    messages=[{{"role": "user", "content": "Summarize: Patient: Ruth Ashdown, MRN 0048-3921, has pneumonia."}}],
)
print(answer.headers["x-routed-agent"], answer.headers["x-decision"])
print(answer.parse().choices[0].message.content)
"""


def serve(running: Stage, as_json: bool, out: TextIO) -> None:
    """Say where it is and serve until interrupted. `DemoError` if a process ends."""
    keys = {holder.name: running.keys[holder.name] for holder in HOLDERS}
    if as_json:
        told = {"base_url": f"{running.url}/v1", "url": running.url, "keys": keys, "directory": str(running.directory)}
        out.write(json.dumps(told) + "\n")
    else:
        out.write("\n".join(_lines(running, keys, Painter(out))) + "\n")
    out.flush()
    while True:
        time.sleep(_TICK_S)
        running.processes.check()


def _lines(running: Stage, keys: dict[str, str], paint: Painter) -> list[str]:
    held = {holder.name: holder for holder in HOLDERS}
    rows = [
        f"  {name.ljust(14)}{key}  {held[name].role}, {held[name].zone}{''.join(f', {p}' for p in held[name].purposes)}"
        for name, key in keys.items()
    ]
    return [
        paint.bold("The gateway and its three agents are running."),
        "",
        f"  base URL  {running.url}/v1",
        f"  audit     {running.url}/audit/records (with the auditor's key)",
        f"  data      {running.directory}",
        "",
        paint.bold("Keys"),
        *rows,
        "",
        paint.bold("With the official client"),
        *_SNIPPET.format(url=running.url, key=keys["clinician"]).splitlines(),  # as it stands in a file
        "",
        paint.dim("Ctrl-C stops all of it."),
    ]
