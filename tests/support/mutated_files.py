"""Damaged and forged trace files, each generated from a seed, and a process that reads them.

    python tests/support/mutated_files.py FOLDER FIRST END STRIDE

generates the files of the seeds range(FIRST, END, STRIDE) from the good files in FOLDER, reads them, and prints a line of
JSON for each: whether it opened, was refused, or failed otherwise. The process may allocate a gigabyte beyond its memory at
the start and take five seconds per file; after that it writes a stack trace to stderr and exits.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import math
import resource
import sqlite3
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import numpy as np

import tracer
from tracer.errors import TraceFileError
from tracer.graph.record import PHASES, Node, Trace
from tracer.graph.strides import array_dtype, byte_count, normalize, stored_dtype
from tracer.graph.summary import Summary
from tracer.ops import registry
from tracer.ops.base import Op
from tracer.store.format import APPLICATION_ID, SCHEMA, user_version
from tracer.store.plain_json import STORABLE_DTYPES, to_json
from tracer.store.reading import read
from tracer.store.rows import NOT_KEPT, Row, content_key, is_inline, pack_summary, text_digest
from tracer.store.structures.reading import read_structure
from tracer.store.structures.structure import OTHER_DTYPES, Structure
from tracer.store.writing import save
from tracer.views.text.log import log_text

SECONDS = 5
"""Time limit per file."""

MEMORY = 1_000_000_000
"""Bytes that the process may allocate beyond those it has before the first mutated file."""

GOOD = {
    "fruit": ("fruit", 2, "all"),
    "linear-regression": ("linear-regression", 3, "summary"),
    "mnist": ("mnist", 1, "summary"),
    "tensors": ("tensors", 1, "all"),
    "large": ("", 2, "all"),
}
"""The valid files that are mutated: scenario, steps, which values are kept."""

LARGE = tracer.Scenario(
    data=lambda: {"x": np.linspace(0, 1, 1600).reshape(40, 40), "y": np.linspace(-1, 1, 40)},
    parameters={"w": np.linspace(0, 1, 40), "b": 0.0},
    model=lambda x, w, b: np.maximum((x @ x.T) @ w + b, 0),
    loss=lambda p, y: np.mean((p - y) ** 2),
    optimizer=tracer.SGD(learning_rate=0.001),
    steps=2,
)
"""A run whose values are too large to be stored inline in the rows of its steps."""

PAGE = 4096
JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"


@dataclass(frozen=True, slots=True)
class Damaged:
    """The contents on disk: the file, and its journal unless None."""

    content: bytes
    journal: bytes | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """Input of a mutation: the good files by name, the name of the one to change, and a folder for temporary files."""

    good: dict[str, bytes]
    name: str
    folder: Path
    random: Random

    @property
    def content(self) -> bytes:
        """The content of the file to change."""
        return self.good[self.name]

    @property
    def another(self) -> bytes:
        """The content of another good file."""
        return self.good[self.random.choice([name for name in self.good if name != self.name])]

    def place(self, content: bytes | None = None) -> Path:
        """Write the file into the folder, to be changed there."""
        path = self.folder / "between.trace"
        for each in (path, path.with_name("between.trace-journal")):
            each.unlink(missing_ok=True)
        path.write_bytes(self.content if content is None else content)
        return path


Mutation: TypeAlias = Callable[[Bench], Damaged]
MUTATIONS: list[Mutation] = []
LIES: set[str] = set()
"""The names of mutations after which a file may open with false content, because its digests are valid."""


def mutation(weight: int, *, lies: bool = False) -> Callable[[Mutation], Mutation]:
    """Register a mutation; it is used `weight` times in each round over all mutations."""

    def added(function: Mutation) -> Mutation:
        MUTATIONS.extend([function] * weight)
        if lies:
            LIES.add(function.__name__)
        return function

    return added


def save_good_files(folder: Path) -> None:
    """Write the valid files that are mutated."""
    for name, (scenario, steps, values) in GOOD.items():
        loaded = LARGE if name == "large" else tracer.load(scenario)
        save(tracer.run(loaded, steps=steps), folder / f"{name}.good", values)


def damaged(seed: int, good: dict[str, bytes], folder: Path) -> tuple[str, Damaged]:
    """The mutation that a seed selects, by name, and its result; deterministic."""
    random = Random(seed)
    chosen = MUTATIONS[seed % len(MUTATIONS)]
    bench = Bench(good, random.choice(sorted(good)), folder, random)
    return chosen.__name__, chosen(bench)


# Bytes.


def _with(content: bytes, at: int, put: bytes) -> bytes:
    return content[:at] + put + content[at + len(put) :]


@mutation(2)
def one_bit(bench: Bench) -> Damaged:
    """A flipped bit."""
    return Damaged(_flipped(bench.content, bench.random, 1))


@mutation(1)
def many_bits(bench: Bench) -> Damaged:
    """Flipped bits all over the file."""
    return Damaged(_flipped(bench.content, bench.random, bench.random.choice((2, 10, 100, 1000))))


@mutation(2)
def bits_near_the_start_of_a_page(bench: Bench) -> Damaged:
    """Flipped bits in SQLite's page headers."""
    content, random = bytearray(bench.content), bench.random
    for _ in range(random.choice((1, 1, 2, 5))):
        at = PAGE * random.randrange(len(content) // PAGE) + random.randrange(24)
        content[at] ^= 1 << random.randrange(8)
    return Damaged(bytes(content))


def _flipped(content: bytes, random: Random, count: int) -> bytes:
    changed = bytearray(content)
    for _ in range(count):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


@mutation(1)
def bytes_set_to_0_or_255(bench: Bench) -> Damaged:
    """Single bytes set to 0 or 255."""
    content, random = bytearray(bench.content), bench.random
    for _ in range(random.choice((1, 3, 30))):
        content[random.randrange(len(content))] = random.choice((0, 255))
    return Damaged(bytes(content))


@mutation(2)
def truncated(bench: Bench) -> Damaged:
    """The file truncated: anywhere, at a page boundary, or within its first bytes."""
    content, random = bench.content, bench.random
    end = random.choice((random.randrange(len(content)), PAGE * random.randrange(len(content) // PAGE), random.randrange(200)))
    return Damaged(content[:end])


@mutation(1)
def extended(bench: Bench) -> Damaged:
    """Extra bytes at the end."""
    random = bench.random
    count = random.choice((1, 100, PAGE, 10 * PAGE))
    return Damaged(bench.content + random.choice((bytes(count), random.randbytes(count), bench.another[:count])))


@mutation(1)
def stretch_of_zeros(bench: Bench) -> Damaged:
    """A range of zeros, as from a lost disk block."""
    content, random = bench.content, bench.random
    count = random.choice((10, 512, PAGE))
    return Damaged(_with(content, random.randrange(max(1, len(content) - count)), bytes(count)))


@mutation(2)
def pages_swapped(bench: Bench) -> Damaged:
    """Two pages swapped."""
    pages = _pages(bench.content)
    one, other = (bench.random.randrange(len(pages)) for _ in range(2))
    pages[one], pages[other] = pages[other], pages[one]
    return Damaged(b"".join(pages))


@mutation(2)
def page_of_another_file(bench: Bench) -> Damaged:
    """Pages replaced by those of another trace file."""
    pages, others = _pages(bench.content), _pages(bench.another)
    for _ in range(bench.random.choice((1, 1, 3))):
        pages[bench.random.randrange(len(pages))] = bench.random.choice(others)
    return Damaged(b"".join(pages))


@mutation(1)
def page_duplicated(bench: Bench) -> Damaged:
    """A page replaced by a copy of another."""
    pages = _pages(bench.content)
    pages[bench.random.randrange(len(pages))] = bench.random.choice(pages)
    return Damaged(b"".join(pages))


@mutation(1)
def tail_of_another_file(bench: Bench) -> Damaged:
    """The beginning of one file and the end of another."""
    at = PAGE * bench.random.randrange(1, len(bench.content) // PAGE)
    return Damaged(bench.content[:at] + bench.another[at:])


def _pages(content: bytes) -> list[bytes]:
    return [content[at : at + PAGE] for at in range(0, len(content), PAGE)]


HEADER = {
    "page size": (16, 2), "write version": (18, 1), "read version": (19, 1), "reserved": (20, 1), "fractions": (21, 3),
    "change counter": (24, 4), "pages": (28, 4), "freelist": (32, 4), "free pages": (36, 4), "schema cookie": (40, 4),
    "schema format": (44, 4), "cache size": (48, 4), "largest root": (52, 4), "encoding": (56, 4), "user version": (60, 4),
    "incremental vacuum": (64, 4), "application": (68, 4), "valid for": (92, 4), "root kind": (100, 1), "cells": (103, 2),
}  # fmt: skip
"""Offsets and lengths of the fields of the file header and the first page header."""


@mutation(4)
def header_field(bench: Bench) -> Damaged:
    """Header fields set to small, extreme or random numbers."""
    content, random = bench.content, bench.random
    for name in random.choices(sorted(HEADER), k=random.choice((1, 1, 2))):
        at, length = HEADER[name]
        number = random.choice((0, 1, 2, 3, 512, 1002, 2000, 65536, 2**31, 2**32 - 1, random.getrandbits(32)))
        content = _with(content, at, (number % 256**length).to_bytes(length))
    return Damaged(content)


# Journals.


def interrupted(bench: Bench) -> Damaged:
    """A file of a run killed during a commit: partly changed, with a journal to roll it back."""
    path = bench.place()
    connection = sqlite3.connect(path, isolation_level=None)
    with contextlib.closing(connection):
        for statement in (
            "PRAGMA synchronous = OFF",  # as in the trace writer
            "PRAGMA cache_size = 1",  # spills changes to the file before the commit
            "BEGIN IMMEDIATE",
            "UPDATE structure SET content = replace(content, 'a', 'b')",
            "UPDATE step SET metrics = metrics || 'x', small = small || zeroblob(20000)",
            "DELETE FROM run",
            "UPDATE value SET content = zeroblob(9000)",
        ):
            connection.execute(statement)
        return Damaged(path.read_bytes(), path.with_name(f"{path.name}-journal").read_bytes())


def journal_of_pages(pages: dict[int, bytes], count: int, nonce: int = 7) -> bytes:
    """A journal with valid checksums that restores these pages in a file of `count` pages."""
    head = JOURNAL_MAGIC + struct.pack(">5I", 2**32 - 1, nonce, count, 512, PAGE)
    records = []
    for number, page in pages.items():
        check = (nonce + sum(page[at] for at in range(PAGE - 200, 0, -200))) % 2**32
        records.append(struct.pack(">I", number) + page + struct.pack(">I", check))
    return head.ljust(512, b"\0") + b"".join(records)


def journal_naming(name: bytes) -> bytes:
    """A journal of a commit of several files; its end has the name of their super-journal."""
    end = struct.pack(">2I", len(name), sum(name) % 2**32) + JOURNAL_MAGIC
    return journal_of_pages({}, 1) + struct.pack(">I", 0) + name + end


@mutation(2)
def journal_of_a_killed_run(bench: Bench) -> Damaged:
    """An interrupted commit with its journal, which may be damaged too."""
    random, pages = bench.random, _pages(bench.content)
    # Not SQLite's own journal, which contains a random number.
    journal = journal_of_pages(dict(enumerate(pages, 1)), len(pages))
    journals = (
        journal,
        journal,
        journal[: random.randrange(len(journal))],
        _flipped(journal, random, random.choice((1, 1, 100))),
        journal + random.randbytes(100),
    )
    return Damaged(interrupted(bench).content, random.choice(journals))


@mutation(1)
def journal_of_random_bytes(bench: Bench) -> Damaged:
    """A file with the name of a journal and random content."""
    random = bench.random
    head = JOURNAL_MAGIC + struct.pack(">5I", 2**32 - 1, 0, random.choice((0, 9)), 512, PAGE)
    start = random.choice((b"", JOURNAL_MAGIC, head))
    return Damaged(bench.content, start + random.randbytes(random.choice((0, 1, 100, PAGE, 20_000))))


@mutation(1)
def journal_that_names_another(bench: Bench) -> Damaged:
    """A journal that makes SQLite look for another file."""
    return Damaged(bench.content, journal_naming(b"between.trace"))


@mutation(3)
def journal_that_was_forged(bench: Bench) -> Damaged:
    """A journal with valid checksums that restores other pages: other magic numbers, another version, foreign pages."""
    random, pages = bench.random, _pages(bench.content)
    first = pages[0]
    at, length = HEADER[random.choice(("write version", "read version", "application", "user version", "page size", "encoding"))]
    changed = {
        1: _with(first, 18, b"\2\2"),
        2: _with(first, at, random.choice((1, 2, 9999)).to_bytes(4)[-length:]),
        3: first,
        4: random.choice(_pages(bench.another)),
    }
    put = {1: random.choice((changed[1], changed[2], changed[4]))}
    if random.random() < 0.5:
        put = {random.randrange(1, len(pages) + 3): random.choice(_pages(bench.another)) for _ in range(3)}
    count = random.choice((len(pages), len(pages), 1, 0, len(pages) + 1, 100_000))
    return Damaged(bench.content, journal_of_pages(put, count))


# SQL.


HOSTILE = [
    ["CREATE TRIGGER t AFTER INSERT ON step BEGIN DELETE FROM step; END"],
    ["CREATE TRIGGER step AFTER UPDATE ON run BEGIN SELECT load_extension('x'); END"],
    ["CREATE VIEW v AS SELECT * FROM step"],
    ["ALTER TABLE step RENAME TO real_step", "CREATE VIEW step AS SELECT * FROM real_step"],
    ["DROP TABLE step", "CREATE VIEW step AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
     "SELECT x AS position, x AS digest, 1 AS structure, 0 AS number, '' AS metrics, '' AS printed, x'' AS small, "
     "x'' AS summaries, NULL AS keys FROM c"],
    ["ALTER TABLE run RENAME TO real_run", "CREATE VIEW run AS SELECT part, hex(zeroblob(1000000000)) AS content, "
     "x'' AS digest FROM real_run"],
    ["CREATE TABLE other (x)"],
    ["CREATE TABLE other (x)", "PRAGMA user_version = 1002"],
    ["CREATE TABLE other (x AS (hex(zeroblob(1000000000))) STORED)", "PRAGMA user_version = 1999"],
    ["CREATE VIEW v AS SELECT 1", "PRAGMA user_version = 1002"],
    ["CREATE VIRTUAL TABLE f USING fts5(x)", "PRAGMA user_version = 1002"],
    ["CREATE VIRTUAL TABLE f USING rtree(a, b, c)", "PRAGMA user_version = 1002"],
    ["CREATE VIRTUAL TABLE f USING fts5(x)"],
    ["CREATE INDEX i ON step (abs(number))"],
    ["CREATE UNIQUE INDEX i ON step (position)", "PRAGMA user_version = 1002"],
    ["ALTER TABLE step ADD COLUMN extra AS (zeroblob(1000000000))"],
    ["ALTER TABLE step ADD COLUMN extra DEFAULT 1"],
    ["ALTER TABLE value RENAME COLUMN content TO contents"],
    ["DROP TABLE value"],
    ["DROP TABLE value", "CREATE TABLE value (key BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID"],
    ["DROP TABLE run", "CREATE TABLE run (part, content, digest)"],
    ["PRAGMA journal_mode = WAL"],
    ["PRAGMA auto_vacuum = FULL", "VACUUM"],
    ["PRAGMA page_size = 512", "VACUUM"],
    ["PRAGMA page_size = 65536", "VACUUM"],
    ["PRAGMA user_version = 0"],
    ["PRAGMA user_version = 999"],
    ["PRAGMA user_version = 2000"],
    ["PRAGMA user_version = -1"],
    ["PRAGMA application_id = 0"],
    *([f"CREATE TABLE many{number} (x)" for number in range(count)] for count in (1, 30)),
    [*(f"CREATE TABLE many{number} (x)" for number in range(30)), "PRAGMA user_version = 1002"],
]  # fmt: skip
"""Schemas that no run writes: code that SQLite would execute, other tables, other versions."""

SCHEMA_EDITS = [
    "UPDATE sqlite_schema SET sql = sql || ' -- ' || hex(zeroblob(100000))",
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE step (position INTEGER PRIMARY KEY)' WHERE name = 'step'",
    "UPDATE sqlite_schema SET sql = 'CREATE VIEW step AS SELECT 1', type = 'view', rootpage = 0 WHERE name = 'step'",
    "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'value')",
    "UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'value'",
    "UPDATE sqlite_schema SET rootpage = 2000000000",
    "UPDATE sqlite_schema SET rootpage = -1 WHERE type = 'index'",
    "UPDATE sqlite_schema SET rootpage = rootpage + 1 WHERE name = 'structure'",
    "UPDATE sqlite_schema SET rootpage = 'x'",
    "UPDATE sqlite_schema SET name = 'STEP' WHERE name = 'step'",
    "UPDATE sqlite_schema SET name = 'step'",
    "UPDATE sqlite_schema SET name = NULL",
    "UPDATE sqlite_schema SET name = x'00ff' WHERE name = 'run'",
    "UPDATE sqlite_schema SET tbl_name = 'run'",
    "UPDATE sqlite_schema SET sql = NULL",
    "UPDATE sqlite_schema SET sql = x'ff' WHERE name = 'run'",
    "UPDATE sqlite_schema SET sql = 5 WHERE name = 'run'",
    "UPDATE sqlite_schema SET sql = 'CREATE TABLE run (part AS (content), content, digest)' WHERE name = 'run'",
    "UPDATE sqlite_schema SET type = 'trigger' WHERE name = 'run'",
    "UPDATE sqlite_schema SET type = NULL WHERE name = 'run'",
    "DELETE FROM sqlite_schema WHERE type = 'index'",
    "DELETE FROM sqlite_schema WHERE name = 'run'",
    "DELETE FROM sqlite_schema",
    "INSERT INTO sqlite_schema SELECT * FROM sqlite_schema",
    "INSERT INTO sqlite_schema VALUES ('table', 'sqlite_stat1', 'sqlite_stat1', 2, 'CREATE TABLE sqlite_stat1(tbl,idx,stat)')",
    "INSERT INTO sqlite_schema VALUES ('trigger', 't', 'step', 0, 'CREATE TRIGGER t BEFORE DELETE ON step BEGIN SELECT 1; END')",
    "INSERT INTO sqlite_schema VALUES ('table', 'f', 'f', 0, 'CREATE VIRTUAL TABLE f USING nothing(x)')",
    "INSERT INTO sqlite_schema VALUES ('table', 'f', 'f', 0, 'CREATE VIRTUAL TABLE f USING fts3tokenize(x)')",
]
"""Edits of the schema table."""

ROW_EDITS = [
    "UPDATE step SET digest = NULL",
    "UPDATE step SET digest = 'text'",
    "UPDATE step SET digest = (SELECT digest FROM step ORDER BY position LIMIT 1)",
    "UPDATE step SET digest = zeroblob(32)",
    "UPDATE step SET metrics = NULL",
    "UPDATE step SET metrics = x'ffff'",
    "UPDATE step SET metrics = CAST(x'eda080' AS TEXT)",
    "UPDATE step SET metrics = CAST(x'ff' AS TEXT)",
    "UPDATE step SET printed = 5",
    "UPDATE step SET printed = NULL",
    "UPDATE step SET small = 'text'",
    "UPDATE step SET small = NULL",
    "UPDATE step SET small = 9223372036854775807",
    "UPDATE step SET summaries = 1e300",
    "UPDATE step SET keys = 'text'",
    "UPDATE step SET keys = 5",
    "UPDATE step SET keys = x''",
    "UPDATE step SET keys = zeroblob(length(keys))",
    "UPDATE step SET structure = 9223372036854775807",
    "UPDATE step SET structure = 'text'",
    "UPDATE step SET structure = NULL",
    "UPDATE step SET structure = 1e308",
    "UPDATE step SET number = NULL",
    "UPDATE step SET number = 1e999",
    "UPDATE step SET number = -9223372036854775808",
    "UPDATE step SET position = -position - 1",
    "UPDATE step SET position = position + 1000000 WHERE position > 0",
    "UPDATE step SET position = 9223372036854775807 - position",
    "UPDATE step SET position = 1152921504606846975 WHERE position = (SELECT max(position) FROM step)",
    "INSERT INTO step SELECT position + 100, digest, structure, number, metrics, printed, small, summaries, keys FROM step",
    "DELETE FROM step",
    "DELETE FROM step WHERE position = 0",
    "DELETE FROM structure",
    "UPDATE structure SET id = -id",
    "UPDATE structure SET content = NULL",
    "UPDATE structure SET content = CAST(content AS BLOB)",
    "UPDATE structure SET digest = 5",
    "UPDATE structure SET content = hex(zeroblob(1000000))",
    "DELETE FROM value",
    "UPDATE value SET content = 'text'",
    "UPDATE value SET content = NULL",
    "UPDATE value SET content = x''",
    "UPDATE value SET content = zeroblob(length(content))",
    "UPDATE value SET key = CAST(key AS TEXT)",
    "UPDATE OR IGNORE value SET key = zeroblob(32)",
    "DELETE FROM run",
    "DELETE FROM run WHERE part = 'head'",
    "DELETE FROM run WHERE part = 'end'",
    "UPDATE run SET part = part || 'x'",
    "UPDATE run SET content = NULL",
    "UPDATE run SET content = 5, digest = 5",
    "UPDATE run SET digest = NULL",
    "UPDATE run SET content = 'null'",
    "UPDATE run SET content = CAST(x'ff' AS TEXT)",
]
"""Rows with wrong types or positions, and missing rows."""


@mutation(3)
def hostile_tables(bench: Bench) -> Damaged:
    """Tables, views and triggers that no run creates."""
    path = bench.place()
    _execute(path, bench.random.choice(HOSTILE))
    content = path.read_bytes()
    for beside in ("-wal", "-shm", "-journal"):
        path.with_name(f"{path.name}{beside}").unlink(missing_ok=True)
    return Damaged(content)


@mutation(3)
def hostile_schema(bench: Bench) -> Damaged:
    """A hand-edited schema table."""
    path = bench.place()
    edits = bench.random.sample(SCHEMA_EDITS, k=bench.random.choice((1, 1, 2)))
    newer = ["PRAGMA user_version = 1002"] * bench.random.randrange(2)
    _execute(path, [*newer, "PRAGMA writable_schema = ON", *edits])
    return Damaged(path.read_bytes())


@mutation(5)
def rows_of_wrong_types(bench: Bench) -> Damaged:
    """Rows that SQLite accepts but that are invalid in a trace."""
    path = bench.place()
    constraints = "UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '')"
    back = [f"UPDATE sqlite_schema SET sql = '{sql}' WHERE name = '{name}'" for name, sql in SCHEMA.items()]
    _execute(path, ["PRAGMA writable_schema = ON", constraints])
    _execute(path, bench.random.sample(ROW_EDITS, k=bench.random.choice((1, 1, 1, 3))))
    _execute(path, ["PRAGMA writable_schema = ON", *back])
    return Damaged(path.read_bytes())


def _execute(path: Path, statements: Sequence[str]) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for statement in statements:
            # Some statements fail after others.
            with contextlib.suppress(sqlite3.Error):
                connection.execute(statement).fetchall()


# False content with valid digests.


@dataclass(slots=True)
class Forgery:
    """The content of a trace file, to be changed and written again with valid digests."""

    parts: dict[str, str]
    structures: dict[int, str]
    rows: list[Row]
    values: dict[bytes, bytes]

    @classmethod
    def of(cls, path: Path) -> Forgery:
        """Read a good file."""
        with contextlib.closing(sqlite3.connect(path)) as connection:
            fields = "position, structure, number, metrics, printed, small, summaries, keys"
            rows = [Row(*held) for held in connection.execute(f"SELECT {fields} FROM step ORDER BY position")]
            return cls(
                dict(connection.execute("SELECT part, content FROM run")),
                dict(connection.execute("SELECT id, content FROM structure")),
                rows,
                dict(connection.execute("SELECT key, content FROM value")),
            )

    def write(self, path: Path) -> None:
        """Write a trace file with this content and valid digests."""
        path.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            run = connection.execute
            run("PRAGMA synchronous = OFF")
            run(f"PRAGMA application_id = {APPLICATION_ID}")
            run(f"PRAGMA user_version = {user_version()}")
            run("BEGIN")
            for table in SCHEMA.values():
                run(table)
            for id, text in self.structures.items():
                run("INSERT INTO structure VALUES (?, ?, ?)", (id, text, text_digest(text)))
            digest = text_digest(self.parts.get("head", ""))
            for row in self.rows:
                digest = row.digest(digest)
                held = (row.structure, row.number, row.metrics, row.printed, row.small, row.summaries, row.keys)
                run("INSERT OR REPLACE INTO step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (row.position, digest, *held))
            for part, text in self.parts.items():
                stored = self._updated_end(text, digest) if part == "end" else text
                run("INSERT INTO run VALUES (?, ?, ?)", (part, stored, text_digest(stored)))
            for key, content in self.values.items():
                run("INSERT INTO value VALUES (?, ?)", (key, content))
            run("COMMIT")

    def _updated_end(self, text: str, digest: bytes) -> str:
        """The end part with the current number of steps and digest."""
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            end = json.loads(text)
            end["dict"] |= {"steps": max((row.position for row in self.rows), default=-1) + 1, "digest": digest.hex()}
            return json.dumps(end)
        return text

    def fit(self, random: Random) -> None:
        """Give the values the lengths that the structures require, so that the length does not expose the forgery."""
        structures: dict[int, Structure] = {}
        for id, text in self.structures.items():
            # Invalid texts are for the reading process to test.
            with contextlib.suppress(Exception):
                structures[id] = read_structure(text)
        self.rows = [
            self._fitted(row, structures[row.structure], random) if row.structure in structures else row for row in self.rows
        ]

    def _fitted(self, row: Row, structure: Structure, random: Random) -> Row:
        small, summaries, keys = [], [], []
        has_false_counts = random.random() < 0.2
        for node, layout in zip(structure.step.nodes, structure.layouts):
            if is_inline(node, layout, kept=row.keys is not None):
                small.append(_content(byte_count(stored_dtype(node.dtype).itemsize, node.shape, layout), random))
                continue
            summaries.append(_forged_summary(node, random, has_false_counts=has_false_counts))
            count = byte_count(stored_dtype(node.dtype).itemsize, node.shape, layout) if node.dtype in STORABLE_DTYPES else 0
            key = NOT_KEPT
            if count < 200_000 and random.random() < 0.9:
                content = _content(count, random)
                key = content_key(np.frombuffer(content, np.uint8))
                self.values[key] = content
            keys.append(key)
        kept = None if row.keys is None else b"".join(keys)
        return replace(row, small=b"".join(small), summaries=b"".join(summaries), keys=kept)


def _content(count: int, random: Random) -> bytes:
    kind = random.randrange(4)
    if kind == 0:
        return bytes(count)
    if kind == 1:
        return random.randbytes(count)
    number = np.array([random.choice((1.0, -0.5, 1e300, math.nan, math.inf))]).tobytes()
    return (number * (count // 8 + 1))[:count]


def _forged_summary(node: Node, random: Random, *, has_false_counts: bool) -> bytes:
    """A summary that need not match any array; its counts may exceed the number of elements."""
    counts = (0, 0, 0, 1, node.size, node.size + 1, 2**62) if has_false_counts else (0, 0, min(1, node.size // 3))
    zeros, nans, infinities = (random.choice(counts) for _ in range(3))
    with contextlib.suppress(struct.error, OverflowError):
        if node.dtype in STORABLE_DTYPES and array_dtype(node.dtype).kind in "biu":
            ends = tuple(random.choice((0, 1, 2, 2**62)) for _ in range(2))
        else:
            ends = tuple(random.choice((0.0, -1.5, 1e308)) for _ in range(2))
        others = tuple(random.choice((0.0, 2.5, -1e308, math.nan, math.inf)) for _ in range(3))
        return pack_summary(Summary(node.size, *ends, *others, zeros, nans, infinities), node.dtype)
    return random.randbytes(64)


DEEP = ["[" * depth + "]" * depth for depth in (100, 450, 900, 990, 3000, 100_000)]
DEEP_TUPLES = ['{"tuple":[' * depth + "]}" * depth for depth in (50, 200, 300, 450, 5000)]
TOKENS = [
    "null", "true", "false", "0", "1", "-1", "2", "7", "1000000000", "2.5", "-0.0", "1e308", "1e999", "NaN", "-Infinity",
    str(2**31), str(2**60 - 1), str(2**60), str(2**63), str(-(2**63)), "9" * 30, "9" * 4000, "9" * 5000,
    '""', '"x"', '"W1"', '"loss"', '"dL/dloss"', '"{0}"', '"{1}"', '"{99}"', '"{0} @ {1}"', '"{0} + {0} + {0}"',
    '"sum({0})"', '"{0"', '"((((("', '"{00000}"', '"{\\u0663}"', f'"{{{"9" * 5000}}}"', '"\\ud800"', '"\\u0000\\n\\u001b[2J"',
    f'"{"x" * 100_000}"', f'"{"{0} " * 5000}"', f'"{"{0} - " * 5000}"', f'"{"(" * 5000}"',
    '"float64"', '"bfloat16"', '"complex128"', '"bool"', '"uint64"', '"object"', '"float96"', '">f8"', '"init"', '"update"',
    "[]", "[[]]", "[0]", "[1,2]", "[-1]", "[0,0]", "[1000000000000,1000000000000]", "[0,1000000000000000]", "{}",
    '{"dict":{}}', '{"dict":[]}', '{"dict":{"axis":0}}', '{"dict":{"":{"dict":{}}}}', '{"tuple":[]}', '{"tuple":[0]}',
    '{"tuple":[1,2]}', '{"tuple":[null]}', '{"tuple":["x"]}', '{"tuple":[{"complex":[1.0,2.0]}]}',
    '{"float":"7ff8000000000000"}', '{"float":"fff0000000000000"}', '{"float":"00000000000000  "}', '{"float":"zz"}',
    '{"float":1}', '{"complex":[0.0,1.0]}', '{"complex":[1,2]}', '{"text":"object"}', '{"text":5}', '{"unknown":1}',
    '{"array":["float64",[2],"00000000000000000000000000000000"]}', '{"array":["float64",[0,1000000000000000],""]}',
    '{"array":["float64",[1000000000000],""]}', '{"array":["float64",[2],"0000"]}', '{"array":["object",[0],""]}',
    '{"array":["uint8",[2],"00  "]}', '{"number":["float16",[],"003c"]}', '{"number":["int64",[],"0500000000000000"]}',
    '{"number":["complex128",[],"00000000000000000000000000000000"]}', '{"number":["bool",[],"07"]}', '{"number":[[],[],""]}',
    *DEEP, *DEEP_TUPLES,
]  # fmt: skip
"""JSON values to insert."""


def _random_slot(tree: Any, random: Random) -> tuple[Any, Any]:
    """A random slot in a tree, at any depth: the container, and the index or key in it."""
    place: tuple[Any, Any] = (tree, random.choice(list(tree)))
    while True:
        inner = place[0][place[1]]
        if not isinstance(inner, (list, dict)) or not inner or random.random() < 0.2:
            return place
        place = (inner, random.choice(list(inner) if isinstance(inner, dict) else range(len(inner))))


def mutated_json(text: str, random: Random, count: int = 1) -> str:
    """The JSON text with `count` slots changed: replaced, removed, duplicated or copied from another."""
    tree = json.loads(text)
    tokens: list[str] = []
    for _ in range(count):
        if not tree:
            break
        holder, at = _random_slot(tree, random)
        kind = random.randrange(8)
        if kind == 0:
            del holder[at]
        elif kind == 1:
            other, there = _random_slot(tree, random)
            # A copy, so that the tree has no cycles.
            holder[at] = json.loads(json.dumps(other[there]))
        elif kind == 2 and isinstance(holder, list):
            holder.insert(at, holder[at])
        elif kind == 3 and isinstance(holder[at], int):
            holder[at] += random.choice((-1, 1))
        else:
            tokens.append(random.choice(TOKENS))
            holder[at] = f"@{len(tokens) - 1}@"
    text = json.dumps(tree, separators=(",", ":"))
    for number, token in enumerate(tokens):
        text = text.replace(f'"@{number}@"', token)
    return text


def nodes_of(tree: Any) -> list[Any]:
    """The nodes in a structure's JSON: lists of op, inputs, parameters, shape, dtype, phase, name, formula, ..., layout."""
    return tree["dict"]["nodes"]


OP, INPUTS, PARAMETERS, SHAPE, DTYPE, PHASE, NAME, FORMULA, SCOPE, SOURCE, GRADIENT_OF, RULE_OF, LAYOUT = range(13)


def _forged(bench: Bench, change: Callable[[Forgery, Random], None], *, fit: float) -> Damaged:
    """A file with changed content and valid digests; with probability `fit` its values match the changed structure."""
    forgery = Forgery.of(bench.place())
    change(forgery, bench.random)
    if bench.random.random() < fit:
        forgery.fit(bench.random)
    path = bench.folder / "forged.trace"
    forgery.write(path)
    return Damaged(path.read_bytes())


def _structure_changed(change: Callable[[list[Any], Random], None]) -> Callable[[Forgery, Random], None]:
    """Lift a change of nodes to a change of one random structure."""

    def changed(forgery: Forgery, random: Random) -> None:
        id = random.choice(sorted(forgery.structures))
        tree = json.loads(forgery.structures[id])
        change(nodes_of(tree), random)
        if random.random() < 0.7:
            # So that shapes need not match those of gradients and updates.
            tree["dict"]["gradients"], tree["dict"]["updates"] = [], []
        forgery.structures[id] = json.dumps(tree, separators=(",", ":"))

    return changed


@mutation(1)
def rewritten_unchanged(bench: Bench) -> Damaged:
    """A rewritten file with the same content, which must open."""
    return _forged(bench, lambda forgery, random: None, fit=0)


@mutation(6, lies=True)
def structure_changed(bench: Bench) -> Damaged:
    """Arbitrary changes in a structure."""

    def change(forgery: Forgery, random: Random) -> None:
        id = random.choice(sorted(forgery.structures))
        forgery.structures[id] = mutated_json(forgery.structures[id], random, random.choice((1, 1, 1, 3)))

    return _forged(bench, change, fit=0.7)


@mutation(12, lies=True)
def node_fields_changed(bench: Bench) -> Damaged:
    """False values of the right type in the fields of a node."""
    operations = list(registry)
    keys = ("axis", "axes", "keepdims", "shape", "axis1", "axis2", "key", "index", "repeats", "reps", "source", "destination",
            "sections", "subscripts", "ddof", "dtype", "indices", "n", "k", "shift", "pad_width")  # fmt: skip
    options = (0, -1, 1, 5, 10**9, True, None, 2.5, "x", {"tuple": [0]}, {"tuple": []}, {"tuple": [0, 0]}, {"tuple": [7, -7]},
               {"tuple": [10**9, 10**9]}, {"tuple": [10**8]}, [0], [], "ij,jk->ik", {"dict": {}}, {"complex": [0.0, 1.0]},
               {"tuple": [{"tuple": [0, 10**9]}]})  # fmt: skip

    def take_inputs(node: list[Any], position: int, count: int, random: Random) -> None:
        literal = {"tuple": [random.choice((2, None, True, 1e300))]}
        node[INPUTS] = [literal if random.random() < 0.2 else random.randrange(position) for _ in range(count)]
        node[FORMULA] = " + ".join(f"{{{slot}}}" for slot in range(min(count, random.choice((1, 2, 20)))))

    def change(nodes: list[Any], random: Random) -> None:
        for _ in range(random.choice((1, 3, 10, len(nodes)))):
            position = random.randrange(len(nodes))
            node, kind = nodes[position], random.randrange(9)
            if kind == 0 and position:
                op = random.choice(operations)
                node[OP] = op.name if random.random() < 0.8 else random.choice(("parameter", "constant", "", "nothing"))
                node[PARAMETERS] = {"dict": {name: random.choice(options) for name in _parameters_of(op)}}
                take_inputs(node, position, max(1, len(op.inputs)), random)
            elif kind == 1 and position:
                take_inputs(node, position, random.choice((0, 1, 2, 2, 3, 20)), random)
            elif kind == 2:
                held = node[PARAMETERS]["dict"]
                held[random.choice((*held, *keys))] = random.choice(options)
            elif kind == 3:
                node[DTYPE] = random.choice(sorted(STORABLE_DTYPES | OTHER_DTYPES))
            elif kind == 4:
                kink_sides = [random.choice((0, 1, 2, 3, 4)) for _ in range(random.randrange(4))]
                node[SHAPE], node[LAYOUT] = kink_sides, None
            elif kind == 5:
                count = len(node[INPUTS])
                spots = [f"{{{random.randrange(count)}}}" for _ in range(random.choice((1, 2, 5)))] if count else [""]
                node[FORMULA] = random.choice((" @ ", " + ", ", ", " ** ", " - (")).join(spots)
            elif kind == 6 and position:
                node[random.choice((GRADIENT_OF, RULE_OF))] = random.choice((None, random.randrange(position)))
            elif kind == 7:
                node[PHASE] = random.choice(PHASES).value if random.random() < 0.2 else node[PHASE]
                node[NAME] = random.choice(("", "", f"n{position}", "dL/dx", " ", "a + b", "#0"))
            else:
                node[SCOPE], node[SOURCE] = random.choice(("", "s" * 1000)), random.choice((None, 0))

    return _forged(bench, _structure_changed(change), fit=0.9)


def _parameters_of(op: type[Op]) -> list[str]:
    """The parameter names of an operation, if Python can inspect them."""
    code = getattr(op.value, "__code__", None)
    return [] if code is None else list(code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount])


@mutation(5, lies=True)
def huge_shapes(bench: Bench) -> Damaged:
    """Arrays that would exhaust memory: long, empty along one axis and long along another, or one number repeated."""
    kink_sides = (0, 1, 2, 3, 1000, 10**6, 10**8, 10**9, 10**12, 10**15, 2**59)
    small = (0, 1, 2, 30, 1000, 10**4, 10**6)

    def change(nodes: list[Any], random: Random) -> None:
        # A few nodes without constraints from others.
        for node in random.sample(nodes, k=min(len(nodes), random.choice((1, 1, 3)))):
            chosen = random.choice((kink_sides, small, small))
            shape = [random.choice(chosen) for _ in range(random.choice((1, 2, 2, 3, 64)))]
            strides = [random.choice((0, 0, 1, -1, 3, 10, 10**12)) for _ in shape]
            node[SHAPE] = shape
            layout = random.choice((None, normalize(shape, strides), (0,) * len(shape), tuple(strides)))
            node[LAYOUT] = None if layout is None else list(layout)
            if random.random() < 0.3:
                node[DTYPE] = random.choice(sorted(STORABLE_DTYPES))

    return _forged(bench, _structure_changed(change), fit=0.9)


@mutation(2, lies=True)
def formulas_that_expand(bench: Bench) -> Damaged:
    """Long names in formulas with many placeholders, each within the limits of the file."""

    def change(nodes: list[Any], random: Random) -> None:
        length = random.choice((100, 10_000, 300_000))
        users = [node for node in nodes if node[INPUTS] and isinstance(node[INPUTS][0], int)]
        node = random.choice(users)
        nodes[node[INPUTS][0]][NAME] = "x" * length
        node[FORMULA] = random.choice(("{0}", "{0} ", "{0} + ", "({0})", "{0}.")) * (length // 4)
        for other in random.sample(users, k=len(users) // 2):
            other[FORMULA] = "{0}{0}{0}"

    return _forged(bench, _structure_changed(change), fit=0)


@mutation(3, lies=True)
def numbers_changed(bench: Bench) -> Damaged:
    """Values and summaries of the right length with made-up content."""
    return _forged(bench, lambda forgery, random: None, fit=1)


@mutation(4, lies=True)
def rows_changed(bench: Bench) -> Damaged:
    """Step rows with missing, extra or changed content."""

    def change(forgery: Forgery, random: Random) -> None:
        at = random.randrange(len(forgery.rows))
        row = forgery.rows[at]
        keys = row.keys or b""
        ends = (b"", b"x", bytes(32), bytes(64))
        changes: list[dict[str, Any]] = [
            {"small": row.small[: random.randrange(len(row.small) + 1)]},
            {"small": row.small + random.choice(ends)},
            {"small": random.randbytes(len(row.small))},
            {"summaries": row.summaries[: random.randrange(len(row.summaries) + 1)]},
            {"summaries": row.summaries + random.choice(ends)},
            {"summaries": random.randbytes(len(row.summaries))},
            {"summaries": b"\xff" * len(row.summaries)},
            {"keys": None if row.keys is not None else b""},
            {"keys": keys + random.choice(ends)},
            {"keys": keys[32:] + keys[:32]},
            {"keys": bytes(len(keys))},
            {"number": random.choice((-1, 5, 2**62, -(2**63)))},
            {"structure": random.choice((0, 2, -1, 2**62))},
            {"position": random.choice((row.position + 1, 7, -1, 2**60 - 1, 2**62))},
            {"metrics": mutated_json(row.metrics, random, 2)},
            {"metrics": mutated_json(row.metrics, random, 1)},
            {"metrics": to_json({"accuracy": 0.5})},
            {"metrics": to_json(random.choice(([], None, {}, {"epoch": [1], "x": 1j}, {"epoch": None, "x": 10**400})))},
            {"metrics": random.choice(TOKENS)},
            {"printed": random.choice(TOKENS)},
            {"printed": to_json(["text", 5, None, {"x": 1}])},
        ]
        forgery.rows[at] = replace(row, **random.choice(changes))

    return _forged(bench, change, fit=0)


def _as_message(code: object, **fields: object) -> dict[str, object]:
    return {"dict": {"code": code, "fields": {"dict": fields}}}


def _nested(depth: int) -> dict[str, object]:
    """Nested messages."""
    held: object = "the end"
    for _ in range(depth):
        held = _as_message("stopped_after_epochs", epochs=1, reason=held)
    return {"dict": {"stopped": held}}


MESSAGES = [
    None, [], "text", {"dict": {}}, {"dict": {"stopped": None}}, {"dict": {"stopped": []}}, {"dict": {"stopped": {"dict": {}}}},
    *({"dict": {"stopped": message}} for message in (
        _as_message("interrupted"), _as_message("interrupted", more=1), _as_message("of a later version", hour=12),
        _as_message(5), _as_message(None), _as_message("stopped_by_error"), _as_message("stopped_by_error", error=None),
        _as_message("stopped_by_error", error=[1]), _as_message("stopped_by_error", error={"tuple": ["a", {"float": "00"}]}),
        _as_message("stopped_by_error", error="{error}{0}{0.__class__}"), _as_message("text", text="\x1b[31m"),
        _as_message("not_improved_by", monitor="loss", tolerance="much", patience=1),
        _as_message("not_improved_by", monitor="loss", tolerance={"float": "7ff8000000000000"}, patience="few"),
        _as_message("other_shape", shape={"tuple": [2, {"tuple": []}]}), _as_message("other_shape", shape={"tuple": []}),
        {"dict": {"code": "interrupted", "fields": []}},
    )),
    *map(_nested, (1, 3, 4, 60)),
]  # fmt: skip
"""Values of the end's `messages` field: messages with wrong fields or types, or none."""


@mutation(4, lies=True)
def parts_changed(bench: Bench) -> Damaged:
    """A changed head and end, possibly of the wrong type."""

    def change(forgery: Forgery, random: Random) -> None:
        part = random.choice(("head", "head", "end"))
        text = forgery.parts[part]
        steps = json.loads(text)
        if part == "head":
            steps["dict"]["hyperparameters"]["dict"]["steps"] = random.choice((-1, 0, 2.5, "many", None, [], True))
        else:
            steps["dict"]["metrics"] = random.choice(([], [1, 2], [{"dict": {}}], ["x"], [None] * 5, {"dict": {}}))
            steps["dict"] |= {"stopped": "stopped", "messages": random.choice(MESSAGES)}
        texts = (mutated_json(text, random, 1), mutated_json(text, random, 3), json.dumps(steps), random.choice(TOKENS))
        forgery.parts[part] = random.choice(texts)

    return _forged(bench, change, fit=0)


@mutation(2, lies=True)
def stored_values_changed(bench: Bench) -> Damaged:
    """Values of the wrong length under their own keys, or values under the keys of others."""

    def change(forgery: Forgery, random: Random) -> None:
        for at, row in enumerate(forgery.rows):
            if not row.keys:
                continue
            keys = [row.keys[start : start + 32] for start in range(0, len(row.keys), 32)]
            content = random.choice((b"", b"x", bytes(8), random.randbytes(100_000)))
            key = content_key(np.frombuffer(content, np.uint8))
            forgery.values[key] = content
            keys[random.randrange(len(keys))] = random.choice((key, bytes(32), b"\xff" * 32, random.choice(keys)))
            forgery.rows[at] = replace(row, keys=b"".join(keys))
        if forgery.values and random.random() < 0.3:
            forgery.values[random.choice(sorted(forgery.values))] = b"other"

    return _forged(bench, change, fit=0)


# Reading.


def read_everything(trace: Trace) -> str:
    """Access everything in a trace and return its log."""
    for step in trace.steps:
        assert len(repr(step)) < 1000
        for node in step.nodes:
            assert node.summary.count == node.size
            assert isinstance(node.is_finite, bool)
            if node.is_kept:
                assert node.value.shape == node.shape
                assert node.value.dtype == array_dtype(node.dtype)  # of bfloat16: float32
                assert not node.value.flags.writeable
            else:
                # A view checks this before it loads a value.
                assert not isinstance(node.content, np.ndarray)
    assert all(isinstance(text, str) for text in trace.printed)
    assert all(isinstance(name, str) for row in trace.metrics for name in dict(row))
    assert isinstance(trace.planned, int)
    trace.first_nonfinite()
    return log_text(trace)


def outcome_of(damage: Damaged, folder: Path, logs: Sequence[str] = ()) -> tuple[str, str]:
    """Whether a file opened, was refused, or failed otherwise, and the message.

    If logs are given, a file that opens must have one of them, or its first steps and the note that the run is unfinished.
    """
    path = folder / "mutated.trace"
    journal = folder / "mutated.trace-journal"
    for each in folder.iterdir():
        each.unlink()
    path.write_bytes(damage.content)
    if damage.journal is not None:
        journal.write_bytes(damage.journal)
    try:
        trace = read(path)
        text = read_everything(trace)
    except TraceFileError as error:
        outcome = ("refused", str(error)) if str(error).count("\n") == 0 else ("wrong", f"more than a line: {error}")
    except Exception as error:
        return "wrong", f"{_where(error)}: {type(error).__name__}: {str(error)[:200]}"
    else:
        outcome = "opened", ""
        with path.open("rb") as file:
            head = file.read(100)
        if head[18:20] != b"\1\1" or int.from_bytes(head[68:72]) != APPLICATION_ID:
            return "wrong", "a file was read that has not the marks of one"
        steps = text.rsplit("\n", 2)[0] if trace.unfinished else text
        if logs and not (any(log.startswith(steps) for log in logs) if trace.unfinished else text in logs):
            return "wrong", f"it opened with {len(trace.steps)} steps, and does not say what was written"
    more = sorted({each.name for each in folder.iterdir()} - {path.name, journal.name})
    return ("wrong", f"{', '.join(more)} was written") if more else outcome


def _where(error: BaseException) -> str:
    """The last frames of this package in an error's traceback."""
    places = []
    at = error.__traceback__
    while at is not None:
        file = Path(at.tb_frame.f_code.co_filename)
        if "tracer" in file.parts:
            places.append(f"{'/'.join(file.parts[-2:])}:{at.tb_lineno}")
        at = at.tb_next
    return " > ".join(places[-3:])


def _read_seeds(folder: Path, seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    good = {name: (folder / f"{name}.good").read_bytes() for name in GOOD}
    work, reading = folder / f"work-{seeds[0]}", folder / f"reading-{seeds[0]}"
    for each in (work, reading):
        each.mkdir(exist_ok=True)
    logs = []
    for name, content in good.items():
        assert outcome_of(Damaged(content), reading) == ("opened", ""), name
        logs.append(log_text(read(reading / "mutated.trace")))
    size = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmSize"))
    most = int(size.split()[1]) * 1024 + MEMORY
    for seed in seeds:
        kind, damage = damaged(seed, good, work)
        yield {"seed": seed, "kind": kind}
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        # Uses a separate thread, so that hangs within SQLite or NumPy end too.
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        began = time.monotonic()
        outcome, message = outcome_of(damage, reading, () if kind in LIES else logs)
        seconds = time.monotonic() - began
        faulthandler.cancel_dump_traceback_later()
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        yield {"seed": seed, "kind": kind, "outcome": outcome, "message": message, "seconds": seconds}


def _main() -> None:
    faulthandler.enable()
    np.seterr(all="ignore")
    folder, first, end, stride = sys.argv[1:]
    for line in _read_seeds(Path(folder), range(int(first), int(end), int(stride))):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    _main()
