"""`gateway witness`: a witness for other ledgers, for a second machine under another administrator.

Its directory holds a key, what it has cosigned, and the public keys of the ledgers that it witnesses:

    witness.key       its private key, 0600
    witness.vkey      its public key: for whoever relies on it
    witness.db        what it has cosigned last of each ledger
    logs/*.vkey       the ledgers' public keys, put there by its administrator

It needs no configuration of a gateway, and no access to one.
"""

import argparse
import asyncio
import os
from contextlib import closing
from pathlib import Path

import uvicorn
import uvloop

from gateway.bootstrap import SystemClock
from gateway.cli import logs
from gateway.cli.common import OK, Commands, Failed, WrongUse, say, write_file
from gateway.cli.serve import KEEP_ALIVE_S, GatewayServer, listener
from gateway.cli.server_tls import ServerTls
from gateway.core.errors import ConfigurationError, FormatError, VerificationError
from gateway.ledger.cosignature import Cosigner
from gateway.ledger.rotation import MAX_BYTES, Keys, parse_keys
from gateway.settings import Server
from gateway.store.keyring import read_cosigner, write_cosigner
from gateway.store.witnessed import Held, Witnessed
from gateway.web.protocol import HttpProtocol
from gateway.web.witness import BODY_S, WitnessApplication


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command."""
    parser = commands.add_parser("witness", parents=[common], help="run a witness for other ledgers; see docs")
    parser.add_argument("directory", type=Path, metavar="DIR", help="its key, its state, and logs/*.vkey")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--init", metavar="NAME", help="make the directory, with a key of this name: a host's, and a path"
    )
    what.add_argument("--list", action="store_true", help="what it has cosigned last")
    what.add_argument("--forget", metavar="ORIGIN", help="let a ledger begin anew, whose loss was acknowledged")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8450, help="0 takes a free one (default 8450)")
    parser.add_argument("--tls-certificate", type=Path, metavar="FILE", help="PEM, with --tls-key")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM, without a password")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    directory: Path = arguments.directory
    if arguments.init is not None:
        return _init(arguments, directory, arguments.init)
    if not 0 <= arguments.port <= 65535:
        raise WrongUse("--port must lie between 0 and 65535")
    if (arguments.tls_certificate is None) != (arguments.tls_key is None):
        raise WrongUse("--tls-certificate and --tls-key go together")
    held = Witnessed(directory / "witness.db")
    if arguments.list:
        return _list(arguments, held)
    if arguments.forget is not None:
        return _forget(arguments, held, arguments.forget)
    cosigner, ledgers = read_cosigner(directory / "witness.key"), _logs(directory / "logs")
    logs.configure("info")
    app = WitnessApplication(cosigner, ledgers, held, SystemClock())
    server = Server(host=arguments.host, port=arguments.port)
    with closing(listener(server)) as place, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        scheme, number = "http" if arguments.tls_key is None else "https", place.getsockname()[1]
        host = f"[{server.host}]" if ":" in server.host else server.host
        data = {"url": f"{scheme}://{host}:{number}", "witness": cosigner.witness.vkey, "ledgers": len(ledgers)}
        told = [f"witness of {len(ledgers)} ledgers on {data['url']}"]
        served = GatewayServer(_config(app, arguments), lambda: say(arguments, data, told))
        runner.run(served.serve([place]))
    return OK


def _config(app: WitnessApplication, arguments: argparse.Namespace) -> uvicorn.Config:
    files = (arguments.tls_certificate, arguments.tls_key)
    tls = None if None in files else ServerTls(*files, names=("--tls-certificate", "--tls-key"))
    return uvicorn.Config(
        app,
        http=HttpProtocol.within(BODY_S),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=round(BODY_S),
        ssl_context_factory=None if tls is None else lambda config, default: tls.context(),
    )


def _init(arguments: argparse.Namespace, directory: Path, name: str) -> int:
    """The state first, the key last: broken off in between there is none that could cosign without it."""
    try:
        cosigner = Cosigner(name, os.urandom(32))
    except FormatError as error:
        raise WrongUse(f"--init: {error}") from error
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise WrongUse("DIR must be a directory that can be made") from error
    Witnessed.create(directory / "witness.db")
    write_cosigner(directory / "witness.key", cosigner)
    write_file(directory / "witness.vkey", f"{cosigner.witness.vkey}\n".encode(), "DIR")
    told = [cosigner.witness.vkey, f"put public keys of ledgers into {directory / 'logs'}, and run it"]
    say(arguments, {"witness": cosigner.witness.vkey}, told)
    return OK


def _list(arguments: argparse.Namespace, held: Witnessed) -> int:
    found = held.held()
    data = {"ledgers": [_shown(one) for one in found]}
    say(arguments, data, [f"{one.origin}  {one.size} records" for one in found])
    return OK


def _forget(arguments: argparse.Namespace, held: Witnessed, origin: str) -> int:
    gone = held.forget(origin, SystemClock().now_us())
    if gone is None:
        raise Failed("nothing was cosigned of this origin")
    say(arguments, _shown(gone), [*gone.note.decode("utf-8").splitlines(), f"forgotten: {origin} may begin anew"])
    return OK


def _shown(held: Held) -> dict[str, object]:
    return {"ledger": held.origin, "size": held.size, "checkpoint": held.note.decode("utf-8")}


def _logs(directory: Path) -> dict[str, Keys]:
    """The ledgers' keys by origin, which is each key's name. `ConfigurationError` names a file that is none."""
    found: dict[str, Keys] = {}
    for file in sorted(directory.glob("*.vkey")):
        try:
            keys = parse_keys(file.read_bytes()[: MAX_BYTES + 1])
        except (OSError, FormatError, VerificationError) as error:
            raise ConfigurationError(f"{file} does not hold the public key of a ledger") from error
        if found.setdefault(keys.name, keys).vkey != keys.vkey:
            raise ConfigurationError(f"{file} is another key of a ledger that has one")
    return found
