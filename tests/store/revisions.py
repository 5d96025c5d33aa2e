"""Databases as older versions left them."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from gateway.store import migrate


def moved(connection: Connection, revision: str) -> None:
    """Bring a database up or down to a revision, or to `head`."""
    config = Config()
    config.set_main_option("script_location", str(migrate.migrations()))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    found = migrate._revision(connection) or ""
    (command.downgrade if revision < found else command.upgrade)(config, revision)
