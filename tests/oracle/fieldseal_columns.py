"""What a column holds, opened: docs/format.md from "In the database" to "A column that is migrating".

The refusals are those of that page's section "Which check comes first", in snake_case.
"""

import re
from dataclasses import dataclass

import fieldseal_format as f
import fieldseal_plaintext as p
from fieldseal_migrating import plaintext_value

HEX_OF_SEALED = re.compile(r"\\x01(?:[0-9a-fA-F]{2}){20,}", re.ASCII)


@dataclass(frozen=True)
class Column:
    """One entry of a schema lock."""

    table: str
    column: str
    kind: str
    suite: str
    previous_suite: str | None = None
    bound: bool = True  # whether `row` isn't []
    padded: bool = False
    hide_null: bool = False
    base64: bool = False
    migrating: bool = False


@dataclass(frozen=True)
class Key:
    scope: str
    state: str
    data_key: bytes


def refuse(kind, message=""):
    raise f.FormatError(kind, message)


def open_stored(c, scope, row, stored, keys, optional=True):
    """The value as text, or None for NULL. `stored` is None, or a pair of the SQL type and what is in it: bytes, text,
    integer, real, or untyped for bytes of a database in which the column has a type and not the value."""
    if stored is None:
        f.check(optional and (c.migrating or not c.hide_null), "unexpected_null", "SQL NULL")
        return None
    try:
        sealed = _sealed_bytes(c, *stored)
        plaintext = _open_sealed(c, scope, row, sealed, keys)
    except f.FormatError as e:
        if not c.migrating or e.kind not in ("not_sealed", "unknown_key"):
            raise
        _check_not_damaged(c, *stored, keys)
        value = plaintext_value(c.kind, *(_as_text(*stored) if c.base64 else stored))
        if value is None:
            raise
        return value
    encoding = p.unframe(plaintext, c.hide_null, 1 if c.padded else None)
    f.check(optional or encoding is not None, "unexpected_null", "a hidden NULL")
    return None if encoding is None else p.decode(c.kind, encoding)


def _sealed_bytes(c, sql_type, content):
    """Checks 2 to 4: the length, the SQL type, base64."""
    if sql_type in ("text", "bytes", "untyped"):
        size = len(content.encode() if sql_type == "text" else content)
        f.check(size <= f.MAX_SEALED, "too_long", f"{size} long")
    if c.base64 and sql_type in ("text", "bytes", "untyped"):
        return f.from_text_form(content if sql_type == "text" else content.decode("latin-1"))
    if sql_type == "text":
        refuse("sealed_as_text" if HEX_OF_SEALED.fullmatch(content) else "not_sealed", "text")
    f.check(sql_type in ("bytes", "untyped"), "not_sealed", f"a {sql_type}")
    return content


def _key_id(sealed):
    if len(sealed) < 5 or sealed[0] != 1 or sealed[1:5] == bytes(4):
        return None
    return int.from_bytes(sealed[1:5], "big")


def _usable(key_id, keys):
    f.check(key_id in keys, "unknown_key", f"no key {key_id}")
    key = keys[key_id]
    f.check(key.state not in ("retired", "destroyed"), f"{key.state}_key", f"key {key_id} is {key.state}")
    return key


def _open_sealed(c, scope, row, sealed, keys):
    """Checks 5 to 11."""
    suites = [f.suite_named(s) for s in (c.suite, c.previous_suite) if s]
    key_id = _key_id(sealed)
    f.check(key_id is not None, "not_sealed", "no header")
    f.check(len(sealed) >= min(s.overhead for s in suites), "not_sealed", "shorter than any value")
    key = _usable(key_id, keys)
    f.check(key.scope == scope, "rejected", f"key {key_id} is of another scope")
    for suite, bound_row in _attempts(c, suites, row):
        if len(sealed) < suite.overhead:
            continue
        key_bytes = f.column_key(key.data_key, suite.name, c.table, c.column)
        try:
            return suite.decrypt(key_bytes, sealed[5:], f.associated_data(c.table, c.column, scope, bound_row))
        except f.FormatError as e:
            f.check(e.kind == "rejected", e.kind, str(e))
    refuse("rejected", "under no suite")


def _attempts(c, suites, row):
    """Each suite with the row that it binds; last, what may have been unbound before the column became deterministic."""

    def bound(suite):
        return row if c.bound and suite.nonce_size else None

    attempts = [(suite, bound(suite)) for suite in suites]
    if suites[0].nonce_size == 0 and attempts[-1][1] is not None:
        attempts.append((suites[-1], None))
    return attempts


def _as_text(sql_type, content):
    """What a library hands over of a column of base64, bytes or text, is its text."""
    if sql_type not in ("bytes", "untyped"):
        return sql_type, content
    try:
        return "text", content.decode()
    except UnicodeDecodeError:
        return "text", content  # text that isn't UTF-8 stays bytes


def _check_not_damaged(c, sql_type, content, keys):
    """Of a column that is migrating: what begins like a value under a key that there is, isn't plaintext."""
    start = b""
    if c.base64 and sql_type != "integer" and sql_type != "real":
        characters = content[:8] if sql_type == "text" else content[:8].decode("latin-1")
        try:
            start = f.from_text_form(characters) if len(characters) == 8 else b""
        except f.FormatError:
            pass
    elif sql_type in ("bytes", "untyped"):
        start = content
    key_id = _key_id(start)
    if key_id in keys:
        _usable(key_id, keys)
        refuse("rejected", "a damaged value")
