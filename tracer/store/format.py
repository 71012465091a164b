"""Schema and validation of untrusted trace files."""

from __future__ import annotations

import sqlite3
import stat
import time
from pathlib import Path
from typing import Any

from tracer.errors import TraceFileError

APPLICATION = 0x54524143
"""The application id in the header of the file: "TRAC"."""

READER, WRITER = 1, 1
"""The version a reader needs for the files of this version, and what was added since that it may pass over.

Version 1.1 has a code and fields beside each text that says how the run ended.
"""

SCHEMA = {
    "run": "CREATE TABLE run (part TEXT PRIMARY KEY, content TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID",
    "structure": "CREATE TABLE structure (id INTEGER PRIMARY KEY, content TEXT NOT NULL, digest BLOB NOT NULL)",
    "step": "CREATE TABLE step (position INTEGER PRIMARY KEY, digest BLOB NOT NULL, structure INTEGER NOT NULL, "
    "number INTEGER NOT NULL, metrics TEXT NOT NULL, printed TEXT NOT NULL, small BLOB NOT NULL, "
    "summaries BLOB NOT NULL, keys BLOB)",
    "value": "CREATE TABLE value (key BLOB PRIMARY KEY, content BLOB NOT NULL)",
}
"""The tables, by their names. `value` has the one index that SQLite makes for a key."""

PATIENCE = 4.0
"""Seconds that one question to a file may take: each of them finds single rows, so that only a damaged file takes longer."""

WAITING = 60.0
"""Seconds to wait while another process writes or reads."""

DAMAGE = (sqlite3.Error, UnicodeDecodeError, OverflowError)
"""The exceptions that SQLite and the sqlite3 module raise for a damaged file."""

SECTOR = 512
"""Bytes that the header of a journal takes at least."""

_MAGIC = b"SQLite format 3\0"
_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"


def mark() -> int:
    """The version that is written into a file."""
    return READER * 1000 + WRITER


def journal_of(path: Path) -> Path:
    """Where SQLite notes what a commit in progress changes."""
    return path.with_name(f"{path.name}-journal")


def open_to_read(path: Path) -> sqlite3.Connection:
    """A connection that can only read, to a file that is checked for being a trace file. Raises TraceFileError."""
    _check_marks(path, _head_of(path))
    roll_back(path)
    may_have_more = _check_marks(path, _head_of(path))
    connection = _connect(path, "ro")
    try:
        _distrust(connection, path.stat().st_size)
        _check_schema(connection, path, may_have_more)
    except DAMAGE as error:
        connection.close()
        raise TraceFileError(f"{path} is damaged: {told(error)}") from None
    except BaseException:
        connection.close()
        raise
    return connection


def roll_back(path: Path) -> None:
    """Take back what a killed run left of a commit, so that the file can be opened for reading alone."""
    journal = journal_of(path)
    try:
        # Every page is noted once, so a journal is hardly larger than its file.
        if stat.S_ISREG(journal.stat().st_mode) and journal.stat().st_size <= 2 * path.stat().st_size + 1_000_000:
            content = journal.read_bytes()
        else:
            raise TraceFileError(f"{journal} is no journal of a trace file: it is larger than one could be")
    except FileNotFoundError:
        return  # there is none, or no more: a run that goes on has ended its commit
    except OSError as error:
        raise TraceFileError(f"{journal} cannot be read: {error.strerror or error}") from None
    if not content:
        return
    _check_journal(path, journal, content)
    connection = _connect(path, "rw")
    try:
        _distrust(connection, path.stat().st_size + len(content))
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except DAMAGE as error:
        hint = f"what a run that was cut off left in {journal.name} cannot be taken back here ({told(error)})"
        raise TraceFileError(f"{path}: {hint}; copy both files to where you may write") from None
    finally:
        connection.close()


def told(error: Exception) -> str:
    """What SQLite says of a damaged file, without what the file holds."""
    text = str(error)
    return "it holds text that is none" if "decode" in text or "codec" in text else text[:80]


def _check_journal(path: Path, journal: Path, content: bytes) -> None:
    """Raise TraceFileError where SQLite would make another file of this one, or touch a third.

    A journal holds pages as they were before the commit, behind a header with their number (-1: up to the end, which is what
    a writer that does not wait for the disk writes), the size of the file in pages, and the sizes of sectors and pages.
    """
    if len(content) >= 2 * len(_JOURNAL_MAGIC) and content.endswith(_JOURNAL_MAGIC):
        # Looked for before anything else, as SQLite does: it would open the file that is named there, and may delete it.
        raise TraceFileError(f"{journal} is no journal of a trace file: it belongs to several databases")
    if not content.startswith(_JOURNAL_MAGIC) or len(content) < SECTOR:
        return  # the commit had not begun: SQLite passes over it
    count, pages, sector, page = (int.from_bytes(content[at : at + 4]) for at in (8, 16, 20, 24))
    problem = ""
    if count != 0xFFFFFFFF or not 32 <= sector <= 65_536 or not 512 <= page <= 65_536:
        problem = "it was not written by tracer"
    elif pages * page > path.stat().st_size + len(content):
        problem = "it would make the file larger than it was"
    if problem:
        raise TraceFileError(f"{journal} is no journal of a trace file: {problem}")
    # A page that was being noted when the run was killed is not whole: SQLite passes over it, as its place was not written yet.
    for start in range(sector, len(content) - page - 7, page + 8):
        if int.from_bytes(content[start : start + 4]) == 1:
            _check_marks(journal, content[start + 4 : start + 104])


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=WAITING, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise TraceFileError(f"{path} cannot be opened: {error}") from None


def _head_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except OSError as error:
        raise TraceFileError(f"{path} cannot be read: {error.strerror or error}") from None


def _check_marks(path: Path, head: bytes) -> bool:
    """The marks in the first bytes, before SQLite sees the file; whether a newer version may have added tables."""
    if len(head) < 100 or not head.startswith(_MAGIC):
        raise TraceFileError(f"{path} is no trace file" + (": it is empty" if not head else ""))
    # Bytes 18 and 19 are 1 where a rollback journal is used; anything else would have SQLite write beside the file.
    if int.from_bytes(head[68:72]) != APPLICATION or head[18:20] != b"\1\1":
        raise TraceFileError(f"{path} is no trace file: it is another SQLite database")
    reader, writer = divmod(int.from_bytes(head[60:64]), 1000)
    if reader > READER:
        raise TraceFileError(f"{path} was written by a newer version of tracer (it needs reader {reader}, this is {READER})")
    if not reader:
        raise TraceFileError(f"{path} is damaged: its version is 0")
    return reader == READER and writer > WRITER


def _distrust(connection: sqlite3.Connection, size: int) -> None:
    """Nothing in the file is run, and no question takes forever."""
    limits = {
        sqlite3.SQLITE_LIMIT_LENGTH: max(1 << 20, size),
        sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10_000,
        sqlite3.SQLITE_LIMIT_COLUMN: 100,
        sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 20,
        sqlite3.SQLITE_LIMIT_ATTACHED: 0,
        sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    }
    for limit, most in limits.items():
        connection.setlimit(limit, min(most, 1_000_000_000))
    limit_time(connection)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def limit_time(connection: sqlite3.Connection) -> None:
    """From now on, the next question may take so long."""
    until = time.monotonic() + PATIENCE
    connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)


def _check_schema(connection: sqlite3.Connection, path: Path, may_have_more: bool) -> None:
    """Exactly the tables of a trace file; no trigger, no view, nothing that would be run."""
    found: dict[str, Any] = {}
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema LIMIT 20"):
        if kind == "index" and name == "sqlite_autoindex_value_1" and sql is None:
            continue
        if kind != "table":
            raise TraceFileError(f"{path} is no trace file: it holds the {kind} {str(name)[:40]!r}")
        found[name] = sql
    if found != SCHEMA and not (may_have_more and found.items() >= SCHEMA.items()):
        raise TraceFileError(f"{path} is no trace file: its tables are not those of one")
