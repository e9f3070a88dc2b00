"""tests/vectors/columns.json: what a database may hold in a column, and what comes of it."""

import fieldseal_columns as c
import fieldseal_format as f
import fieldseal_plaintext as p

SCOPE, ROW, KEY = "42", [{"int": "7"}], 0x2A4D3F51
KEYS = {
    KEY: c.Key(SCOPE, "primary", bytes(range(0x20, 0x40))),
    KEY + 1: c.Key("43", "primary", bytes(range(0x40, 0x60))),
    KEY + 2: c.Key(SCOPE, "retired", bytes(range(0x60, 0x80))),
    KEY + 3: c.Key(SCOPE, "destroyed", bytes(32)),
}
XAES, XCHACHA, GCM, SIV = "xaes-256-gcm", "xchacha20-poly1305", "aes-256-gcm", "aes-256-siv"


def column(suite=XAES, kind="text", **more):
    return c.Column("patients", "name", kind, suite, **more)


def sealed(suite=XAES, encoding=b"Ada", row=ROW, key_id=KEY, hide_null=False, pad=None):
    nonce = bytes(range(0x80, 0x80 + f.SUITES[suite].nonce_size)) or None
    plaintext = p.frame(encoding, hide_null, pad)
    row = None if suite == SIV else row
    return f.seal_value(KEYS[key_id].data_key, key_id, suite, "patients", "name", SCOPE, row, nonce, plaintext)


def raw(data):
    return "bytes", data


def text(data):
    return "text", data


def in_base64(data):
    return "text", f.text_form(data)


def cases():
    """(name, column, stored, optional, what comes of it: a value, None for NULL, or the name of a refusal)"""
    good, hidden = sealed(), column(padded=True, hide_null=True)
    null, pad_good = (sealed(encoding=e, hide_null=True, pad=16) for e in (None, b"Ada"))
    b64, migrating, unknown = column(base64=True), column(migrating=True), b"\x01" + f.u32(99) + good[5:]
    return (
        ("NULL", column(), None, True, None),
        ("NULL in a field that isn't optional", column(), None, False, "!unexpected_null"),
        ("NULL where NULL is hidden", hidden, None, True, "!unexpected_null"),
        ("NULL where NULL is hidden, migrating", column(padded=True, hide_null=True, migrating=True), None, True, None),
        ("a hidden NULL", hidden, raw(null), True, None),
        ("a hidden NULL in a field that isn't optional", hidden, raw(null), False, "!unexpected_null"),
        ("a value where NULL is hidden", hidden, raw(pad_good), True, "Ada"),
        ("bytes", column(), raw(good), True, "Ada"),
        ("bytes of a database with typed columns", column(), ("untyped", good), True, "Ada"),
        ("text", column(), text("Ada Lovelace"), True, "!not_sealed"),
        ("the value's hex as text", column(), text(good.hex()), True, "!not_sealed"),
        ("the value as PostgreSQL writes bytes as text", column(), text("\\x" + good.hex()), True, "!sealed_as_text"),
        ("41 digits of that", column(), text("\\x" + good.hex()[:41]), True, "!not_sealed"),
        ("40 digits of that", column(), text("\\x" + good.hex()[:40]), True, "!not_sealed"),
        ("42 digits of that", column(), text("\\x" + good.hex()[:42]), True, "!sealed_as_text"),
        ("the value's base64 as text", column(), in_base64(good), True, "!not_sealed"),
        ("an integer", column(), ("integer", 1), True, "!not_sealed"),
        ("a float", column(), ("real", 1.5), True, "!not_sealed"),
        ("base64", b64, in_base64(good), True, "Ada"),
        ("base64 as bytes", b64, raw(f.text_form(good).encode()), True, "Ada"),
        ("the bytes themselves in a column of base64", b64, raw(good), True, "!not_sealed"),
        ("PostgreSQL's hex in a column of base64", b64, text("\\x" + good.hex()), True, "!not_sealed"),
        ("an integer in a column of base64", b64, ("integer", 1), True, "!not_sealed"),
        ("four bytes", column(), raw(good[:4]), True, "!not_sealed"),
        ("44 bytes under an unknown key", column(), raw(unknown[:44]), True, "!not_sealed"),
        ("an unknown key", column(), raw(unknown), True, "!unknown_key"),
        ("a retired key", column(), raw(sealed(key_id=KEY + 2)), True, "!retired_key"),
        ("a destroyed key", column(), raw(sealed(key_id=KEY + 3)), True, "!destroyed_key"),
        ("another tenant's key", column(), raw(sealed(key_id=KEY + 1)), True, "!rejected"),
        ("another column's kind", column(kind="i64"), raw(good), True, "!malformed"),
        ("a frame that isn't there", column(padded=True), raw(good), True, "!malformed"),
        *suite_cases(),
        *migrating_cases(good, migrating, unknown),
    )


def suite_cases():
    """(now, before): XAES-256-GCM is the one that binds, AES-256-SIV the one that doesn't."""
    to_gcm, to_siv, from_siv = (column(new, previous_suite=old) for new, old in ((GCM, XAES), (SIV, XAES), (XAES, SIV)))
    short, long = sealed(SIV, b""), sealed(XAES, b"")
    return (
        ("present suite", to_gcm, raw(sealed(GCM)), True, "Ada"),
        ("previous suite", to_gcm, raw(sealed(XAES)), True, "Ada"),
        ("neither suite", to_gcm, raw(sealed(XCHACHA)), True, "!rejected"),
        ("previous suite of another row", to_gcm, raw(sealed(XAES, row=[{"int": "8"}])), True, "!rejected"),
        ("previous suite, not bound", to_gcm, raw(sealed(XAES, row=None)), True, "!rejected"),
        ("empty, of the previous suite that adds more", to_gcm, raw(sealed(XAES, b"")), True, ""),
        ("empty, of the present suite that adds less", to_gcm, raw(sealed(GCM, b"")), True, ""),
        ("empty, of the previous suite that adds less", from_siv, raw(short), True, ""),
        ("one byte shorter than both suites' values", from_siv, raw(short[:-1]), True, "!not_sealed"),
        ("shorter than the present suite's, and damaged", from_siv, raw(short[:-1] + b"\0"), True, "!rejected"),
        ("shorter than the only suite's", column(), raw(long[:-1]), True, "!not_sealed"),
        ("from aes-256-siv: previous", from_siv, raw(sealed(SIV)), True, "Ada"),
        ("from aes-256-siv: present", from_siv, raw(sealed(XAES)), True, "Ada"),
        ("from aes-256-siv: present, not bound", from_siv, raw(sealed(XAES, row=None)), True, "!rejected"),
        ("to aes-256-siv: present", to_siv, raw(sealed(SIV)), True, "Ada"),
        ("to aes-256-siv: previous", to_siv, raw(sealed(XAES)), True, "Ada"),
        ("to aes-256-siv: previous, not bound", to_siv, raw(sealed(XAES, row=None)), True, "Ada"),
        ("to aes-256-siv: previous, of another row", to_siv, raw(sealed(XAES, row=[{"int": "8"}])), True, "!rejected"),
        ("unbound to aes-256-siv: previous, bound", column(SIV, previous_suite=XAES, bound=False), raw(sealed(XAES)),
         True, "!rejected"),
    )  # fmt: skip


def migrating_cases(good, migrating, unknown):
    b64, short = column(base64=True, migrating=True), b"\x01" + f.u32(KEY)
    return (
        ("migrating: sealed", migrating, raw(good), True, "Ada"),
        ("migrating: plain text", migrating, text("Ada Lovelace"), True, "Ada Lovelace"),
        ("migrating: empty text", migrating, text(""), True, ""),
        ("migrating: bytes that may be text", migrating, ("untyped", b"Ada Lovelace"), True, "Ada Lovelace"),
        ("migrating: bytes in a column of text", migrating, raw(b"Ada Lovelace"), True, "!not_sealed"),
        ("migrating: a damaged value", migrating, raw(good[:-1] + b"\0"), True, "!rejected"),
        ("migrating: a value cut short", migrating, raw(good[:20]), True, "!rejected"),
        ("migrating: its beginning alone", column(kind="bytes", migrating=True), raw(short), True, "!rejected"),
        ("migrating: the same of an unknown key", column(kind="bytes", migrating=True), raw(unknown[:20]), True,
         unknown[:20].hex()),
        ("migrating: under an unknown key, in a column of text", migrating, raw(unknown), True, "!unknown_key"),
        ("migrating: cut short, of a retired key", migrating, raw(b"\x01" + f.u32(KEY + 2) + b"abc"), True, "!retired_key"),
        ("migrating: PostgreSQL's hex", migrating, text("\\x" + good.hex()), True, "!sealed_as_text"),
        ("migrating: base64", b64, in_base64(good), True, "Ada"),
        ("migrating: base64 that isn't", b64, text("Ada Lovelace"), True, "Ada Lovelace"),
        ("migrating: base64 cut short", b64, text(f.text_form(good)[:-2]), True, "!rejected"),
        ("migrating: padded, plain text", column(padded=True, migrating=True), text("Ada"), True, "Ada"),
        ("migrating: an integer", column(kind="i64", migrating=True), ("integer", -7), True, "-7"),
        ("migrating: an integer as text", column(kind="i64", migrating=True), text("-7"), True, "-7"),
        ("migrating: too large an integer", column(kind="u8", migrating=True), ("integer", 256), True, "!not_sealed"),
        ("migrating: a boolean", column(kind="bool", migrating=True), ("integer", 1), True, "true"),
        ("migrating: no boolean", column(kind="bool", migrating=True), ("integer", 2), True, "!not_sealed"),
        ("migrating: a float", column(kind="f64", migrating=True), ("real", 1.5), True, "1.5"),
        ("migrating: a date", column(kind="date", migrating=True), text("1815-12-10"), True, "1815-12-10"),
        ("migrating: a UUID as bytes", column(kind="uuid", migrating=True), raw(bytes(range(16))), True,
         "00010203-0405-0607-0809-0a0b0c0d0e0f"),
        ("migrating: JSON", column(kind="json", migrating=True), text('{"a":[1]}'), True, '{"a":[1]}'),
        ("migrating: no JSON", column(kind="json", migrating=True), text("Ada"), True, "!not_sealed"),
    )  # fmt: skip


def outcome(col, stored, optional):
    try:
        return c.open_stored(col, SCOPE, ROW, stored, KEYS, optional)
    except f.FormatError as e:
        return "!" + e.kind


def shown(stored):
    if stored is None:
        return None
    sql_type, content = stored
    return {sql_type: content.hex() if isinstance(content, bytes) else content}


def cases_json(cases):
    result = []
    for name, col, stored, optional, expect in cases:
        got = outcome(col, stored, optional)
        assert got == expect, f"{name}: {got} instead of {expect}"
        refused = expect[1:] if expect is not None and expect.startswith("!") else None
        result.append({"name": name, "kind": col.kind, "suite": col.suite, "previous_suite": col.previous_suite,
                       "bound": col.bound, "padded": col.padded, "hide_null": col.hide_null, "base64": col.base64,
                       "migrating": col.migrating, "stored": shown(stored), "optional": optional,
                       **({"refused": refused} if refused else {"value": expect})})
    return result


def columns():
    keys = [{"id": i, "scope": key.scope, "state": key.state, "data_key": key.data_key.hex()} for i, key in KEYS.items()]
    return {"about": "What a database may hold in the column name of patients, in the row 7 of the tenant 42, and what "
                     "comes of it: a value (spelt as tests/oracle/README.md says, null for NULL) or a refusal by its "
                     "name. stored is null or the SQL type and what is in it; untyped are the bytes of a database in "
                     "which the column has a type and not the value (PostgreSQL, MySQL). bound: whether row isn't [].",
            "keys": keys, "cases": cases_json(cases())}
