"""The plan of a data set: every example, what is known of it, and the position of its record.

A plan is an SQLite file, so that a million examples need no memory and a killed build goes on
where it stopped. It passes through three stages, each finished as a whole: *listed*, *inspected*,
*arranged*.
"""

import collections
import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.build import near_duplicates
from tf_deeppaint.data.build.listing import ListingDigest
from tf_deeppaint.data.records import name_digest
from tf_deeppaint.data.sources.base import Example, Skipped
from tf_deeppaint.images.perceptual_hash import SHAPE_BYTES
from tf_deeppaint.utils.errors import DeepPaintError

LISTED, INSPECTED, ARRANGED = "listed", "inspected", "arranged"
# Reasons to skip an example.
COPY = "copy of another"
LISTED_TWICE = "listed twice"
_PAGE = 2000  # rows read at a time
_SCHEMA_VERSION = 3
_SCHEMA = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE skipped (reason TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE example (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    cluster TEXT NOT NULL,       -- the group, empty until arranged where the source knows none
    split TEXT NOT NULL,         -- empty until arranged where the publisher chose none
    digest TEXT,                 -- once inspected
    perceptual_hash BLOB,
    skipped TEXT,                -- why it gets no record
    position INTEGER             -- number among the records of its split, once arranged
);
"""
_NOT_INSPECTED = "cluster = '' AND digest IS NULL AND skipped IS NULL"


class InspectionResult(NamedTuple):
    """What the plan keeps of an inspection: digest and perceptual hash, or why it is skipped.

    `complaint` is the line to report where the example is skipped because it cannot be read.
    """

    digest: str = ""
    perceptual_hash: bytes = b""
    skipped: str = ""
    complaint: str = ""


class PlannedExample(NamedTuple):
    """An example that is to become a record, and the digest of its files at its inspection."""

    example: Example
    digest: str


class Plan(contextlib.AbstractContextManager):
    """A plan kept in a file; one process at a time holds it.

    Args:
        path: The file; it is made where there is none. Its folder must be on this machine.

    Raises:
        DeepPaintError: the file is damaged or of another version, cannot be written, or is held
            by another process.
    """

    def __init__(self, path: str):
        self.path = path
        with self._wrap_errors():
            self.database = sqlite3.connect(path, timeout=1, isolation_level=None)
            try:
                self._create_tables()
            except BaseException:
                self.database.close()
                raise

    def _create_tables(self) -> None:
        self.database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.database.execute("BEGIN IMMEDIATE")
        if not self.database.execute("SELECT name FROM sqlite_master").fetchone():
            for statement in _SCHEMA.split(";"):
                self.database.execute(statement)
            self.database.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        elif self._number("PRAGMA user_version") != _SCHEMA_VERSION:
            folder = os.path.dirname(self.path)
            raise DeepPaintError(
                f"{self.path}: a build of another version of this program; remove {folder} and "
                "build again"
            )
        self.database.execute("COMMIT")

    def __exit__(self, *exception) -> None:
        self.database.close()

    @property
    def stage(self) -> str:
        """The last stage that is finished; empty before the first."""
        return self._fact("stage") or ""

    @property
    def options(self) -> dict:
        """What the plan was listed for, as given to `list_examples`; empty before that."""
        with self._wrap_errors():
            return dict(json.loads(self._fact("options") or "{}"))

    @property
    def moved(self) -> int:
        """Examples moved to the training split, against the publisher, to join their cluster."""
        with self._wrap_errors():
            return int(self._fact("moved") or 0)

    @property
    def drawn(self) -> int:
        """Examples whose publisher chose no split, so that `arrange` gave them theirs."""
        with self._wrap_errors():
            return int(self._fact("drawn") or 0)

    def list_examples(self, items: Iterable[Example | Skipped], options: dict) -> None:
        """Stores the examples of a source; a listing that was broken off begins anew.

        Args:
            items: What the source lists.
            options: What decides about the data set; the listing's digest is added to it.
        """
        listing = ListingDigest()
        with self._transaction() as database:
            database.execute("DELETE FROM example")
            database.execute("DELETE FROM skipped")
            skipped: collections.Counter[str] = collections.Counter()
            insert = (
                "INSERT OR IGNORE INTO example (name, bytes, cluster, split) VALUES (?, ?, ?, ?)"
            )
            for item in items:
                listing.add(item)
                if isinstance(item, Skipped):
                    skipped[item.reason] += 1
                elif not database.execute(insert, item).rowcount:
                    skipped[LISTED_TWICE] += 1
            database.executemany("INSERT INTO skipped VALUES (?, ?)", skipped.items())
            self._set_fact("options", json.dumps(options | {"examples": listing.hexdigest()}))
            self._set_fact("stage", LISTED)

    def count_uninspected(self) -> int:
        """Number of examples still to be inspected."""
        return self._number(f"SELECT COUNT(*) FROM example WHERE {_NOT_INSPECTED}")

    def uninspected(self) -> Iterator[tuple[int, Example]]:
        """Yields the examples to be inspected, each with its number for `record_inspections`."""
        last = -1
        while rows := self._rows(
            "SELECT id, name, bytes, cluster, split FROM example "
            f"WHERE id > ? AND {_NOT_INSPECTED} ORDER BY id LIMIT {_PAGE}",
            last,
        ):
            yield from ((row[0], Example(*row[1:])) for row in rows)
            last = rows[-1][0]

    def record_inspections(self, results: Iterable[tuple[int, InspectionResult]]) -> None:
        """Stores the results of some inspections, all or nothing."""
        with self._transaction() as database:
            database.executemany(
                "UPDATE example SET digest = ?, perceptual_hash = ?, skipped = ? WHERE id = ?",
                ((r.digest, r.perceptual_hash, r.skipped or None, n) for n, r in results),
            )

    def finish_inspections(self) -> None:
        """Ends the stage of inspection."""
        with self._transaction():
            self._set_fact("stage", INSPECTED)

    def arrange(self, split_of: Callable[[str], str], drop_duplicates: bool) -> None:
        """Finds near-duplicates, and gives every example its split and every record its position.

        Args:
            split_of: The split of a group, where the publisher chose none.
            drop_duplicates: Whether of equal and nearly equal pictures only the first by name
                stays.
        """
        with self._transaction() as database:
            self._find_clusters()
            if drop_duplicates:
                self._drop_copies()
            moved = self._reunite_clusters()
            database.create_function("split_of", 1, split_of, deterministic=True)
            drawn = database.execute(
                "UPDATE example SET split = split_of(cluster) WHERE split = '' AND skipped IS NULL"
            )
            self._set_fact("drawn", str(drawn.rowcount))
            database.create_function("name_digest", 1, name_digest, deterministic=True)
            database.execute(
                "UPDATE example SET position = ranked.position FROM (SELECT id, ROW_NUMBER() OVER "
                "(PARTITION BY split ORDER BY name_digest(name), name) - 1 AS position "
                "FROM example WHERE skipped IS NULL) AS ranked WHERE ranked.id = example.id"
            )
            database.execute("CREATE INDEX positions ON example (split, position)")
            self._set_fact("moved", str(moved))
            self._set_fact("stage", ARRANGED)

    def planned(self, split: str, positions: range) -> list[PlannedExample]:
        """The examples of a split at these positions, in order; there may be fewer."""
        rows = self._rows(
            "SELECT name, bytes, cluster, split, digest FROM example "
            "WHERE split = ? AND position >= ? AND position < ? ORDER BY position",
            *(split, positions.start, positions.stop),
        )
        return [PlannedExample(Example(*row[:4]), row[4] or "") for row in rows]

    def count_planned(self, split: str) -> int:
        """Number of examples that have a position in a split."""
        return self._number(
            "SELECT COUNT(*) FROM example WHERE split = ? AND position IS NOT NULL", split
        )

    def skipped(self) -> dict[str, int]:
        """How many examples were skipped so far, by reason."""
        inspected = "SELECT skipped, 1 AS count FROM example WHERE skipped IS NOT NULL"
        query = f"SELECT reason, count FROM skipped UNION ALL {inspected}"
        return dict(self._rows(f"SELECT reason, SUM(count) FROM ({query}) GROUP BY reason"))

    def _find_clusters(self) -> None:
        """Names each cluster after its smallest digest, so that growth moves no example."""
        inspected = "digest IS NOT NULL AND skipped IS NULL"
        count = self._number(f"SELECT COUNT(*) FROM example WHERE {inspected}")
        if not count:
            return
        numbers = np.empty(count, np.int64)
        digests = np.empty(count, np.uint64)
        shapes = np.empty((count, SHAPE_BYTES), np.uint8)
        query = f"SELECT id, digest, perceptual_hash FROM example WHERE {inspected} ORDER BY id"
        for row, (number, digest, stored_hash) in enumerate(self.database.execute(query)):
            numbers[row], digests[row] = number, int(digest[:16], 16)
            shapes[row] = np.frombuffer(stored_hash, np.uint8, SHAPE_BYTES)
        clusters = near_duplicates.find_clusters(digests, shapes)
        smallest = np.full(clusters.max() + 1, np.iinfo(np.uint64).max)
        np.minimum.at(smallest, clusters, digests)
        names = (f"{int(digest):016x}" for digest in smallest[clusters])
        self.database.executemany(
            "UPDATE example SET cluster = ? WHERE id = ?", zip(names, numbers.tolist(), strict=True)
        )

    def _drop_copies(self) -> None:
        self.database.execute("CREATE INDEX clusters ON example (cluster, name)")
        query = (
            "SELECT id, cluster, digest, perceptual_hash FROM example WHERE "
            "perceptual_hash IS NOT NULL AND skipped IS NULL AND cluster IN (SELECT cluster "
            "FROM example GROUP BY cluster HAVING COUNT(*) > 1) ORDER BY cluster, name"
        )
        dropped, kept, current = [], [], None
        for number, cluster, digest, own_hash in self.database.execute(query):
            if cluster != current:
                current, kept = cluster, []
            if any(digest == d or near_duplicates.are_copies(own_hash, h) for d, h in kept):
                dropped.append((number,))
            else:
                kept.append((digest, own_hash))
        self.database.executemany(f"UPDATE example SET skipped = '{COPY}' WHERE id = ?", dropped)

    def _reunite_clusters(self) -> int:
        """Moves clusters whose members were published in several splits to the training one."""
        divided = (
            "SELECT cluster FROM example WHERE skipped IS NULL AND split != '' "
            "GROUP BY cluster HAVING COUNT(DISTINCT split) > 1"
        )
        moved = self.database.execute(
            "UPDATE example SET split = 'train' WHERE skipped IS NULL AND split != 'train' "
            f"AND cluster IN ({divided})"
        )
        return moved.rowcount

    def _fact(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM fact WHERE name = ?", name)
        return rows[0][0] if rows else None

    def _set_fact(self, name: str, value: str) -> None:
        self.database.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def _number(self, query: str, *values) -> int:
        return self._rows(query, *values)[0][0]

    def _rows(self, query: str, *values) -> list[tuple]:
        with self._wrap_errors():
            return self.database.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._wrap_errors():
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield self.database
                self.database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self.database.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _wrap_errors(self) -> Iterator[None]:
        folder = os.path.dirname(self.path)
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise DeepPaintError(
                    f"{folder}: another build is at work there; wait for it, or end it"
                ) from error
            raise DeepPaintError(
                f"{folder}: cannot be written ({error}); free space or choose another output"
            ) from error
        # Stored text may be damaged as well.
        except (sqlite3.DatabaseError, ValueError, RecursionError) as error:
            raise DeepPaintError(
                f"{self.path}: damaged ({error}); remove {folder} and build again"
            ) from error
