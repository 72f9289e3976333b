"""How the project's own Airflow connects to its SQLite database, so that it waits where it would say "database is locked". Airflow imports CONNECT_ARGS by its name.

Airflow makes a backfill's runs in savepoints. SQLite begins a transaction with the first of them that can only read; when another process has written by the time it wants to write,
SQLite refuses at once, whatever its timeout. A transaction that is to write from its beginning waits for its turn.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Self

_SAVEPOINT = "SAVEPOINT"
# Also what `sql_alchemy_conn` says; one lock is held for milliseconds.
LOCK_SECONDS = 60.0


class WaitingCursor(sqlite3.Cursor):
    """A cursor whose savepoints stand in a transaction that may write."""

    def execute(self, sql: str, *parameters: Any) -> Self:
        """As sqlite3's."""
        if sql.lstrip()[: len(_SAVEPOINT)].upper() == _SAVEPOINT and not self.connection.in_transaction:
            super().execute("BEGIN IMMEDIATE")
        super().execute(sql, *parameters)
        return self


class WaitingConnection(sqlite3.Connection):
    """A connection with such cursors."""

    def cursor(self, factory: Any = WaitingCursor) -> Any:
        """As sqlite3's."""
        return super().cursor(factory)


CONNECT_ARGS: dict[str, Any] = {"factory": WaitingConnection, "timeout": LOCK_SECONDS}
