"""The schema of trace files, and opening of untrusted files."""

from __future__ import annotations

import sqlite3
import stat
import time
from pathlib import Path
from typing import Any

from tracer.errors import TraceFileError

SQLITE_VERSION = sqlite3.sqlite_version
"""The version of SQLite that reads and writes trace files here."""

APPLICATION_ID = 0x54524143
"""The SQLite application id of trace files: "TRAC"."""

READER, READER_OF_PROGRAMS, READER_OF_BFLOAT16, READER_OF_COLUMNS = 1, 2, 3, 4
"""The number of the reader that a file needs: the second for gradients that a program computes itself, marks of its values, and
values of which only the shape was recorded; the third for nodes of dtype bfloat16; the fourth for large steps.

Readers reject files that need a newer one.
"""

MINOR_VERSIONS = {READER: 1, READER_OF_PROGRAMS: 2, READER_OF_BFLOAT16: 3, READER_OF_COLUMNS: 4}
"""The newest minor version of the format, by the reader that a file needs. Readers ignore what a newer one added.

Version 1.1 stores the reason for the end of a run also as a code with fields. Version 1.2 stores the gradients and marks of
recorded programs, and values without statistics; a file without any is still one of version 1.1, which every reader opens.
Version 1.3 stores a bfloat16 as its 16 bits. Version 1.4 stores the structure of a large step by columns.
"""

LARGE_STEP = 5000
"""The number of nodes from which on a step is large."""

SCHEMA = {
    "run": "CREATE TABLE run (part TEXT PRIMARY KEY, content TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID",
    "structure": "CREATE TABLE structure (id INTEGER PRIMARY KEY, content TEXT NOT NULL, digest BLOB NOT NULL)",
    "step": "CREATE TABLE step (position INTEGER PRIMARY KEY, digest BLOB NOT NULL, structure INTEGER NOT NULL, "
    "number INTEGER NOT NULL, metrics TEXT NOT NULL, printed TEXT NOT NULL, small BLOB NOT NULL, "
    "summaries BLOB NOT NULL, keys BLOB)",
    "value": "CREATE TABLE value (key BLOB PRIMARY KEY, content BLOB NOT NULL)",
}
"""The SQL of each table. The only index is the automatic one for the key of `value`."""

QUERY_TIMEOUT = 4.0
"""Seconds per query. Queries look up single rows, so that only a damaged file takes longer."""

LOCK_TIMEOUT = 60.0
"""Seconds to wait for the lock of another process."""

CORRUPTION_ERRORS = (sqlite3.Error, UnicodeDecodeError, OverflowError)
"""Exceptions of the sqlite3 module for a damaged file."""

MIN_SECTOR_SIZE = 512
"""Minimum size of the header of a journal."""

_MAGIC = b"SQLite format 3\0"
_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"


def user_version(reader: int = READER) -> int:
    """The reader that a file needs and its minor version, as an SQLite user version."""
    return reader * 1000 + MINOR_VERSIONS[reader]


def journal_path(path: Path) -> Path:
    """The path of SQLite's rollback journal."""
    return path.with_name(f"{path.name}-journal")


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a trace file read-only after validation. Raises TraceFileError."""
    _check_header(path, _read_header(path))
    roll_back(path)
    is_newer_minor = _check_header(path, _read_header(path))
    connection = _connect(path, "ro")
    try:
        _harden(connection, path.stat().st_size)
        _check_schema(connection, path, is_newer_minor)
    except CORRUPTION_ERRORS as error:
        connection.close()
        raise TraceFileError(f"{path} is damaged: {error_text(error)}") from None
    except BaseException:
        connection.close()
        raise
    return connection


def roll_back(path: Path) -> None:
    """Roll back the unfinished commit of a killed run, so that the file can be opened read-only."""
    journal = journal_path(path)
    try:
        # A journal has each page at most once, so it is little larger than the file.
        if stat.S_ISREG(journal.stat().st_mode) and journal.stat().st_size <= 2 * path.stat().st_size + 1_000_000:
            content = journal.read_bytes()
        else:
            raise TraceFileError(f"{journal} is no journal of a trace file: it is larger than one could be")
    except FileNotFoundError:
        return  # no commit is in progress, or it has just ended
    except OSError as error:
        raise TraceFileError(f"{journal} cannot be read: {error.strerror or error}") from None
    if not content:
        return
    _check_journal(path, journal, content)
    connection = _connect(path, "rw")
    try:
        _harden(connection, path.stat().st_size + len(content))
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except CORRUPTION_ERRORS as error:
        hint = f"the unfinished commit in {journal.name} cannot be rolled back here ({error_text(error)})"
        raise TraceFileError(f"{path}: {hint}; copy both files to a folder that you may write to") from None
    finally:
        connection.close()


def error_text(error: Exception) -> str:
    """An error message of SQLite, without content of the file."""
    text = str(error)
    return "it holds text that is not UTF-8" if "decode" in text or "codec" in text else text[:80]


def _check_journal(path: Path, journal: Path, content: bytes) -> None:
    """Raise TraceFileError if rolling back would replace the file or touch another one.

    A journal has the original content of pages, after a header with their number (-1: up to the end of the journal, as written
    with `synchronous = OFF`), the size of the file in pages, and the sizes of sectors and pages.
    """
    if len(content) >= 2 * len(_JOURNAL_MAGIC) and content.endswith(_JOURNAL_MAGIC):
        # Checked first, as SQLite does: it would open the super-journal named there, and may delete it.
        raise TraceFileError(f"{journal} is no journal of a trace file: it belongs to several databases")
    if not content.startswith(_JOURNAL_MAGIC) or len(content) < MIN_SECTOR_SIZE:
        return  # the commit had not begun: SQLite ignores the journal
    count, pages, sector_size, page_size = (int.from_bytes(content[at : at + 4]) for at in (8, 16, 20, 24))
    problem = ""
    if count != 0xFFFFFFFF or not 32 <= sector_size <= 65_536 or not 512 <= page_size <= 65_536:
        problem = "it was not written by tracer"
    elif pages * page_size > path.stat().st_size + len(content):
        problem = "it would make the file larger than it was"
    if problem:
        raise TraceFileError(f"{journal} is no journal of a trace file: {problem}")
    # SQLite ignores an incomplete page at the end of the journal, as the file was not changed there yet.
    for start in range(sector_size, len(content) - page_size - 7, page_size + 8):
        if int.from_bytes(content[start : start + 4]) == 1:
            _check_header(journal, content[start + 4 : start + 104])


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=LOCK_TIMEOUT,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise TraceFileError(f"{path} cannot be opened: {error}") from None


def has_header(path: Path) -> bool:
    """Whether a file starts as those of SQLite do."""
    return _read_header(path).startswith(_MAGIC)


def _read_header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except OSError as error:
        raise TraceFileError(f"{path} cannot be read: {error.strerror or error}") from None


def _check_header(path: Path, header: bytes) -> bool:
    """Validate the file header before SQLite reads the file; whether a newer minor version may have added tables."""
    if len(header) < 100 or not header.startswith(_MAGIC):
        why = "it is empty" if not header else "`tracer trace` writes them, under the name trace.sqlite"
        raise TraceFileError(f"{path} is no trace file: {why}")
    # Bytes 18 and 19 are 1 with a rollback journal; otherwise SQLite would write a WAL beside the file.
    if int.from_bytes(header[68:72]) != APPLICATION_ID or header[18:20] != b"\1\1":
        raise TraceFileError(f"{path} is no trace file: it is another SQLite database")
    reader, minor = divmod(int.from_bytes(header[60:64]), 1000)
    if reader > READER and minor < MINOR_VERSIONS.get(reader, minor + 1):  # of a format that this version does not know
        raise TraceFileError(
            f"{path} was written by a newer version of tracer (it needs reader {reader}, this is {max(MINOR_VERSIONS)})"
        )
    if not reader:
        raise TraceFileError(f"{path} is damaged: its version is 0")
    return minor > MINOR_VERSIONS[reader]


def _harden(connection: sqlite3.Connection, size: int) -> None:
    """Set limits so that nothing in the file is executed and every query terminates."""
    limits = {
        sqlite3.SQLITE_LIMIT_LENGTH: max(1 << 20, size),
        sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10_000,
        sqlite3.SQLITE_LIMIT_COLUMN: 100,
        sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 20,
        sqlite3.SQLITE_LIMIT_ATTACHED: 0,
        sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    }
    for limit, maximum in limits.items():
        connection.setlimit(limit, min(maximum, 1_000_000_000))
    start_timeout(connection)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def start_timeout(connection: sqlite3.Connection) -> None:
    """Abort queries after QUERY_TIMEOUT from now."""
    deadline = time.monotonic() + QUERY_TIMEOUT
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)


def _check_schema(connection: sqlite3.Connection, path: Path, is_newer_minor: bool) -> None:
    """Validate that there are exactly the tables of a trace file: no triggers, views or other indexes."""
    found: dict[str, Any] = {}
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema LIMIT 20"):
        if kind == "index" and name == "sqlite_autoindex_value_1" and sql is None:
            continue
        if kind != "table":
            raise TraceFileError(f"{path} is no trace file: it holds the {kind} {str(name)[:40]!r}")
        found[name] = sql
    if found != SCHEMA and not (is_newer_minor and found.items() >= SCHEMA.items()):
        raise TraceFileError(f"{path} is no trace file: its tables are not those of one")
