"""Airflow's SQLite database waits for its lock where it would say that it is locked."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from emr_pipelines.cli.airflow_home.sqlite_connections import CONNECT_ARGS


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "airflow.db"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE runs (year INTEGER)")
    connection.commit()
    connection.close()
    return file


def make_run(database: Path, **how: Any) -> threading.Thread:
    """What Airflow does to make a run of a backfill, while another process writes; the thread is that one."""
    mine, other = sqlite3.connect(database, **how), sqlite3.connect(database, check_same_thread=False, timeout=10)

    def write() -> None:
        other.execute("INSERT INTO runs VALUES (1)")
        other.commit()

    cursor = mine.cursor()
    cursor.execute("SAVEPOINT one")
    cursor.execute("SELECT * FROM runs WHERE year = 2001")
    assert cursor.fetchone() is None
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    thread.join(0.3)
    cursor.execute("INSERT INTO runs VALUES (2001)")
    cursor.execute("RELEASE one")
    mine.commit()
    return thread


def test_a_savepoint_that_reads_first_is_refused_at_once_by_plain_sqlite(database: Path) -> None:
    """Why this is needed: no timeout helps."""
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        make_run(database, timeout=10)


def test_here_the_others_wait_for_their_turn(database: Path) -> None:
    make_run(database, **CONNECT_ARGS).join(10)
    rows = sqlite3.connect(database).execute("SELECT year FROM runs ORDER BY year").fetchall()
    assert rows == [(1,), (2001,)]
