"""The database: its connection pool, and the schema brought up to what this code expects."""

import asyncio
import select
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from memory import restrict

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError

_MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x46726579_61  # "Freya": one number for all migrations of a database
_CONNECT_SECONDS = 10
_WAIT_SECONDS = 3
_RECONNECT_SECONDS = 2.5  # told before the first who waits gives up
_WAIT_WHILE_AWAY_SECONDS = (
    0.5  # a run that meets an outage waits several times, and its client is told within 15 s
)
_TRUSTED_SECONDS = 1.0
_NEEDS_VECTOR = (
    "Freya needs pgvector: install it on the database server, and let a superuser run "
    "CREATE EXTENSION vector in this database if this user may not."
)
_VECTOR = """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS made,
        EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS available,
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        OR has_database_privilege(current_database(), 'CREATE')
        AND EXISTS (SELECT FROM pg_available_extension_versions WHERE name = 'vector' AND trusted) AS allowed
"""

Pool = AsyncConnectionPool[psycopg.AsyncConnection[DictRow]]


class DatabaseError(Exception):
    """The database cannot be used as it is; the message says what to do.

    DatabaseError
    ├── DatabaseUnavailable    nothing answers at the URL, or it refuses
    ├── SchemaTooNew           a newer Freya wrote this schema
    └── MigrationFailed        a step could not be run; the schema is as it was before that step
    """


class DatabaseUnavailable(DatabaseError):
    """No connection to the database."""


class SchemaTooNew(DatabaseError):
    """The database has a revision that this code does not know."""


class MigrationFailed(DatabaseError):
    """A migration was refused by the database."""


@dataclass(frozen=True)
class SchemaState:
    """Where the schema of a database stands, beside the one this code expects."""

    current: str | None
    """The revision of the database; `None` for an empty one."""
    head: str
    pending: tuple[str, ...]
    """Revisions still to run, first one first."""
    server_version: str
    obstacle: str
    """Why pending revisions cannot be run and what to do, as far as it is known before; empty: nothing."""


class _Pool(AsyncConnectionPool[psycopg.AsyncConnection[DictRow]]):
    """Lends no connection that is gone, and does not wait for long once the server could not be reached."""

    def __init__(self, url: str, *, min_size: int, max_size: int, restricted: bool, name: str) -> None:
        self._is_away = False
        self._answered: WeakKeyDictionary[psycopg.AsyncConnection[DictRow], float] = WeakKeyDictionary()
        self._checks: set[asyncio.Task[None]] = set()
        super().__init__(
            url,
            kwargs={"autocommit": True, "row_factory": dict_row, "connect_timeout": _CONNECT_SECONDS},
            configure=restrict if restricted else None,
            min_size=min_size,
            max_size=max_size,
            check=self._try_out,
            max_idle=300,
            max_lifetime=3600,
            timeout=_WAIT_SECONDS,
            reconnect_failed=self._note_away,
            reconnect_timeout=_RECONNECT_SECONDS,  # then the next request begins anew, without a backoff of half a minute
            name=name,
            open=False,
        )

    async def getconn(self, timeout: float | None = None) -> psycopg.AsyncConnection[DictRow]:  # noqa: ASYNC109  # the library's
        if timeout is None and self._is_away:
            timeout = _WAIT_WHILE_AWAY_SECONDS
        connection = await super().getconn(timeout)
        self._is_away = False
        return connection

    async def _try_out(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        last = self._answered.get(connection, 0.0)
        try:
            if time.monotonic() - last > _TRUSTED_SECONDS or _was_sent_to(connection):
                await self.check_connection(connection)
        except psycopg.Error:
            # A server that went took all of them with it: to meet them one by one takes longer than anyone waits.
            self._checks.add(task := asyncio.create_task(self.check()))
            task.add_done_callback(self._checks.discard)
            raise
        self._answered[connection] = time.monotonic()

    async def _note_away(self, _: object) -> None:
        self._is_away = True


async def open_pool(
    url: str, *, min_size: int = 1, max_size: int = 10, restricted: bool = False, name: str = "freya"
) -> Pool:
    """An open pool of autocommit connections whose rows are dicts; the caller closes it.

    Its log lines have the `name`. Connections of a `restricted` pool see nobody's rows but in transactions of `memory.Database`.

    A connection that was idle for a second, or to which the server sent something meanwhile, is checked before it is
    lent, so the pool outlives a restart of the server. Waiting for a connection ends with `psycopg_pool.PoolTimeout`,
    after 3 s; after half a second when none could be made before. Raises DatabaseUnavailable when no connection can be
    made at first.
    """
    pool = _Pool(url, min_size=min_size, max_size=max_size, restricted=restricted, name=name)
    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=_CONNECT_SECONDS):
            pass  # says at once what is wrong; the pool would only say that it waited
        await pool.open(wait=True, timeout=_CONNECT_SECONDS * 2)
    except psycopg.OperationalError as error:
        await pool.close()
        raise _unavailable(error) from error
    return pool


def _was_sent_to(connection: psycopg.AsyncConnection[DictRow]) -> bool:
    """Whether the server sent something to a connection that asked for nothing: most of all that it is closed."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


async def migrate(url: str) -> SchemaState:
    """Bring the schema up to date and say where it stands.

    Any number of processes may call it at once: one works, the others wait for it. Every step is a
    transaction. Raises DatabaseUnavailable, SchemaTooNew or MigrationFailed.
    """
    return await asyncio.to_thread(_migrate, url)


async def schema_state(url: str) -> SchemaState:
    """Where the schema stands; changes nothing. Raises DatabaseUnavailable or SchemaTooNew."""
    return await asyncio.to_thread(_schema_state, url)


def sqlalchemy_url(url: str) -> str:
    """The URL with the psycopg driver named, as SQLAlchemy needs it.

    Raises ValueError for anything but a `postgresql://` (or `postgres://`) URL.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError(f"The database URL must start with postgresql://, not {scheme!r}.")
    return f"postgresql+psycopg://{rest}"


def _migrate(url: str) -> SchemaState:
    with _connected(url) as connection:
        # Held by the session and not by a transaction: each step commits its own.
        connection.execute("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
        state = _state(connection)
        if not state.pending:
            return state
        _upgrade(url)
        return _state(connection)


def _upgrade(url: str) -> None:
    # Here, as they take most of a second to load, and a start with nothing to do needs none of them.
    from alembic import command
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import DBAPIError

    engine = create_engine(
        sqlalchemy_url(url), poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS}
    )
    try:
        with engine.connect() as connection:
            command.upgrade(_config(connection), "head")
            connection.commit()
    except DBAPIError as error:
        raise _failed(error) from error


def _schema_state(url: str) -> SchemaState:
    with _connected(url) as connection:
        return _state(connection)


def _connected(url: str) -> psycopg.Connection[DictRow]:
    try:
        return psycopg.connect(url, autocommit=True, row_factory=dict_row, connect_timeout=_CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        raise _unavailable(error) from error


def _config(connection: "Connection") -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _state(connection: psycopg.Connection[DictRow]) -> SchemaState:
    """Compare the schema with this code. Raises SchemaTooNew."""
    known = _revisions()
    current = _revision_of(connection)
    if current is not None and current not in known:
        raise SchemaTooNew(
            f"The database has schema revision {current}, and this Freya knows revisions up to {known[-1]}: "
            "a newer Freya has used it. Install that version again, or use another database."
        )
    return SchemaState(
        current=current,
        head=known[-1],
        pending=known if current is None else known[known.index(current) + 1 :],
        server_version=".".join(str(part) for part in divmod(connection.info.server_version, 10_000)),
        obstacle=_obstacle(connection),
    )


def _revisions() -> tuple[str, ...]:
    """Those of this code, oldest first: each file begins with its own, and each follows the one before it."""
    return tuple(sorted(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")))


def _revision_of(connection: psycopg.Connection[DictRow]) -> str | None:
    found = connection.execute("SELECT to_regclass('alembic_version') AS version").fetchone()
    if found is None or found["version"] is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row["version_num"])


def _obstacle(connection: psycopg.Connection[DictRow]) -> str:
    vector = connection.execute(_VECTOR).fetchone()
    if vector is None or vector["made"] or (vector["available"] and vector["allowed"]):
        return ""
    why = "may not be made by this user" if vector["available"] else "is not available on the server"
    return f"The extension vector {why}. {_NEEDS_VECTOR}"


def _unavailable(error: BaseException) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The database does not let us in: {_first_line(error)}. "
        "Check that the server runs, and the host, user, password and database name in its URL."
    )


def _failed(error: "DBAPIError") -> MigrationFailed:
    said = _first_line(error.orig or error)
    if "vector" in said:
        advice = _NEEDS_VECTOR
    else:
        advice = "The schema is as it was before this step; put right what the database says and start again."
    return MigrationFailed(f"The schema could not be brought up to date: {said}. {advice}")


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
