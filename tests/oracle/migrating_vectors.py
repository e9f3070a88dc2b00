"""tests/vectors/migrating.json: what columns of every kind may hold while they are migrating, in columns.json's form."""

from column_vectors import KEY, KEYS, cases_json, column, in_base64, raw, sealed, text

import fieldseal_format as f

UUID = "67e55044-10b1-426f-9247-bb680e5fe0c8"
NO = "!not_sealed"


def untyped(data):
    return "untyped", data


def integer(n):
    return "integer", n


def real(n):
    return "real", n


# (kind, what is stored, what comes of it)
PLAINTEXTS = (
    ("text", untyped(b"\xff"), NO),
    ("text", integer(7), NO),
    ("text", real(1.5), NO),
    ("text", text("\\x" + "01" * 20), "\\x" + "01" * 20),
    ("bytes", raw(b"\x00\xff"), "00ff"),
    ("bytes", raw(b""), ""),
    ("bytes", text("Zürich"), "5ac3bc72696368"),
    ("bytes", untyped(b"\xff\x00"), "ff00"),
    ("bytes", integer(1), NO),
    ("bool", integer(0), "false"),
    ("bool", text("true"), "true"),
    ("bool", text("false"), "false"),
    ("bool", text("True"), NO),
    ("bool", text("1"), NO),
    ("bool", text("t"), NO),
    ("bool", untyped(b"true"), "true"),
    ("bool", real(1.0), NO),
    ("i8", text("+5"), "5"),
    ("i8", text("-0"), "0"),
    ("i8", integer(-128), "-128"),
    ("i8", integer(128), NO),
    ("i16", text("007"), "7"),
    ("i32", text("2147483648"), NO),
    ("i64", text(" 7"), NO),
    ("i64", text("7 "), NO),
    ("i64", text(""), NO),
    ("i64", text("1_000"), NO),
    ("i64", text("7.0"), NO),
    ("i64", text("0x7"), NO),
    ("i64", text("٧"), NO),
    ("i64", real(7.0), NO),
    ("i64", untyped(b"-7"), "-7"),
    ("i64", raw(b"-7"), NO),
    ("i128", text("-170141183460469231731687303715884105728"), "-170141183460469231731687303715884105728"),
    ("u8", text("255"), "255"),
    ("u16", integer(-1), NO),
    ("u32", text("-1"), NO),
    ("u64", text("18446744073709551615"), "18446744073709551615"),
    ("u64", text("-0"), NO),
    ("u128", text("340282366920938463463374607431768211455"), "340282366920938463463374607431768211455"),
    ("f32", real(0.1), "0.1"),
    ("f32", real(1e300), "inf"),
    ("f32", text("0.1"), "0.1"),
    ("f32", integer(16_777_217), "16777216.0"),
    ("f64", integer(3), "3.0"),
    ("f64", text("-1.5e3"), "-1500.0"),
    ("f64", text("+1.5E-3"), "0.0015"),
    ("f64", text(".5"), "0.5"),
    ("f64", text("5."), "5.0"),
    ("f64", text("inf"), "inf"),
    ("f64", text("-Infinity"), "-inf"),
    ("f64", text("nan"), "NaN"),
    ("f64", text(" 1"), NO),
    ("f64", text("1_0"), NO),
    ("f64", text("0x1"), NO),
    ("f64", text("1,5"), NO),
    ("f64", untyped(b"1.5"), "1.5"),
    ("decimal", integer(-7), "-7"),
    ("decimal", real(0.1), "0.1"),
    ("decimal", real(100.0), "100"),
    ("decimal", text("1.50"), "1.50"),
    ("decimal", text("+1"), "1"),
    ("decimal", text("-0.00"), "0.00"),
    ("decimal", text("79228162514264337593543950335"), "79228162514264337593543950335"),
    ("decimal", text("79228162514264337593543950336"), NO),
    ("decimal", text("0.0000000000000000000000000001"), "0.0000000000000000000000000001"),
    ("decimal", text("0.00000000000000000000000000001"), NO),
    ("decimal", text("1e3"), NO),
    ("decimal", text(""), NO),
    ("uuid", text(UUID), UUID),
    ("uuid", text(UUID.upper()), UUID),
    ("uuid", text(UUID.replace("-", "")), UUID),
    ("uuid", text("{" + UUID + "}"), UUID),
    ("uuid", text("urn:uuid:" + UUID), UUID),
    ("uuid", text("{" + UUID.replace("-", "") + "}"), NO),
    ("uuid", text(" " + UUID), NO),
    ("uuid", raw(bytes(15)), NO),
    ("uuid", untyped(bytes.fromhex(UUID.replace("-", ""))), UUID),
    ("uuid", untyped(b"sixteen letters!"), "73697874-6565-6e20-6c65-747465727321"),
    ("uuid", untyped(UUID.encode()), UUID),
    ("date", text("2024-02-29"), "2024-02-29"),
    ("date", text("2026-02-29"), NO),
    ("date", text("20260131"), NO),
    ("date", text("2026-W05-6"), NO),
    ("date", text("2026-01-31T00:00:00"), NO),
    ("date", integer(20_484), NO),
    ("date", untyped(b"2026-01-31"), "2026-01-31"),
    ("time", text("12:34:56"), "12:34:56"),
    ("time", text("12:34:56.5"), "12:34:56.500000000"),
    ("time", text("12:34:56.123456789"), "12:34:56.123456789"),
    ("time", text("12:34:56,5"), NO),
    ("time", text("24:00:00"), NO),
    ("time", text("123456"), NO),
    ("time", integer(45_296), NO),
    ("datetime", text("2026-01-31T12:34:56"), "2026-01-31T12:34:56"),
    ("datetime", text("2026-01-31 12:34:56.5"), "2026-01-31T12:34:56.500000000"),
    ("datetime", text("2026-01-31t12:34:56"), NO),
    ("datetime", text("2026-01-31T12:34:56Z"), NO),
    ("datetime", text("2026-01-31"), NO),
    ("datetime", real(2_461_072.02), NO),
    ("timestamp", text("2026-01-31T12:34:56Z"), "2026-01-31T12:34:56Z"),
    ("timestamp", text("2026-01-31 12:34:56Z"), "2026-01-31T12:34:56Z"),
    ("timestamp", text("2026-01-31 12:34:56"), "2026-01-31T12:34:56Z"),
    ("timestamp", text("2026-01-31 12:34:56+01:00"), "2026-01-31T11:34:56Z"),
    ("timestamp", text("2026-01-31T20:34:56.5-08:00"), "2026-02-01T04:34:56.500000000Z"),
    ("timestamp", text("2026-01-31 12:34:56 UTC"), NO),
    ("timestamp", integer(1_769_862_896), NO),
    ("timestamp-offset", text("2026-01-31T12:34:56Z"), "2026-01-31T12:34:56+00:00"),
    ("timestamp-offset", text("2026-01-31 12:34:56.5+05:30"), "2026-01-31T12:34:56.500000000+05:30"),
    ("timestamp-offset", text("2026-01-31T12:34:56-08:00"), "2026-01-31T12:34:56-08:00"),
    ("timestamp-offset", text("2026-01-31T12:34:56"), NO),
    ("json", text(""), NO),
    ("json", text('"\\ud800"'), NO),
    ("json", untyped(b"[1]"), "[1]"),
    ("json", raw(b"[1]"), NO),
    ("json", integer(1), NO),
)  # fmt: skip


def of_each_kind():
    for kind, stored, expect in PLAINTEXTS:
        sql_type, content = stored
        shown = content.hex() if isinstance(content, bytes) else repr(content)
        yield f"{kind}, {sql_type}: {shown}", column(kind=kind, migrating=True), stored, True, expect


def of_base64():
    """Columns of base64: whatever the library calls it, it's text; and damage shows in the first eight characters."""

    def b64(kind="text", **more):
        return column(kind=kind, base64=True, migrating=True, **more)

    good = sealed()
    start, whole = b"\x01" + f.u32(KEY), f.text_form(good)
    unknown = f.text_form(b"\x01" + f.u32(99) + good[5:])
    return (
        ("base64: plain text as bytes", b64(), raw(b"Ada Lovelace"), True, "Ada Lovelace"),
        ("base64: plain text, untyped", b64(), untyped(b"Ada Lovelace"), True, "Ada Lovelace"),
        ("base64: bytes that aren't UTF-8", b64(), raw(b"\xff"), True, NO),
        ("base64: bytes that aren't UTF-8, of kind bytes", b64("bytes"), raw(b"\xff"), True, "ff"),
        ("base64: 16 bytes are no UUID", b64("uuid"), raw(bytes(16)), True, NO),
        ("base64: a UUID", b64("uuid"), text(UUID), True, UUID),
        ("base64: an integer", b64("i64"), integer(7), True, "7"),
        ("base64: an integer as bytes", b64("i64"), raw(b"7"), True, "7"),
        ("base64: the value as bytes", b64(), raw(whole.encode()), True, "Ada"),
        ("base64: PostgreSQL's hex is plain text", b64(), text("\\x" + good.hex()), True, "\\x" + good.hex()),
        ("base64: the bytes of a value, of kind bytes", b64("bytes"), raw(good), True, good.hex()),
        ("base64: fewer than eight characters of a value", b64(), text(whole[:7]), True, whole[:7]),
        ("base64: eight characters of a value", b64(), text(whole[:8]), True, "!rejected"),
        ("base64: the same with padding", b64(), text(f.text_form(start)), True, "!rejected"),
        ("base64: damage behind the first eight", b64(), text(whole[:20] + "*" + whole[21:]), True, "!rejected"),
        ("base64: damage within the first eight", b64(), text(whole[:6] + "*" + whole[7:]), True,
         whole[:6] + "*" + whole[7:]),
        ("base64: under an unknown key", b64(), text(unknown), True, unknown),
        ("base64: under an unknown key, of kind i64", b64("i64"), text(unknown), True, "!unknown_key"),
        ("base64: cut short, of a retired key", b64(), text(f.text_form(b"\x01" + f.u32(KEY + 2) + b"abc")), True,
         "!retired_key"),
        ("base64: not migrating, bytes", column(base64=True), raw(b"Ada Lovelace"), True, NO),
    )  # fmt: skip


def of_text_and_damage():
    """In columns of bytes, text never is a damaged value; bytes are, whatever kind the column has."""
    good = sealed()
    start = b"\x01" + f.u32(KEY)
    uuid_like = start + bytes(11)
    return (
        ("text that begins like a value", column(migrating=True), text(start.decode()), True, start.decode()),
        ("bytes that begin like a value", column(kind="uuid", migrating=True), raw(uuid_like), True, "!rejected"),
        ("untyped bytes that begin like a value", column(kind="uuid", migrating=True), untyped(uuid_like), True,
         "!rejected"),
        ("a value's base64 in a column of bytes", column(migrating=True), in_base64(good), True, f.text_form(good)),
        ("PostgreSQL's hex in capitals", column(), text("\\x" + good.hex().upper()), True, "!sealed_as_text"),
        ("PostgreSQL's hex with a capital X", column(), text("\\X" + good.hex()), True, NO),
        ("key id 0", column(kind="bytes", migrating=True), raw(b"\x01" + bytes(20)), True, "01" + "00" * 20),
        ("another kind's plaintext", column(kind="date", migrating=True), raw(good), True, "!malformed"),
        ("migrating, NULL in a field that isn't optional", column(migrating=True), None, False, "!unexpected_null"),
    )  # fmt: skip


def migrating():
    cases = [*of_each_kind(), *of_base64(), *of_text_and_damage()]
    keys = [{"id": i, "scope": key.scope, "state": key.state, "data_key": key.data_key.hex()} for i, key in KEYS.items()]
    return {"about": "More of what is in columns.json, in the same form: what a column of each kind may hold while it is "
                     "migrating, in base64 too, and what is taken for damage.",
            "keys": keys, "cases": cases_json(cases)}
