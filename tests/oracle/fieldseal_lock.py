"""The schema lock, and what a row's columns make of its id and its scope: docs/format.md, "The schema" and "What a value is
bound to"."""

import re
import tomllib
import uuid
from dataclasses import dataclass

import fieldseal_format as f
from fieldseal_format import check

REQUIRED = {"table": str, "column": str, "kind": str, "suite": str, "row": list, "padded": bool, "hide_null": bool,
            "stored_in": str}
OPTIONAL = {"previous_suite": str, "scope": str, "base64": bool, "pad": int, "size": int, "migrating": bool}
ROW_KINDS = ("int", "text", "bytes", "uuid")
SCOPE_KINDS = ("int", "text", "uuid")


@dataclass(frozen=True)
class Locked:
    """One entry of a lock."""

    table: str
    column: str
    kind: str
    suite: str
    previous_suite: str | None
    row: list  # of (name, kind)
    scope: tuple | None
    padded: bool
    hide_null: bool
    base64: bool
    stored_in: tuple  # of the table's name and the column's
    pad: int | None
    size: int | None
    migrating: bool


def read_lock(text):
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        check(False, "lock", f"not TOML: {e}")
    check(set(document) <= {"version", "column"}, "lock", "a field beside version and column")
    check(type(document.get("version")) is int and document["version"] == 1, "lock", "another version")
    entries = document.get("column", [])
    check(type(entries) is list, "lock", "column isn't a list of tables")
    locked = [_entry(entry) for entry in entries]
    names = [(entry.table, entry.column) for entry in locked]
    check(len(set(names)) == len(names), "lock", "a column twice")
    return locked


def _entry(entry):
    check(type(entry) is dict, "lock", "a column isn't a table")
    check(REQUIRED.keys() <= entry.keys() <= (REQUIRED | OPTIONAL).keys(), "lock", "a field is missing or unknown")
    for name, value in entry.items():
        check(type(value) is (REQUIRED | OPTIONAL)[name], "lock", f"{name} has another type")
    for name in ("table", "column"):
        check(1 <= len(entry[name].encode()) <= 65_535, "lock", f"{name} has no or too many bytes")
    for name in ("suite", "previous_suite"):
        check(entry.get(name, f.XAES.name) in f.SUITES, "lock", f"no {name} {entry.get(name)!r}")
    check(entry["padded"] or not entry["hide_null"], "lock", "hide_null without padded")
    for name, most in (("pad", 2**64 - 1), ("size", 2**32 - 1)):
        check(0 <= entry.get(name, 0) <= most, "lock", f"{name} out of range")
    check(not entry["padded"] or 2 <= entry.get("pad", 0) <= 65_536, "lock", "padded to what?")
    table, dot, column = entry["stored_in"].rpartition(".")
    check(dot, "lock", "stored_in without a full stop")
    return Locked(
        **{name: entry[name] for name in ("table", "column", "kind", "suite", "padded", "hide_null")},
        row=[_context(text, ROW_KINDS) for text in entry["row"]],
        scope=_context(entry["scope"], SCOPE_KINDS) if "scope" in entry else None,
        stored_in=(table, column),
        **{name: entry.get(name) for name in ("previous_suite", "pad", "size")},
        **{name: entry.get(name, False) for name in ("base64", "migrating")},
    )


def _context(text, kinds):
    check(type(text) is str, "lock", "not a text `name: kind`")
    name, separator, kind = text.rpartition(": ")
    check(separator and kind in kinds, "lock", f"{text!r} is not `name: kind`")
    return name, kind


# --- A row's scope and id -------------------------------------------------------------------------------------------


def scope_of(kind, sql_type, content):
    scope = _read(kind, sql_type, content)
    scope = str(uuid.UUID(bytes=scope)) if kind == "uuid" else scope
    check(scope != "", "empty_scope", "a tenant without a name")
    check(len(scope.encode()) <= 65_535, "long_scope", "more than 65,535 bytes")
    return scope


def row_of(parts):
    """Of one (kind, SQL type, content) for each column of the row id, the elements as the vectors write them."""
    elements = []
    for kind, sql_type, content in parts:
        read = _read(kind, sql_type, content)
        elements.append({"bytes": read.hex()} if type(read) is bytes else {kind: read})
    return elements


def _read(kind, sql_type, content):
    """Decimal text for an int, 16 bytes for a uuid."""
    if kind == "int":
        number = content if type(content) is int else None
        if sql_type == "text" and re.fullmatch(r"[+-]?[0-9]+", content, re.ASCII):
            number = int(content)
        check(number is not None, "bad_context", "not an integer")
        return str(number)
    if kind == "uuid":
        if sql_type == "text":
            content = bytes.fromhex(content.replace("-", ""))
        check(type(content) is bytes and len(content) == 16, "bad_context", "not a UUID")
        return content
    check(sql_type == kind, "bad_context", f"not {kind}")
    return content
