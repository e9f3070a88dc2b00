"""Writes tests/vectors/*.json and docs/format-examples.md with the oracle. The same bytes on every run: nothing here is
random.

    python make_vectors.py             write the files
    python make_vectors.py --check     write nothing, fail if a file would change
    python make_vectors.py --million   also run C2SP's 1,000,000 iterations (well under a minute, 0.6 GB of memory)
"""

import sys

sys.dont_write_bytecode = True  # the oracle leaves nothing behind in the source tree

import hashlib
import json
import struct
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

import fieldseal_format as f
import fieldseal_keys as k
import fieldseal_plaintext as p
import fieldseal_stores as stores
import column_vectors
import damage_vectors
import key_store_vectors
import limit_vectors
import lock_vectors
import migrating_vectors
import worked_examples

TESTS = Path(__file__).resolve().parent.parent
OUT = TESTS / "vectors"
PAGE = TESTS.parent / "docs" / "format-examples.md"


def fill(label, size):
    """Bytes that look random and are the same for ever."""
    return hashlib.shake_256(b"fieldseal vectors: " + label.encode()).digest(size)


def flipped(data, index, bit=0):
    """One bit changed; a negative index counts from the end."""
    changed = bytearray(data)
    changed[index] ^= 1 << bit
    return bytes(changed)


def must_refuse(kind, action):
    """Every bad vector is tried here too: the oracle has to refuse it, and for the reason given."""
    try:
        action()
    except f.FormatError as e:
        assert kind is None or e.kind == kind, f"{e.kind} instead of {kind}: {e}"
        return
    raise AssertionError(f"accepted what should be {kind}")


def i(n):
    return {"int": str(n)}


def t(text):
    return {"text": text}


def b(data):
    return {"bytes": data.hex()}


UUID = uuid.UUID("67e55044-10b1-426f-9247-bb680e5fe0c8")
KEY_ID = 0x2A4D3F51
# Those of the frozen files. A later suite is in files of its own: values((NAME,)), failures((NAME,), f.SUITES).
FIRST_SUITES = ("xaes-256-gcm", "xchacha20-poly1305", "aes-256-gcm", "aes-256-siv")
BASE = {"table": "patients", "column": "diagnosis", "scope": "", "row": None}


# --- values.json ------------------------------------------------------------------------------------------------

SIZES = (("empty plaintext", 0), ("1 byte", 1), ("32 bytes", 32), ("1000 bytes", 1000))

# (name, what differs from BASE, key id)
CONTEXTS = (
    ("tenant from an integer", {"scope": "42"}, 1),
    ("tenant from a negative integer", {"scope": "-7"}, KEY_ID),
    ("tenant from a uuid", {"scope": str(UUID)}, KEY_ID),
    ("tenant from text with unicode", {"scope": "Zürich 🏥"}, KEY_ID),
    ("tenant of 300 bytes", {"scope": "t" * 300}, KEY_ID),
    ("unicode table and column", {"table": "患者", "column": "diagnóstico ❤️"}, KEY_ID),
    ("decomposed unicode isn't normalised", {"column": "diagno\u0301stico"}, KEY_ID),
    ("table of 300 bytes", {"table": "t" * 300, "column": "c"}, KEY_ID),
    ("names of one byte, largest key id", {"table": "t", "column": "c"}, 0xFFFFFFFF),
)
ROWS = (
    ("integer row", [i(42)]),
    ("integer row zero", [i(0)]),
    ("integer row negative", [i(-7)]),
    ("integer row i64 min", [i(-(2**63))]),
    ("integer row u64 max", [i(2**64 - 1)]),
    ("text row", [t("P-0001")]),
    ("text row empty", [t("")]),
    ("text row with emoji", [t("row 🦀 é")]),
    ("bytes row", [b(b"\x00\xff\x00")]),
    ("bytes row empty", [b(b"")]),
    ("uuid row", [b(UUID.bytes)]),
    ("composite row", [i(42), t("2026-01-31"), b(UUID.bytes)]),
    ("composite row of two integers", [i(4), i(2)]),
)


def value_case(name, suite, key_id, plaintext, context):
    nonce_size = f.SUITES[suite].nonce_size
    nonce = fill(f"nonce {suite} {name}", nonce_size) if nonce_size else None
    data_key = fill(f"data key {key_id}", 32)
    names = (suite, context["table"], context["column"])
    sealed = f.seal_value(data_key, key_id, *names, context["scope"], context["row"], nonce, plaintext)
    assert len(sealed) == len(plaintext) + f.SUITES[suite].overhead
    assert f.open_value({key_id: data_key}, *names, context["scope"], context["row"], sealed) == plaintext
    committed = k.commitment(data_key, key_id, context["scope"])
    return {
        "name": f"{suite}: {name}",
        "suite": suite,
        "data_key": data_key.hex(),
        "key_id": key_id,
        **context,
        "nonce": nonce.hex() if nonce else None,
        "plaintext": plaintext.hex(),
        "aad": f.associated_data(*names[1:], context["scope"], context["row"]).hex(),
        "column_key": f.column_key(data_key, *names).hex(),
        "commitment": committed.hex(),
        "binding": k.binding(key_id, context["scope"], committed).hex(),
        "sealed": sealed.hex(),
    }


def values(suites=FIRST_SUITES):
    cases = []
    for suite in suites:
        for name, size in SIZES:
            cases.append(value_case(name, suite, KEY_ID, fill(f"plaintext {size}", size), BASE))
        for name, changes, key_id in CONTEXTS:
            cases.append(value_case(name, suite, key_id, name.encode(), {**BASE, **changes}))
        if suite == "aes-256-siv":
            continue  # never bound to a row
        for name, row in ROWS:
            cases.append(value_case(name, suite, KEY_ID, name.encode(), {**BASE, "row": row}))
        both = {"table": "患者", "column": "x", "scope": "42", "row": [t("a"), i(-1)]}
        cases.append(value_case("tenant and composite row", suite, 7, b"\x00\x80\xff", both))
    return {"about": "Values that must seal to these bytes (with this nonce) and open to this plaintext. "
                     "Bytes are hex. row is null where the value isn't bound to its row.", "cases": cases}


# --- texts.json -------------------------------------------------------------------------------------------------


def text_case(name, suite, size):
    context = {**BASE, "suite": suite}
    data_key, nonce = fill(f"data key {KEY_ID}", 32), fill(f"text nonce {name}", f.SUITES[suite].nonce_size)
    plaintext = fill(f"text plaintext {name}", size)
    sealed = f.seal_value(data_key, KEY_ID, suite, BASE["table"], BASE["column"], "", None, nonce, plaintext)
    text = f.text_form(sealed)
    assert f.from_text_form(text) == sealed
    return {"name": name, **context, "data_key": data_key.hex(), "key_id": KEY_ID, "plaintext": plaintext.hex(),
            "sealed": sealed.hex(), "text": text}


def refused_texts(good):
    """Texts that a lenient decoder would take for the value, or for another."""
    text = good["text"]
    assert text.endswith("==") and "+" in text and "/" in text, "the case must have all that can be changed"
    last = text[-3]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    changes = {
        "no padding": text.rstrip("="),
        "half of the padding": text[:-1],
        "more padding": text + "==",
        "unused bits that aren't zero": text[:-3] + alphabet[alphabet.index(last) | 1] + "==",
        "the url-safe alphabet": text.replace("+", "-").replace("/", "_"),
        "a space before": " " + text,
        "a space behind": text + " ",
        "a newline behind": text + "\n",
        "a line break within": text[:40] + "\r\n" + text[40:],
        "a null character behind": text + "\0",
        "one character less": text[1:],
        "quoted": f'"{text}"',
        "hex instead": good["sealed"],
        "nothing": "",
        "plaintext": "Ada Lovelace",
    }
    cases = []
    for name, changed in changes.items():
        assert changed != text, name
        must_refuse("not_sealed", lambda: f.key_id_of(f.from_text_form(changed), good["suite"]))
        cases.append({"name": name, "text": changed})
    return cases


def texts(suites=FIRST_SUITES):
    sizes = ((suite, size) for suite in suites for size in (0, 1, 2, 3, 100))
    good = [text_case(f"{suite}: {size} bytes", suite, size) for suite, size in sizes]
    whole = next(c for c in good if c["text"].endswith("==") and "+" in c["text"] and "/" in c["text"])
    return {"about": "Values in a column that is declared base64: each text opens to its plaintext. Those under refused "
                     "stand for the value of that name, and are no text form: not sealed.",
            "cases": good, "of": whole["name"], "refused": refused_texts(whole)}


# --- failures.json ----------------------------------------------------------------------------------------------


class Failures:
    """Sealed values opened under something that isn't quite what they were sealed under."""

    def __init__(self, suite):
        self.suite = suite
        self.cases = []

    def sealed(self, plaintext=None, suite=None, key_id=KEY_ID, **changes):
        suite = suite or self.suite
        c = {**BASE, **changes}
        nonce = fill(f"failure nonce {suite} {changes}", f.SUITES[suite].nonce_size)
        plaintext = fill("failure plaintext", 48) if plaintext is None else plaintext
        data_key = fill(f"data key {key_id}", 32)
        return f.seal_value(data_key, key_id, suite, c["table"], c["column"], c["scope"], c["row"], nonce, plaintext)

    def add(self, name, expect, sealed, suite=None, key_id=KEY_ID, data_key=None, **changes):
        suite = suite or self.suite
        data_key = data_key or fill(f"data key {key_id}", 32)
        c = {**BASE, **changes}
        must_refuse(expect, lambda: f.open_value({key_id: data_key}, suite, c["table"], c["column"], c["scope"],
                                                 c["row"], sealed))
        self.cases.append({"name": f"{self.suite}: {name}", "suite": suite, "data_key": data_key.hex(),
                           "key_id": key_id, **c, "sealed": sealed.hex(), "expect": expect})

    def outside(self):
        good = self.sealed()
        overhead = f.SUITES[self.suite].overhead
        self.add("no bytes", "not_sealed", b"")
        self.add("one byte", "not_sealed", b"\x01")
        self.add("version and key id alone", "not_sealed", good[:5])
        self.add("one byte less than the overhead", "not_sealed", self.sealed(b"")[: overhead - 1])
        self.add("version 0x00", "not_sealed", b"\x00" + good[1:])
        self.add("version 0x02", "not_sealed", b"\x02" + good[1:])
        self.add("plaintext text", "not_sealed", b"Ada Lovelace")
        self.add("longer plaintext text", "not_sealed", b"a plain text, never sealed but long enough for any suite")
        self.add("hex text of a sealed value", "not_sealed", good.hex().encode())

    def keys(self):
        good = self.sealed()
        self.add("another key id", "unknown_key", good, key_id=KEY_ID + 1)
        self.add("another key id of the same data key", "unknown_key", good, key_id=1,
                 data_key=fill(f"data key {KEY_ID}", 32))
        self.add("key id in little-endian order", "unknown_key", b"\x01" + struct.pack("<I", KEY_ID) + good[5:])
        self.add("flipped bit in the key id", "unknown_key", flipped(good, 4))
        self.add("flipped bit in the key id, of a key that is there", "rejected", flipped(good, 4), key_id=KEY_ID ^ 1)
        self.add("another data key under this id", "rejected", good, data_key=fill("another data key", 32))
        self.add("flipped bit in the data key", "rejected", good,
                 data_key=flipped(fill(f"data key {KEY_ID}", 32), 31))

    def context(self):
        good = self.sealed()
        self.add("another table", "rejected", good, table="patient")
        self.add("another column", "rejected", good, column="allergies")
        self.add("table in capitals", "rejected", good, table="Patients")
        self.add("table and column swapped", "rejected", good, table=BASE["column"], column=BASE["table"])
        self.add("same letters, table and column cut elsewhere", "rejected", good, table="patientsd", column="iagnosis")
        self.add("tenant instead of the application", "rejected", good, scope="42")
        tenant = self.sealed(scope="42")
        self.add("application instead of the tenant", "rejected", tenant)
        self.add("another tenant", "rejected", tenant, scope="43")
        self.add("tenant with a leading zero", "rejected", tenant, scope="042")
        self.add("scope that begins like the row", "rejected", self.sealed(scope="42i"), scope="42")
        composed = self.sealed(column="diagn\u00f3stico")
        self.add("column composed and decomposed", "rejected", composed, column="diagno\u0301stico")
        tenant = self.sealed(scope=str(UUID))
        self.add("uuid tenant in capitals", "rejected", tenant, scope=str(UUID).upper())

    def rows(self):
        for name, sealed_row, row in (
            ("row instead of unbound", None, [i(42)]),
            ("unbound instead of a row", [i(42)], None),
            ("another row", [i(42)], [i(43)]),
            ("another sign", [i(7)], [i(-7)]),
            ("i64 and u64 of the same bits", [i(-1)], [i(2**64 - 1)]),
            ("text instead of an integer", [i(42)], [t("42")]),
            ("bytes instead of text", [t("42")], [b(b"42")]),
            ("unbound instead of an empty text row", [t("")], None),
            ("uuid as text instead of bytes", [b(UUID.bytes)], [t(str(UUID))]),
            ("composite row in another order", [i(4), i(2)], [i(2), i(4)]),
            ("composite row cut elsewhere", [t("ab"), t("c")], [t("a"), t("bc")]),
            ("composite row with one element less", [i(4), i(2)], [i(4)]),
            ("composite row as one element", [i(4), i(2)], [i(42)]),
        ):
            self.add(name, "rejected", self.sealed(row=sealed_row), row=row)

    def damage(self):
        good = self.sealed()
        nonce = f.SUITES[self.suite].nonce_size
        if nonce:
            self.add("flipped bit in the first nonce byte", "rejected", flipped(good, 5, 7))
            self.add("flipped bit in the last nonce byte", "rejected", flipped(good, 5 + nonce - 1))
            self.add("flipped bit in the ciphertext's first byte", "rejected", flipped(good, 5 + nonce))
            self.add("flipped bit in the ciphertext's last byte", "rejected", flipped(good, -17, 7))
            self.add("flipped bit in the tag's first byte", "rejected", flipped(good, -16))
            self.add("flipped bit in the tag's last byte", "rejected", flipped(good, -1, 7))
            other = self.sealed(scope="1")
            self.add("nonce of another value", "rejected", good[:5] + other[5 : 5 + nonce] + good[5 + nonce :])
        else:
            for index in (0, 7, 8, 12, 15):
                self.add(f"flipped bit in the SIV's byte {index}", "rejected", flipped(good, 5 + index, 7))
            self.add("flipped bit in the ciphertext's first byte", "rejected", flipped(good, 21))
            self.add("flipped bit in the ciphertext's last byte", "rejected", flipped(good, -1, 7))
        self.add("last byte missing", "rejected", good[:-1])
        self.add("one byte more", "rejected", good + b"\x00")
        self.add("sealed twice in a row", "rejected", good + good)
        self.add("empty plaintext, flipped bit in the last byte", "rejected", flipped(self.sealed(b""), -1))
        self.add("all zero after the key id", "rejected", good[:5] + bytes(len(good) - 5))

    def other_suites(self, suites):
        for suite in suites:
            if suite != self.suite:
                self.add(f"opened as {suite}", "rejected", self.sealed(), suite=suite)


def failures(suites=FIRST_SUITES, others=FIRST_SUITES):
    cases = []
    for suite in suites:
        s = Failures(suite)
        s.outside()
        s.keys()
        s.context()
        if suite != "aes-256-siv":
            s.rows()
        s.damage()
        s.other_suites(others)
        cases += s.cases
    return {"about": "Values that must not open under this context, where key_id and data_key are the only key. "
                     "expect: rejected (authentication fails), unknown_key (the value's key id isn't key_id), "
                     "not_sealed (length or first byte).", "cases": cases}


# --- plaintexts.json --------------------------------------------------------------------------------------------


def decimal(sign, scale, coefficient):
    return bytes([sign, scale]) + coefficient.to_bytes(12, "big")


def moment(seconds, nanoseconds, *offset):
    return struct.pack(">qI", seconds, nanoseconds) + b"".join(struct.pack(">i", o) for o in offset)


# (kind, value, encoding); written out by hand, and compared with what the reader makes of them.
ENCODINGS = (
    ("text", "", b""),
    ("text", "Ada Lovelace", b"Ada Lovelace"),
    ("text", "é 患者 🏥", "é 患者 🏥".encode()),
    ("text", "e\u0301", b"e\xcc\x81"),
    ("text", "ends in NUL\0\0", b"ends in NUL\0\0"),
    ("bytes", "", b""),
    ("bytes", "00ff80", b"\x00\xff\x80"),
    ("bytes", "800000", b"\x80\x00\x00"),
    ("bool", "false", b"\x00"),
    ("bool", "true", b"\x01"),
    ("f32", "0.0", bytes(4)),
    ("f32", "-0.0", bytes.fromhex("80000000")),
    ("f32", "1.5", bytes.fromhex("3fc00000")),
    ("f32", "0.1", bytes.fromhex("3dcccccd")),
    ("f32", "3.4028235e38", bytes.fromhex("7f7fffff")),
    ("f32", "1e-45", bytes.fromhex("00000001")),
    ("f32", "inf", bytes.fromhex("7f800000")),
    ("f32", "-inf", bytes.fromhex("ff800000")),
    ("f32", "NaN", bytes.fromhex("7fc00000")),
    ("f32", "NaN:ffc00001", bytes.fromhex("ffc00001")),
    ("f64", "0.0", bytes(8)),
    ("f64", "-0.0", bytes.fromhex("8000000000000000")),
    ("f64", "-2.5", bytes.fromhex("c004000000000000")),
    ("f64", "0.1", bytes.fromhex("3fb999999999999a")),
    ("f64", "1.7976931348623157e308", bytes.fromhex("7fefffffffffffff")),
    ("f64", "5e-324", bytes.fromhex("0000000000000001")),
    ("f64", "inf", bytes.fromhex("7ff0000000000000")),
    ("f64", "-inf", bytes.fromhex("fff0000000000000")),
    ("f64", "NaN", bytes.fromhex("7ff8000000000000")),
    ("f64", "NaN:fff8000000000001", bytes.fromhex("fff8000000000001")),
    ("uuid", str(UUID), bytes.fromhex("67e5504410b1426f9247bb680e5fe0c8")),
    ("uuid", "00000000-0000-0000-0000-000000000000", bytes(16)),
    ("date", "1970-01-01", struct.pack(">i", 0)),
    ("date", "1969-12-31", struct.pack(">i", -1)),
    ("date", "2024-02-29", struct.pack(">i", 19_782)),
    ("date", "0001-01-01", struct.pack(">i", -719_162)),
    ("date", "0000-12-31", struct.pack(">i", -719_163)),
    ("date", "-0044-03-15", struct.pack(">i", -735_525)),
    ("date", "9999-12-31", struct.pack(">i", 2_932_896)),
    ("time", "00:00:00", struct.pack(">II", 0, 0)),
    ("time", "12:34:56.000000001", struct.pack(">II", 45_296, 1)),
    ("time", "23:59:59.999999999", struct.pack(">II", 86_399, 999_999_999)),
    ("datetime", "1970-01-01T00:00:00", moment(0, 0)),
    ("datetime", "2026-01-31T12:34:56.123456789", moment(1_769_862_896, 123_456_789)),
    ("datetime", "1969-12-31T23:59:59.500000000", moment(-1, 500_000_000)),
    ("datetime", "0001-01-01T00:00:00", moment(-62_135_596_800, 0)),
    ("timestamp", "1970-01-01T00:00:00Z", moment(0, 0)),
    ("timestamp", "2026-01-31T12:34:56.123456789Z", moment(1_769_862_896, 123_456_789)),
    ("timestamp", "1969-12-31T23:59:59.999999999Z", moment(-1, 999_999_999)),
    ("timestamp", "2038-01-19T03:14:08Z", moment(2**31, 0)),
    ("timestamp-offset", "1970-01-01T00:00:00+00:00", moment(0, 0, 0)),
    ("timestamp-offset", "2026-01-31T12:34:56.123456789+05:30", moment(1_769_843_096, 123_456_789, 19_800)),
    ("timestamp-offset", "2026-01-31T12:34:56-08:00", moment(1_769_891_696, 0, -28_800)),
    ("timestamp-offset", "1969-12-31T23:59:59.000000001-00:00:01", moment(0, 1, -1)),
    ("decimal", "0", decimal(0, 0, 0)),
    ("decimal", "0.00", decimal(0, 2, 0)),
    ("decimal", "12.50", decimal(0, 2, 1250)),
    ("decimal", "12.5", decimal(0, 1, 125)),
    ("decimal", "-0.001", decimal(1, 3, 1)),
    ("decimal", "79228162514264337593543950335", decimal(0, 0, 2**96 - 1)),
    ("decimal", "-7.9228162514264337593543950335", decimal(1, 28, 2**96 - 1)),
    ("json", "null", b"null"),
    ("json", '{"a":[1,true,null],"é":"🏥"}', '{"a":[1,true,null],"é":"🏥"}'.encode()),
)
# time's types have no leap second, so these are chrono's alone.
CHRONO_ONLY = (
    ("time", "23:59:60", struct.pack(">II", 86_399, 1_000_000_000)),
    ("time", "23:59:60.999999999", struct.pack(">II", 86_399, 1_999_999_999)),
    ("datetime", "2016-12-31T23:59:60.500000000", moment(1_483_228_799, 1_500_000_000)),
    ("timestamp", "2016-12-31T23:59:60Z", moment(1_483_228_799, 1_000_000_000)),
    ("timestamp-offset", "2017-01-01T00:59:60+01:00", moment(1_483_228_799, 1_000_000_000, 3_600)),
)


def integer_encodings():
    for bits in (8, 16, 32, 64, 128):
        for kind, low, high in ((f"u{bits}", 0, 2**bits - 1), (f"i{bits}", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)):
            for n in sorted({low, high, 0, 1, 42} | ({-1} if low else set())):
                yield kind, str(n), (n % 2**bits).to_bytes(bits // 8, "big")


# (kind, value, pad, hide_null)
FRAMED = (
    ("text", "", 16, False),
    ("text", "fifteen letters", 16, False),
    ("text", "sixteen letters!", 16, False),
    ("text", "ends in NUL\0\0", 16, False),
    ("text", "odd", 2, False),
    ("text", "even", 2, False),
    ("text", "three divides nothing here", 3, False),
    ("text", "a" * 300, 256, False),
    ("text", "largest", 65_536, False),
    ("bytes", "800000", 8, False),
    ("bytes", "80", 8, True),
    ("text", None, 16, True),
    ("text", "", 16, True),
    ("text", "fourteen chars", 16, True),
    ("text", "fifteen letters", 16, True),
    ("bytes", None, 2, True),
    ("bytes", "", 2, True),
    ("bytes", "00", 32, True),
    ("bool", None, 16, True),
    ("bool", "false", 16, True),
    ("i64", "-1", 32, True),
    ("i64", None, 32, True),
    ("u8", "0", 16, True),
    ("f64", "-0.0", 16, False),
    ("json", "null", 16, True),
    ("json", None, 16, True),
    ("decimal", "12.50", 32, True),
    ("timestamp", "1969-12-31T23:59:59.999999999Z", 32, True),
)

# What a writer with this pad wouldn't write, and a reader still takes: (name, kind, value, pad, hide_null, plaintext)
READ_ONLY = (
    ("written when pad was 4", "text", "abc", 16, False, b"abc\x80"),
    ("written when pad was larger", "text", "abc", 4, False, b"abc\x80" + bytes(12)),
    ("length that no pad divides", "text", "abc", 16, False, b"abc\x80" + bytes(3)),
    ("NULL written when pad was 2", "i64", None, 16, True, b"\x00\x80"),
    ("JSON with white space", "json", ' { "a" : 1 }\n', None, False, b' { "a" : 1 }\n'),
)

# (name, kind, pad, hide_null, plaintext)
MALFORMED = (
    ("invalid UTF-8", "text", None, False, b"\xff\xfe"),
    ("UTF-8 cut short", "text", None, False, "é".encode()[:1]),
    ("UTF-8 of a surrogate", "text", None, False, b"\xed\xa0\x80"),
    ("bool 02", "bool", None, False, b"\x02"),
    ("bool ff", "bool", None, False, b"\xff"),
    ("bool empty", "bool", None, False, b""),
    ("bool of two bytes", "bool", None, False, b"\x01\x00"),
    ("i8 of two bytes", "i8", None, False, bytes(2)),
    ("i32 of three bytes", "i32", None, False, bytes(3)),
    ("i64 of four bytes", "i64", None, False, bytes(4)),
    ("i64 empty", "i64", None, False, b""),
    ("u16 of one byte", "u16", None, False, bytes(1)),
    ("u64 of nine bytes", "u64", None, False, bytes(9)),
    ("u128 of eight bytes", "u128", None, False, bytes(8)),
    ("i128 as decimal text", "i128", None, False, b"-1"),
    ("f32 of eight bytes", "f32", None, False, bytes(8)),
    ("f64 of four bytes", "f64", None, False, bytes(4)),
    ("uuid of 15 bytes", "uuid", None, False, bytes(15)),
    ("uuid as text", "uuid", None, False, str(UUID).encode()),
    ("date of eight bytes", "date", None, False, bytes(8)),
    ("time of 24 hours", "time", None, False, struct.pack(">II", 86_400, 0)),
    ("time with 2,000,000,000 nanoseconds", "time", None, False, struct.pack(">II", 86_399, 2_000_000_000)),
    ("time of four bytes", "time", None, False, bytes(4)),
    ("datetime with 2,000,000,000 nanoseconds", "datetime", None, False, moment(59, 2_000_000_000)),
    ("datetime of eight bytes", "datetime", None, False, bytes(8)),
    ("timestamp with the most nanoseconds", "timestamp", None, False, moment(59, 0xFFFFFFFF)),
    ("timestamp with an offset", "timestamp", None, False, moment(0, 0, 0)),
    ("timestamp-offset without an offset", "timestamp-offset", None, False, moment(0, 0)),
    ("timestamp-offset of i32 max", "timestamp-offset", None, False, moment(0, 0, 2**31 - 1)),
    ("timestamp-offset of i32 min", "timestamp-offset", None, False, moment(0, 0, -(2**31))),
    ("decimal with sign 2", "decimal", None, False, decimal(2, 0, 1)),
    ("decimal with scale 29", "decimal", None, False, decimal(0, 29, 1)),
    ("decimal with scale 255", "decimal", None, False, decimal(0, 255, 1)),
    ("decimal of 13 bytes", "decimal", None, False, bytes(13)),
    ("json empty", "json", None, False, b""),
    ("json cut short", "json", None, False, b'{"a":1'),
    ("json with more after it", "json", None, False, b"{} {}"),
    ("json NaN", "json", None, False, b"NaN"),
    ("json in invalid UTF-8", "json", None, False, b'"\xff"'),
    ("pad: empty plaintext", "text", 16, False, b""),
    ("pad: only zeros", "text", 16, False, bytes(16)),
    ("pad: no 0x80", "text", 16, False, b"fifteen letters."),
    ("pad: no 0x80 before the zeros", "text", 16, False, b"abc" + bytes(13)),
    ("pad: other byte after 0x80", "text", 16, False, b"abc\x80\x01" + bytes(11)),
    ("pad: 0x81 instead of 0x80", "bytes", 8, False, b"abc\x81" + bytes(4)),
    ("pad: encoding one byte short", "i64", 16, False, bytes(6) + b"\x01\x80" + bytes(8)),
    ("hide_null: nothing framed", "text", 16, True, b"\x80" + bytes(15)),
    ("hide_null: first byte 02", "text", 16, True, b"\x02abc\x80" + bytes(11)),
    ("hide_null: bytes after NULL", "text", 16, True, b"\x00abc\x80" + bytes(11)),
    ("hide_null: NULL without padding", "text", 16, True, b"\x00"),
    ("hide_null: value without padding", "text", 16, True, b"\x01abc"),
    ("hide_null: i64 of no bytes", "i64", 16, True, b"\x01\x80" + bytes(14)),
)


def plaintext_case(kind, value, encoding, pad=None, hide_null=False, **more):
    plaintext = p.frame(encoding, hide_null, pad)
    assert p.decode_plaintext(kind, plaintext, hide_null, pad) == value, (kind, value)
    shown = "NULL" if value is None else repr(value) if len(value) < 60 else f"{len(value)} characters"
    framing = (f", pad {pad}" if pad else "") + (", hide_null" if hide_null else "")
    return {"name": f"{kind} {shown}{framing}", "kind": kind, "value": value, "pad": pad, "hide_null": hide_null,
            "plaintext": plaintext.hex(), **more}


def framed_encoding(kind, value):
    """The framed cases take their encoding from the ones above, where there is one."""
    known = {(k, v): e for k, v, e in (*ENCODINGS, *integer_encodings())}
    if value is None:
        return None
    if kind in ("text", "bytes"):
        return value.encode() if kind == "text" else bytes.fromhex(value)
    return known[kind, value]


def plaintexts():
    cases = [plaintext_case(*c) for c in (*ENCODINGS, *integer_encodings())]
    cases += [plaintext_case(*c, only="chrono") for c in CHRONO_ONLY]
    cases += [plaintext_case(k, v, framed_encoding(k, v), pad, hide) for k, v, pad, hide in FRAMED]
    read_only = []
    for name, kind, value, pad, hide_null, plaintext in READ_ONLY:
        assert p.decode_plaintext(kind, plaintext, hide_null, pad) == value, name
        read_only.append({"name": name, "kind": kind, "value": value, "pad": pad, "hide_null": hide_null,
                          "plaintext": plaintext.hex()})
    malformed = []
    for name, kind, pad, hide_null, plaintext in MALFORMED:
        must_refuse("malformed", lambda: p.decode_plaintext(kind, plaintext, hide_null, pad))
        malformed.append({"name": name, "kind": kind, "pad": pad, "hide_null": hide_null,
                          "plaintext": plaintext.hex(), "expect": "malformed"})
    return {"about": "cases: value and plaintext, both ways. read_only: must decode, though a writer with this pad "
                     "wouldn't write it. malformed: must be refused. value is text, spelt as tests/oracle/README.md "
                     "says, or null for NULL; pad is null without padding. only: the one crate that can hold it.",
            "cases": cases, "read_only": read_only, "malformed": malformed}


# --- kek_files.json ---------------------------------------------------------------------------------------------


def kek_document(name, versions, primary, passphrase=None, raw_keys=None):
    """A KEK file as a JSON object, mac and all. `raw_keys` stands in for the keys, for files that are wrong."""
    kek_id = fill(f"kek id {name}", 16).hex()
    keks = [fill(f"kek {name} {v}", 32) for v in versions]
    protection = None
    stored = raw_keys or keks
    if passphrase is not None:
        salt = f.to_base64(fill(f"salt {name}", 16))
        protection = {"memory_kib": 64, "iterations": 1, "parallelism": 1, "salt": salt}
        key = k.file_key(passphrase, protection)
        stored = [f.XAES.encrypt(key, fill(f"kek nonce {name} {v}", 24), kek, k.kek_entry_aad(kek_id, v))
                  for v, kek in zip(versions, keks)]
    entries = [{"version": v, "key": f.to_base64(k)} for v, k in zip(versions, stored)]
    document = {"format": "fieldseal-kek/1", "id": kek_id, "primary": primary, "keys": entries,
                "passphrase": protection, "mac": ""}
    return with_mac(document, keks[versions.index(primary)] if primary in versions else keks[0])


def with_mac(document, primary_kek):
    return {**document, "mac": f.to_base64(k.kek_file_mac(primary_kek, document))}


def as_file(document):
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def wrapped_case(name, kek, version, key_id, scope):
    data_key = fill(f"wrapped data key {key_id}", 32)
    committed = k.commitment(data_key, key_id, scope)
    bound = k.binding(key_id, scope, committed)
    nonce = fill(f"wrap nonce {name} {version} {key_id} {scope}", 24)
    blob = kek.wrap(data_key, bound, version, nonce)
    assert len(blob) == 77 and kek.unwrap(blob, bound) == data_key
    return {"name": name, "version": version, "key_id": key_id, "scope": scope, "data_key": data_key.hex(),
            "commitment": committed.hex(), "binding": bound.hex(), "nonce": nonce.hex(), "blob": blob.hex()}


def kek_file_case(name, document, passphrase):
    kek = k.LocalKek(as_file(document), passphrase)
    wrapped = []
    for version in kek.keks:
        wrapped.append(wrapped_case(f"version {version}, application", kek, version, 1, ""))
        wrapped.append(wrapped_case(f"version {version}, tenant", kek, version, 0xFFFFFFFF, "Zürich 🏥"))
    return {"name": name, "passphrase": passphrase, "file": as_file(document), "kek": kek.name,
            "primary": kek.primary, "keks": [{"version": v, "key": k.hex()} for v, k in kek.keks.items()],
            "wrapped": wrapped}


PASSPHRASE = "correct horse é 🐎"


def refused_files(plain, locked):
    """Damaged files. Where the mac is made anew, the file has to be refused for its shape alone."""
    first, second = plain["keys"]
    kek1, kek2 = (f.from_base64(e["key"]) for e in plain["keys"])

    def changed(document, **fields):
        return {**document, **fields}

    def again(**fields):
        return with_mac(changed(plain, **fields), kek2)

    def bad_base64(data):
        return f.to_base64(flipped(f.from_base64(data), 0))

    other_key = {**first, "key": f.to_base64(fill("another kek", 32))}
    lock1, lock2 = locked["keys"]
    params = locked["passphrase"]
    wrong_mac = {
        "mac with a flipped bit": changed(plain, mac=bad_base64(plain["mac"])),
        "another id": changed(plain, id=fill("another id", 16).hex()),
        "another primary": changed(plain, primary=1),
        "another key for the primary version": changed(plain, keys=[first, {**second, "key": other_key["key"]}]),
        "another key for the other version": changed(plain, keys=[other_key, second]),
        "a version taken out": changed(plain, keys=[second]),
        "a version added": changed(plain, keys=[first, second, {**other_key, "version": 3}]),
        "a version renumbered": changed(plain, keys=[{**first, "version": 3}, second]),
        "mac under the other version's KEK": with_mac(plain, kek1),
    }
    shape = {
        "another format": again(format="fieldseal-kek/2"),
        "no format": {k: v for k, v in plain.items() if k != "format"},
        "no mac": {k: v for k, v in plain.items() if k != "mac"},
        "mac of 31 bytes": changed(plain, mac=f.to_base64(f.from_base64(plain["mac"])[:31])),
        "mac empty": changed(plain, mac=""),
        "no keys": changed(plain, keys=[]),
        "primary that isn't there": again(primary=3),
        "primary 0": again(primary=0, keys=[{**first, "version": 0}, second]),
        "version 0": again(keys=[{**first, "version": 0}, second]),
        "version as text": changed(plain, keys=[{**first, "version": "1"}, second]),
        "a version twice": again(keys=[{**first, "version": 2}, second]),
        "key of 31 bytes": again(keys=[{**first, "key": f.to_base64(kek1[:31])}, second]),
        "key of 33 bytes": again(keys=[{**first, "key": f.to_base64(kek1 + b"\0")}, second]),
        "key that isn't base64": changed(plain, keys=[{**first, "key": "*" + first["key"][1:]}, second]),
        "key without base64 padding": changed(plain, keys=[{**first, "key": first["key"].rstrip("=")}, second]),
        "id of 31 digits": again(id=plain["id"][:31]),
        "id in capitals": again(id=plain["id"].upper()),
        "id that isn't hex": again(id="g" * 32),
    }
    assert plain["id"] != plain["id"].upper()
    protected = {
        "wrong passphrase": (locked, PASSPHRASE + " "),
        "empty passphrase": (locked, ""),
        "no passphrase": (locked, None),
        "another salt": (changed(locked, passphrase={**params, "salt": bad_base64(params["salt"])}), PASSPHRASE),
        "more iterations": (changed(locked, passphrase={**params, "iterations": 2}), PASSPHRASE),
        "more memory": (changed(locked, passphrase={**params, "memory_kib": 72}), PASSPHRASE),
        "salt of 15 bytes": (changed(locked, passphrase={**params, "salt": f.to_base64(bytes(15))}), PASSPHRASE),
        "no parameters": (changed(locked, passphrase={}), PASSPHRASE),
        "protection taken off": (changed(locked, passphrase=None), None),
        "protected: another id": (changed(locked, id=plain["id"]), PASSPHRASE),
        "protected: mac with a flipped bit": (changed(locked, mac=bad_base64(locked["mac"])), PASSPHRASE),
        "protected: key with a flipped bit": (
            changed(locked, keys=[{**lock1, "key": bad_base64(lock1["key"])}, lock2]), PASSPHRASE),
        "protected: keys swapped": (
            changed(locked, keys=[{**lock1, "key": lock2["key"]}, {**lock2, "key": lock1["key"]}]), PASSPHRASE),
        "protected: another primary": (changed(locked, primary=1), PASSPHRASE),
        "protected: a version taken out": (changed(locked, keys=[lock2]), PASSPHRASE),
    }
    files = [(n, as_file(d), None) for n, d in (wrong_mac | shape).items()]
    files += [(n, as_file(d), phrase) for n, (d, phrase) in protected.items()]
    files += [("empty", "", None), ("not JSON", "fieldseal-kek/1\n", None), ("JSON list", "[]\n", None),
              ("cut short", as_file(plain)[:-20], None)]
    for name, text, phrase in files:
        must_refuse(None, lambda: k.LocalKek(text, phrase))
    return [{"name": n, "passphrase": phrase, "file": text, "expect": "refused"} for n, text, phrase in files]


def refused_blobs(plain):
    kek = k.LocalKek(as_file(plain))
    good = wrapped_case("to be damaged", kek, 2, 1, "")
    blob = bytes.fromhex(good["blob"])
    other = k.LocalKek(as_file(kek_document("another file", [1, 2], 2)))
    committed = bytes.fromhex(good["commitment"])
    foreign = other.wrap(bytes.fromhex(good["data_key"]), bytes.fromhex(good["binding"]), 2, fill("other", 24))

    def binding_of(key_id=1, scope="", commitment=committed):
        return key_id, scope, commitment

    cases = (
        ("empty", b"", binding_of()),
        ("one byte short", blob[:-1], binding_of()),
        ("one byte more", blob + b"\0", binding_of()),
        ("first byte 0x00", b"\x00" + blob[1:], binding_of()),
        ("first byte 0x02", b"\x02" + blob[1:], binding_of()),
        ("the other version's number", blob[:1] + f.u32(1) + blob[5:], binding_of()),
        ("a version that isn't there", blob[:1] + f.u32(3) + blob[5:], binding_of()),
        ("version 0", blob[:1] + f.u32(0) + blob[5:], binding_of()),
        ("flipped bit in the nonce", flipped(blob, 5), binding_of()),
        ("flipped bit in the ciphertext", flipped(blob, 29, 7), binding_of()),
        ("flipped bit in the tag", flipped(blob, -1), binding_of()),
        ("another key id", blob, binding_of(key_id=2)),
        ("another scope", blob, binding_of(scope="42")),
        ("another commitment", blob, binding_of(commitment=flipped(committed, 0))),
        ("wrapped by another file", foreign, binding_of()),
    )
    result = []
    for name, bad, (key_id, scope, c) in cases:
        case_binding = k.binding(key_id, scope, c)
        must_refuse(None, lambda: kek.unwrap(bad, case_binding))
        result.append({"name": name, "key_id": key_id, "scope": scope, "commitment": c.hex(),
                       "binding": case_binding.hex(), "blob": bad.hex(), "expect": "refused"})
    return result


def refused_commitments(plain):
    """Blobs that unwrap well, to a data key that isn't the committed one."""
    kek = k.LocalKek(as_file(plain))
    cases = []
    for name, committed in (
        ("commitment of another data key", k.commitment(fill("another data key", 32), 1, "")),
        ("commitment of another key id", k.commitment(fill("wrapped data key 1", 32), 2, "")),
        ("commitment of another scope", k.commitment(fill("wrapped data key 1", 32), 1, "42")),
    ):
        bound = k.binding(1, "", committed)
        blob = kek.wrap(fill("wrapped data key 1", 32), bound, 2, fill(f"nonce {name}", 24))
        record = stores.KeyRecord(1, "", "primary", committed, [(kek.name, blob)], 0, 1)
        must_refuse("wrong_key", lambda: record.data_key(kek))
        cases.append({"name": name, "key_id": 1, "scope": "", "commitment": committed.hex(), "binding": bound.hex(),
                      "blob": blob.hex(), "expect": "refused"})
    return cases


def kek_files():
    plain = kek_document("plain", [1, 2], 2)
    locked = kek_document("locked", [1, 2], 2, PASSPHRASE)
    gap = kek_document("gap", [1, 3, 0xFFFFFFFF], 3)
    return {"about": "files: text of KEK files, the KEKs in them, and data keys wrapped under each version. "
                     "refused_files: must not load with this passphrase. refused_blobs: must not unwrap with the file "
                     "named plain under this binding. refused_commitments: unwrap with the file named plain, but the "
                     "data key isn't the committed one. Argon2 parameters are small to be quick.",
            "files": [kek_file_case("plain", plain, None), kek_file_case("passphrase", locked, PASSPHRASE),
                      kek_file_case("gap in the versions", gap, None)],
            "refused_files": refused_files(plain, locked), "refused_blobs": refused_blobs(plain),
            "refused_commitments": refused_commitments(plain)}


# --- Those that have a file of their own ---


def limits():
    return limit_vectors.limits()


def columns():
    return column_vectors.columns()


def migrating():
    return migrating_vectors.migrating()


def locks():
    return lock_vectors.locks()


def places():
    return lock_vectors.places()


def key_stores():
    return key_store_vectors.key_stores(kek_files())


def damage():
    return damage_vectors.damage()


def examples():
    return worked_examples.examples()


def check_pages():
    """The statements that make the table are those of the source, and every file of vectors is named."""
    pages = ("format-writing.md", "format-vectors.md")
    writing, vectors = ((PAGE.parent / name).read_text(encoding="utf-8") for name in pages)
    statements = list((TESTS.parent / "src" / "dialect").glob("*/up.sql"))
    assert len(statements) == 3, statements
    for path in statements:
        assert f"```sql\n{path.read_text(encoding='utf-8')}```" in writing, f"docs/format-writing.md hasn't {path.parent.name}/{path.name}"
    for path in OUT.iterdir():
        assert f"`{path.name}`" in vectors, f"docs/format-vectors.md doesn't name {path.name}"


# --- aws_contexts.json ------------------------------------------------------------------------------------------

AWS_SCOPES = {
    "the application": "", "a number": "42", "a UUID": "98d9c634-4044-4f44-8b2b-1e9863ea1c13", "a name": "Acme, Inc. (EU)",
    "every printable character": "".join(chr(c) for c in range(0x21, 0x7F)), "a space inside": "a b",
    "a space in front": " a", "a space behind": "a ", "only a space": " ", "a tab": "a\tb", "DEL": "a\x7f",
    "NUL": "a\0b", "Latin": "Zürich", "Japanese": "東京クリニック", "emoji": "🏥", "composed": "é", "decomposed": "e\u0301",
    "the application by name": "application", "256 characters": "x" * 256, "257 characters": "x" * 257,
    "65,535 characters": "x" * 65_535,
}  # fmt: skip


def aws_contexts():
    cases = []
    for number, (name, scope) in enumerate(AWS_SCOPES.items()):
        key_id = 0xFFFF_FFFF - number * 0x0765_4321 & 0xFFFF_FFFF
        committed = fill(f"commitment {name}", 32)
        cases.append({"name": name, "key_id": key_id, "scope": scope, "commitment": committed.hex(),
                      "context": k.aws_context(key_id, scope, committed)})
    contexts = [json.dumps(c["context"], sort_keys=True) for c in cases]
    assert len(set(contexts)) == len(contexts) and all(len(c) < 8192 for c in contexts)
    return {"about": "The encryption context of a data key under AWS KMS.", "contexts": cases}


# --- xaes_c2sp.json ---------------------------------------------------------------------------------------------

# Published in https://c2sp.org/XAES-256-GCM, section "Test vectors".
C2SP = (
    ("MSB(L) = 0", 0x01, "", "7298caa565031eadc6ce23d23ea66378", "e531954aca063d5b8d9c47a47d4cc6f0",
     "c8612c9ed53fe43e8e005b828a1631a0bbcb6ab2f46514ec4f439fcfd0fa969b",
     "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
    ("MSB(L) = 1", 0x03, "c2sp.org/XAES-256-GCM", "91c08762876dccf9ba204a33768fa5fe",
     "23810ec50edb99f374409466ed1f4b7b", "e9c621d4cdd9b11b00a6427ad7e559aeedd66b3857646677748f8ca796cb3fd8",
     "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
)
ACCUMULATED = {
    10_000: "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939",
    1_000_000: "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15",
}
PROCEDURE = (
    "Let stream be the output of SHAKE-128 over the empty input, read from front to back (it begins with "
    "7f9c2ba4e88f827d616045507605853e), and hash a second SHAKE-128 without input so far. Each iteration reads from "
    "stream: key, 32 bytes; nonce, 24 bytes; n, 1 byte; plaintext, n bytes; m, 1 byte; aad, m bytes. It seals "
    "plaintext with XAES-256-GCM under key, nonce and aad, and adds ciphertext and tag (n + 16 bytes, without the "
    "nonce) to hash. digest is the first 32 bytes of hash after the last iteration."
)


def accumulated(iterations):
    # hashlib gives a SHAKE's output from its start only, so take at once the most that may be read.
    stream = memoryview(hashlib.shake_128().digest(iterations * (32 + 24 + 1 + 255 + 1 + 255)))
    assert bytes(stream[:16]).hex() == "7f9c2ba4e88f827d616045507605853e"
    position, total = 0, hashlib.shake_128()

    def read(size):
        nonlocal position
        position += size
        return bytes(stream[position - size : position])

    for _ in range(iterations):
        key, nonce = read(32), read(24)
        plaintext = read(read(1)[0])
        aad = read(read(1)[0])
        total.update(f.XAES.encrypt(key, nonce, plaintext, aad)[24:])
    return total.hexdigest(32)


def cmac_subkey(key):
    """C2SP's L and K1. The reader has no need of them (its CMAC comes from a library), a reader in Rust may."""
    l = Cipher(AES256(key), ECB()).encryptor().update(bytes(16))
    doubled = int.from_bytes(l, "big") << 1
    k1 = doubled ^ (1 << 128 | 0b10000111) if doubled >> 128 else doubled
    return l.hex(), k1.to_bytes(16, "big").hex()


def xaes_c2sp():
    nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX"
    vectors = []
    for name, byte, aad, l, k1, derived, ciphertext in C2SP:
        key = bytes([byte]) * 32
        assert cmac_subkey(key) == (l, k1)
        assert f.xaes_derive(key, nonce) == (bytes.fromhex(derived), nonce[12:])
        assert f.XAES.encrypt(key, nonce, b"XAES-256-GCM", aad.encode()) == nonce + bytes.fromhex(ciphertext)
        vectors.append({"name": name, "key": key.hex(), "nonce": nonce.hex(), "plaintext": b"XAES-256-GCM".hex(),
                        "aad": aad.encode().hex(), "l": l, "k1": k1, "derived_key": derived,
                        "derived_nonce": nonce[12:].hex(), "ciphertext": ciphertext})
    for iterations in (10_000, *([1_000_000] if "--million" in sys.argv else [])):
        assert accumulated(iterations) == ACCUMULATED[iterations], iterations
        print(f"C2SP: {iterations:,} iterations agree")
    return {"about": "C2SP's published vectors. ciphertext ends with the tag; the nonce isn't in it.",
            "source": "https://c2sp.org/XAES-256-GCM", "vectors": vectors, "procedure": PROCEDURE,
            "accumulated": [{"iterations": n, "digest": d} for n, d in ACCUMULATED.items()]}


# --- Running ----------------------------------------------------------------------------------------------------


def check_published_vectors():
    """XChaCha20-Poly1305 is half written by hand, so try it on the draft's own vectors (sections 2.2.1 and A.3.1)."""
    subkey = f.hchacha20(bytes(range(32)), bytes.fromhex("000000090000004a0000000031415927"))
    assert subkey.hex() == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    text = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
            b"sunscreen would be it.")
    nonce = bytes(range(0x40, 0x58))
    body = f.SUITES["xchacha20-poly1305"].encrypt(bytes(range(0x80, 0xA0)), nonce, text,
                                                  bytes.fromhex("50515253c0c1c2c3c4c5c6c7"))
    assert body[-16:].hex() == "c0875924c1c7987947deafd8780acf49"
    # RFC 5297 has vectors for smaller keys only, so check_tink.py is what checks aes-256-siv.


def check_names(content):
    """A failing test says a case's name, so each has to be there once."""
    for part in (p for p in content.values() if isinstance(p, list)):
        names = [c["name"] for c in part if "name" in c]
        assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)


def main():
    unknown = set(sys.argv[1:]) - {"--check", "--million"}
    if unknown:
        sys.exit(f"unknown arguments {sorted(unknown)}\n{__doc__}")
    check_published_vectors()
    OUT.mkdir(exist_ok=True)
    changed = []

    def put(path, text):
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            changed.append(path.name)

    put(PAGE, worked_examples.page())
    for make in (values, texts, failures, plaintexts, limits, columns, migrating, locks, places, kek_files, key_stores,
                 damage, aws_contexts, xaes_c2sp, examples):
        path = OUT / f"{make.__name__}.json"
        content = make()
        check_names(content)
        put(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        counts = ", ".join(f"{len(v)} {k}" for k, v in content.items() if isinstance(v, list))
        print(f"{path.name}: {counts}")
    check_pages()
    if changed:
        sys.exit(f"would change: {', '.join(changed)}")


if __name__ == "__main__":
    main()
