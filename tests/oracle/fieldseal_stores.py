"""Key stores: a key file, a table. From docs/format-keys.md alone.

Each refusal has the name that the page's section "Which check comes first" gives it, in snake_case.
"""

import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fieldseal_format import FormatError, check
from fieldseal_keys import Object, binding, commitment, fields, has_repeats, list_of, read_json, stored_base64, text, whole

STATES = ("staged", "primary", "active", "retired", "destroyed")
OPENING = STATES[:3]
MAX_BLOB = 65_536
MAX_CELL = 1_048_576
MAX_COPIES = 16


@dataclass(frozen=True)
class KeyRecord:
    id: int
    scope: str
    state: str
    commitment: bytes
    wrapped: list  # of (kek name, blob)
    created: int
    revision: int

    def check_opens(self):
        """Whether the state lets values be opened."""
        if self.state not in OPENING:
            kind = "destroyed_key" if self.state == "destroyed" else "retired_key"
            raise FormatError(kind, f"key {self.id} is {self.state}")

    def data_key(self, kek):
        """Unwraps with `kek` and refuses a key that isn't the committed one."""
        check(self.wrapped, "no_copy", f"key {self.id} has no wrapped copy")
        blobs = [blob for name, blob in self.wrapped if name == kek.name]
        check(blobs, "not_found", f"key {self.id} isn't wrapped under {kek.name}")
        failure = None
        for blob in blobs[:MAX_COPIES]:
            try:
                key = kek.unwrap(blob, binding(self.id, self.scope, self.commitment))
                check(commitment(key, self.id, self.scope) == self.commitment, "wrong_key", f"key {self.id}")
                return key
            except FormatError as e:
                # The first, but that a copy holds another key says more than that one can't be opened.
                is_first = failure is None or e.kind == "wrong_key" != failure.kind
                failure = e if is_first else failure
        raise failure


KEY_FIELDS = ("id", "scope", "state", "commitment", "wrapped", "created", "revision")


@dataclass(frozen=True)
class Damaged:
    """What is known of a record that is malformed: the first column that is wrong, and the rest if it can be read."""

    id: int | None
    scope: str | None
    column: str


def record_from_row(row):
    """A row of the table, in the order of its columns, as SQLite gives it. Types first, then values; a refusal's message
    begins with the column."""
    key_id, scope, state, committed, wrapped, created, revision = row
    whole(key_id, -(2**63), 2**63 - 1, "id")
    text(scope, "scope")
    text(state, "state")
    check(type(committed) is bytes, "malformed", "commitment isn't bytes")
    text(wrapped, "wrapped")
    check(len(wrapped.encode()) <= MAX_CELL, "malformed", "wrapped is too long")
    whole(created, -(2**63), 2**63 - 1, "created")
    whole(revision, -(2**63), 2**63 - 1, "revision")
    _id(key_id)
    _scope(scope)
    _state(state)
    check(len(committed) == 32, "malformed", "commitment isn't 32 bytes")
    try:
        copies = _wrapped(read_json(wrapped))
    except ValueError as e:
        raise FormatError("malformed", f"wrapped: {e}") from None
    whole(revision, 0, 2**63 - 1, "revision")
    return KeyRecord(key_id, scope, state, committed, copies, created, revision)


def row_or_damage(row):
    try:
        return record_from_row(row)
    except FormatError as e:
        key_id, scope = row[:2]
        is_id = type(key_id) is int and 1 <= key_id <= 0xFFFFFFFF
        return Damaged(key_id if is_id else None, scope if type(scope) is str else None, re.match(r"\w+", str(e))[0])


def _id(value):
    whole(value, 1, 0xFFFFFFFF, "id")
    return value


def _scope(value):
    text(value, "scope")
    check(len(value.encode()) <= 65_535, "malformed", "scope is too long")
    return value


def _state(value):
    check(value in STATES, "malformed", f"state {value!r}")
    return value


def _commitment(value):
    text(value, "commitment")
    check(re.fullmatch(r"[0-9a-f]{64}", value, re.ASCII), "malformed", "commitment isn't 64 digits")
    return bytes.fromhex(value)


def _wrapped(value):
    return [_copy(c) for c in list_of(value, "wrapped")]


def _copy(copy):
    kek, blob = fields(copy, ("kek", "blob"), "wrapped, a copy")
    text(kek, "wrapped, a copy's kek")
    data = stored_base64(blob, "wrapped, a copy's blob")
    check(len(data) <= MAX_BLOB, "malformed", "wrapped, a copy's blob is too long")
    return kek, data


def _created(value):
    whole(value, -(2**63), 2**63 - 1, "created")
    return value


def _revision(value):
    whole(value, 0, 2**64 - 1, "revision")
    return value


IN_A_FILE = dict(zip(KEY_FIELDS, (_id, _scope, _state, _commitment, _wrapped, _created, _revision)))


def record_from_entry(entry):
    """An entry of a key file: a record, or what is wrong with it. Field after field, type and value at once."""
    if not isinstance(entry, Object) or has_repeats(entry):
        return Damaged(None, None, "entry")

    def read(name):
        try:
            return IN_A_FILE[name](entry.get(name))
        except FormatError:
            return None  # none of the fields is ever null

    columns = []
    for name in KEY_FIELDS:
        if name == "revision" and set(entry) - set(KEY_FIELDS):
            return Damaged(read("id"), read("scope"), "entry")
        columns.append(read(name))
        if columns[-1] is None:
            return Damaged(read("id"), read("scope"), name)
    return KeyRecord(*columns)


class KeyStore:
    """What is in a key file or table, damaged records too."""

    def __init__(self, entries, is_file):
        self.records = [e for e in entries if isinstance(e, KeyRecord)]
        self.damaged = [e for e in entries if isinstance(e, Damaged)]
        ids = Counter(record.id for record in self.records)
        twins = {key_id for key_id, count in ids.items() if count > 1}
        self.doubled = set() if is_file else twins
        if is_file:
            self._end_contradictions(entries, twins)

    def _end_contradictions(self, entries, twins):
        """In a file, records that contradict each other are malformed themselves."""
        primaries = Counter(record.scope for record in self.records if record.state == "primary")

        def judged(entry):
            if not isinstance(entry, KeyRecord):
                return entry
            if entry.id in twins:
                return Damaged(entry.id, entry.scope, "id")
            is_second = entry.state == "primary" and primaries[entry.scope] > 1
            return Damaged(entry.id, entry.scope, "state") if is_second else entry

        entries = list(map(judged, entries))
        self.records = [e for e in entries if isinstance(e, KeyRecord)]
        self.damaged = [e for e in entries if isinstance(e, Damaged)]

    def told(self):
        """What is told of the whole store: each (id, column) once, those without an id last."""
        pairs = {(d.id, d.column) for d in self.damaged} | {(key_id, "id") for key_id in self.doubled}
        return sorted(pairs, key=lambda pair: (pair[0] is None, pair[0] or 0, pair[1]))

    def get(self, key_id):
        """For a value under that key. In a table a second record isn't looked at."""
        check(all(d.id != key_id for d in self.damaged), "malformed", f"key {key_id}")
        found = [record for record in self.records if record.id == key_id]
        check(found, "unknown_key", f"no key {key_id}")
        return found[-1]

    def primary(self, scope):
        """For a value that is to be sealed."""
        check(all(d.scope != scope for d in self.damaged), "malformed", f"a key of {scope!r}")
        of_scope = [record for record in self.records if record.scope == scope]
        check(len({record.id for record in of_scope}) == len(of_scope), "doubled", f"in {scope!r}")
        primaries = [record for record in of_scope if record.state == "primary"]
        check(len(primaries) < 2, "two_primaries", f"in {scope!r}")
        check(primaries, "no_primary", f"in {scope!r}")
        return primaries[0]


def key_store_from_text(source):
    """The text of a key file."""
    try:
        form, keys = fields(read_json(source), ("format", "keys"), "a key file")
    except (ValueError, FormatError) as e:
        raise FormatError("damaged", str(e)) from None
    check(form == "fieldseal-keys/1", "damaged", "not a fieldseal-keys/1 file")
    check(type(keys) is list, "damaged", "keys isn't a list")
    return KeyStore(list(map(record_from_entry, keys)), is_file=True)


def keys_from_text(source):
    """The keys by their ids, if none of them is damaged."""
    store = key_store_from_text(source)
    check(not store.damaged, "malformed", f"{store.damaged}")
    return {record.id: record for record in store.records}


def keys_from_file(path):
    return keys_from_text(Path(path).read_text(encoding="utf-8"))


def open_sqlite(path):
    """Read-only, so that a wrong path is an error instead of a new empty database."""
    return sqlite3.connect(Path(path).resolve().as_uri() + "?mode=ro", uri=True)


def keys_from_sqlite(path):
    connection = open_sqlite(path)
    try:
        rows = connection.execute(f"SELECT {', '.join(KEY_FIELDS)} FROM fieldseal_keys ORDER BY id").fetchall()
    finally:
        connection.close()
    records = list(map(record_from_row, rows))
    store = KeyStore(records, is_file=False)
    check(not store.doubled, "malformed", "a key id twice")
    for scope in {record.scope for record in records if record.state == "primary"}:
        store.primary(scope)
    return {record.id: record for record in records}
