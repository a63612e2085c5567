"""The plan of a data set: every drawing, what is known of it, and where its record will stand.

A plan is a file, so that a million drawings need no memory and a killed build goes on where it
was. It passes through three stages, each finished as a whole: *listed*, *looked at*, *arranged*.
"""

import contextlib
import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data.build import near_duplicates
from tf_deeppaint.data.sources.registry import Example, Skipped
from tf_deeppaint.utils.errors import DeepPaintError

LISTED, LOOKED, ARRANGED = "listed", "looked at", "arranged"
COPY = "copy of another"
TWICE = "listed twice"
_PAGE = 2000
_SCHEMA = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE left_out (why TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE drawing (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    family TEXT NOT NULL,        -- the group, empty until arranged where the source knows none
    split TEXT NOT NULL,         -- empty until arranged where the publisher chose none
    digest TEXT,                 -- once looked at
    likeness BLOB,
    left_out TEXT,               -- why it gets no record
    place INTEGER                -- number among the records of its split, once arranged
);
"""


class Seen(NamedTuple):
    """What a look at a drawing found: digest and likeness, or why it is left out.

    `complaint` is the line to report where it is left out because it cannot be read.
    """

    digest: str = ""
    likeness: bytes = b""
    left_out: str = ""
    complaint: str = ""


class Planned(NamedTuple):
    """A drawing that is to become a record, and the digest of its files when it was looked at."""

    drawing: Example
    digest: str


class Plan:
    """A plan kept in a file; one process at a time holds it.

    Args:
        path: The file; it is made where there is none. Its folder must be on this machine.

    Raises:
        DeepPaintError: the file is damaged, cannot be written, or is held by another process.
    """

    def __init__(self, path: str):
        self.path = path
        with self._told():
            self.database = sqlite3.connect(path, timeout=1, isolation_level=None)
            try:
                self._begin()
            except BaseException:
                self.database.close()
                raise

    def _begin(self) -> None:
        self.database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.database.execute("BEGIN IMMEDIATE")
        if not self.database.execute("SELECT name FROM sqlite_master").fetchone():
            for statement in _SCHEMA.split(";"):
                self.database.execute(statement)
        self.database.execute("COMMIT")

    def __enter__(self) -> "Plan":
        return self

    def __exit__(self, *exception) -> None:
        self.database.close()

    @property
    def stage(self) -> str:
        """The last stage that is finished; empty before the first."""
        return self._fact("stage") or ""

    @property
    def options(self) -> dict:
        """What the plan was listed for, as given to `list_drawings`; empty before that."""
        with self._told():
            return dict(json.loads(self._fact("options") or "{}"))

    @property
    def moved(self) -> int:
        """Drawings that went to the training split, against the publisher, to join a twin."""
        with self._told():
            return int(self._fact("moved") or 0)

    def list_drawings(self, found: Iterable[Example | Skipped], options: dict) -> None:
        """Takes down the drawings of a source; a listing that was broken off begins anew.

        Args:
            found: What the source yields.
            options: What decides about the data set; the listing's digest is added to it.
        """
        listing = Listing()
        with self._transaction() as database:
            database.execute("DELETE FROM drawing")
            database.execute("DELETE FROM left_out")
            for item in listing.add(found):
                if isinstance(item, Skipped):
                    self._count_left_out(item.why)
                    continue
                added = database.execute(
                    "INSERT OR IGNORE INTO drawing (name, bytes, family, split) "
                    "VALUES (?, ?, ?, ?)",
                    item,
                )
                if not added.rowcount:
                    self._count_left_out(TWICE)
            self._set_fact("options", json.dumps(options | {"drawings": listing.digest()}))
            self._set_fact("stage", LISTED)

    def count(self) -> int:
        """Number of drawings listed."""
        return self._number("SELECT COUNT(*) FROM drawing")

    def count_unseen(self) -> int:
        """Number of drawings still to be looked at."""
        return self._number(f"SELECT COUNT(*) FROM drawing WHERE {_UNSEEN}")

    def unseen(self) -> Iterator[tuple[int, Example]]:
        """Yields the drawings to be looked at, each with its number for `record_looks`."""
        last = -1
        while rows := self._rows(
            "SELECT id, name, bytes, family, split FROM drawing "
            f"WHERE id > ? AND {_UNSEEN} ORDER BY id LIMIT {_PAGE}",
            last,
        ):
            yield from ((row[0], Example(*row[1:])) for row in rows)
            last = rows[-1][0]

    def record_looks(self, looks: Iterable[tuple[int, Seen]]) -> None:
        """Takes down what some looks found, all or nothing."""
        with self._transaction() as database:
            database.executemany(
                "UPDATE drawing SET digest = ?, likeness = ?, left_out = ? WHERE id = ?",
                ((s.digest, s.likeness, s.left_out or None, number) for number, s in looks),
            )

    def finish_looks(self) -> None:
        """Ends the stage of looking."""
        with self._transaction():
            self._set_fact("stage", LOOKED)

    def arrange(self, split_of: Callable[[str], str], drop_copies: bool) -> None:
        """Finds twins, gives every drawing its group and split, and every record its place.

        Args:
            split_of: The split of a group, where the publisher chose none.
            drop_copies: Whether of equal and nearly equal pictures only the first by name stays.
        """
        with self._transaction() as database:
            self._find_families()
            if drop_copies:
                self._drop_copies()
            moved = self._reunite_families()
            database.create_function("split_of", 1, split_of, deterministic=True)
            database.execute(
                "UPDATE drawing SET split = split_of(family) WHERE split = '' AND left_out IS NULL"
            )
            database.create_function("shuffled", 1, shuffled, deterministic=True)
            database.execute(
                "UPDATE drawing SET place = ranked.place FROM (SELECT id, ROW_NUMBER() OVER "
                "(PARTITION BY split ORDER BY shuffled(name), name) - 1 AS place FROM drawing "
                "WHERE left_out IS NULL) AS ranked WHERE ranked.id = drawing.id"
            )
            database.execute("CREATE INDEX places ON drawing (split, place)")
            self._set_fact("moved", str(moved))
            self._set_fact("stage", ARRANGED)

    def planned(self, split: str, first: int, count: int) -> list[Planned]:
        """The drawings of a split from the place `first` on, `count` at most, in order."""
        rows = self._rows(
            "SELECT name, bytes, family, split, digest FROM drawing "
            "WHERE split = ? AND place >= ? AND place < ? ORDER BY place",
            *(split, first, first + count),
        )
        return [Planned(Example(*row[:4]), row[4] or "") for row in rows]

    def count_planned(self, split: str) -> int:
        """Number of drawings that have a place in a split."""
        return self._number(
            "SELECT COUNT(*) FROM drawing WHERE split = ? AND place IS NOT NULL", split
        )

    def left_out(self) -> dict[str, int]:
        """How many drawings were left out so far, by reason."""
        counts = dict(self._rows("SELECT why, count FROM left_out"))
        query = (
            "SELECT left_out, COUNT(*) FROM drawing WHERE left_out IS NOT NULL GROUP BY left_out"
        )
        for why, count in self._rows(query):
            counts[why] = counts.get(why, 0) + count
        return counts

    def _find_families(self) -> None:
        """Names each family of twins after its smallest digest, so that growth moves nobody."""
        looked = "digest IS NOT NULL AND left_out IS NULL"
        count = self._number(f"SELECT COUNT(*) FROM drawing WHERE {looked}")
        if not count:
            return
        numbers = np.empty(count, np.int64)
        digests = np.empty(count, np.uint64)
        hashes = np.empty((count, near_duplicates.HASH_BYTES), np.uint8)
        query = f"SELECT id, digest, likeness FROM drawing WHERE {looked} ORDER BY id"
        for row, (number, digest, likeness) in enumerate(self.database.execute(query)):
            numbers[row], digests[row] = number, int(digest[:16], 16)
            hashes[row] = np.frombuffer(likeness, np.uint8, near_duplicates.HASH_BYTES)
        families = near_duplicates.find_twins(digests, hashes)
        smallest = np.full(families.max() + 1, np.iinfo(np.uint64).max)
        np.minimum.at(smallest, families, digests)
        names = (f"{int(digest):016x}" for digest in smallest[families])
        self.database.executemany(
            "UPDATE drawing SET family = ? WHERE id = ?", zip(names, numbers.tolist(), strict=True)
        )

    def _drop_copies(self) -> None:
        self.database.execute("CREATE INDEX families ON drawing (family, name)")
        query = (
            "SELECT id, family, digest, likeness FROM drawing WHERE likeness IS NOT NULL AND "
            "left_out IS NULL AND family IN (SELECT family FROM drawing GROUP BY family "
            "HAVING COUNT(*) > 1) ORDER BY family, name"
        )
        dropped, kept, family = [], [], None
        for number, its_family, digest, likeness in self.database.execute(query):
            if its_family != family:
                family, kept = its_family, []
            if any(digest == d or near_duplicates.are_copies(likeness, shown) for d, shown in kept):
                dropped.append((number,))
            else:
                kept.append((digest, likeness))
        self.database.executemany(f"UPDATE drawing SET left_out = '{COPY}' WHERE id = ?", dropped)

    def _reunite_families(self) -> int:
        """Moves families whose members were published in several splits to the training one."""
        torn = (
            "SELECT family FROM drawing WHERE left_out IS NULL AND split != '' "
            "GROUP BY family HAVING COUNT(DISTINCT split) > 1"
        )
        moved = self.database.execute(
            "UPDATE drawing SET split = 'train' WHERE left_out IS NULL AND split != 'train' "
            f"AND family IN ({torn})"
        )
        return moved.rowcount

    def _count_left_out(self, why: str) -> None:
        self.database.execute(
            "INSERT INTO left_out VALUES (?, 1) ON CONFLICT (why) DO UPDATE SET count = count + 1",
            (why,),
        )

    def _fact(self, name: str) -> str | None:
        rows = self._rows("SELECT value FROM fact WHERE name = ?", name)
        return rows[0][0] if rows else None

    def _set_fact(self, name: str, value: str) -> None:
        self.database.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def _number(self, query: str, *values) -> int:
        return self._rows(query, *values)[0][0]

    def _rows(self, query: str, *values) -> list[tuple]:
        with self._told():
            return self.database.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield self.database
                self.database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self.database.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
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
        # Text in it may have become none.
        except (sqlite3.DatabaseError, ValueError, RecursionError) as error:
            raise DeepPaintError(
                f"{self.path}: damaged ({error}); remove {folder} and build again"
            ) from error


_UNSEEN = "family = '' AND digest IS NULL AND left_out IS NULL"


class Listing:
    """A digest of all that a source lists, whatever the order it does so in."""

    def __init__(self):
        self.total = 0

    def add(self, found: Iterable[Example | Skipped]) -> Iterator[Example | Skipped]:
        """Yields what a source yields, and takes it into account."""
        for item in found:
            text = "\0".join(map(str, item))
            digest = hashlib.sha256(text.encode(errors="surrogateescape")).digest()
            self.total = (self.total + int.from_bytes(digest, "big")) % 2**256
            yield item

    def digest(self) -> str:
        """The sum of the SHA-256 of every item, modulo 2 ** 256, in hexadecimal."""
        return f"{self.total:064x}"


def shuffled(name: str) -> bytes:
    """What drawings are sorted by: SHA-256 of the name, which is the same shuffle everywhere."""
    return hashlib.sha256(name.encode(errors="surrogateescape")).digest()
