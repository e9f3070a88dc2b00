"""Writes the fuzz targets' seeds, and the genuine values of the target `open`. The same bytes on every run.

    python seeds.py             write the files
    python seeds.py --check     write nothing, fail if a file would change or is missing

It needs the oracle's packages (../tests/oracle/README.md). Files that it didn't write are left alone: an input that a
fuzzer found belongs into corpus/<target>/ too.

How each target reads its input:

    envelope     the stored value
    key_store    the file
    local_kek    the file
    key_record   0 ‖ JSON of a record; or 1 ‖ id, created, revision (8 bytes each) ‖ state ‖ scope ‖ commitment ‖ wrapped;
                 state is its number, or another number and its name; scope, commitment and name have their length in
                 front, in one byte
    context      one place: names, suite, bound (a byte each) ‖ tenant ‖ row; then one byte that says which of these
                 parts the second place has of its own (bit 0 is the names), and these parts;
                 tenant is kind ‖ number, or 0; row is the number of elements ‖ kind and content of each
    open         column, place (a byte each) ‖ 255 ‖ the stored value, or number of a genuine value ‖ changes
"""

import sys

sys.dont_write_bytecode = True

import hashlib
import json
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "oracle"))

import fieldseal_format as f
import fieldseal_keys as k
import fieldseal_plaintext as p
import fieldseal_stores as stores

# checks/open.rs has the same lists.
XAES, XCHACHA, GCM, SIV = "xaes-256-gcm", "xchacha20-poly1305", "aes-256-gcm", "aes-256-siv"
COLUMNS = {  # name: suites that it may have values of, pad, hide_null
    "xaes": ([XAES], None, False),
    "xchacha": ([XCHACHA], None, False),
    "gcm": ([GCM], None, False),
    "siv": ([SIV], None, False),
    "unbound": ([XAES], None, False),
    "padded": ([XAES], 16, False),
    "hidden": ([XAES], 16, True),
    "migrating": ([XAES], None, False),
    "from siv": ([XAES, SIV], None, False),
    "to siv": ([SIV, XAES], None, False),
    "from gcm": ([XCHACHA, GCM], None, False),
    "unbound from siv": ([XAES, SIV], None, False),
    "everything": ([GCM, SIV], 16, True),
}
PLACES = [("", 1), ("", 2), ("", None), ("7", 1), ("7", 2), ("8", 1)]
RAW = 255


def key_id(byte):
    return int.from_bytes(bytes([byte] * 4), "big")


# --- Genuine values ---------------------------------------------------------------------------------------------


def sealed(column, suite, scope, row, opens, plaintext, key=None):
    key = key or (1 if scope == "" else 6)
    label = f"{column} {suite} {scope} {row} {opens} {key}".encode()
    nonce = hashlib.shake_256(label).digest(f.SUITES[suite].nonce_size)
    bound = row is not None and suite != SIV and not column.startswith("unbound")
    row_id = [{"int": str(row)}] if bound else None
    value = f.seal_value(bytes([key] * 32), key_id(key), suite, "fuzzed", column, scope, row_id, nonce, plaintext)
    return {"column": column, "suite": suite, "scope": scope, "row": row, "opens": opens, "sealed": value.hex()}


def genuine():
    for column, (suites, pad, hide_null) in COLUMNS.items():
        def value(suite, scope, row, text, key=None):
            opens = "null" if text is None else {"value": text}
            encoding = None if text is None else text.encode()
            return sealed(column, suite, scope, row, opens, p.frame(encoding, hide_null, pad), key)

        for suite in suites:
            yield value(suite, "", 1, "")
            yield value(suite, "7", 1, "plaintext")
        if hide_null:
            yield value(suites[0], "", 1, None)
            yield sealed(column, suites[0], "", 1, "malformed", b"\x02\x80")
        if pad:
            yield sealed(column, suites[0], "", 2, "malformed", b"not padded")
    yield sealed("xaes", XAES, "", None, {"value": "42"}, b"42")
    yield sealed("xaes", XAES, "", 1, {"value": "older"}, b"older", key=2)
    yield sealed("xaes", XAES, "", 1, {"value": "staged"}, b"staged", key=5)
    yield sealed("xaes", XAES, "", 1, "retired", b"x", key=3)
    yield sealed("xaes", XAES, "", 1, "destroyed", b"x", key=4)


# --- Seeds ------------------------------------------------------------------------------------------------------


def short(data):
    return bytes([len(data)]) + data


def envelope_seeds():
    yield "value", bytes.fromhex("0101010101") + bytes(40)
    yield "header only", bytes.fromhex("01ffffffff")
    yield "key 0", bytes.fromhex("010000000001")
    yield "version 2", bytes.fromhex("020000000101")
    yield "cut", bytes.fromhex("01000000")
    yield "empty", b""


def open_seeds(values):
    columns = list(COLUMNS)
    for number, value in enumerate(values):
        place = PLACES.index((value["scope"], value["row"]))
        here = bytes([columns.index(value["column"]), place])
        name = f"{number:02} {value['column']}, {value['suite']}"
        yield f"{name}, as it is", here + bytes([number])
        if number % 7 == 0:
            stored = bytes.fromhex(value["sealed"])
            yield f"{name}, as bytes", here + bytes([RAW]) + stored
            yield f"{name}, tag changed", here + bytes([number, 7, len(stored) - 1, 1])
            yield f"{name}, nonce of the next", here + bytes([number, 4, 5, number + 1, 24])
            yield f"{name}, cut", here + bytes([number, 0, len(stored) - 1])
            yield f"{name}, longer", here + bytes([number, 2, 0, 1, 0])
            yield f"{name}, another key", here + bytes([number, 3, 5, 5]) + bytes.fromhex("0102020202")
            yield f"{name}, key unknown", here + bytes([number, 6, 4, 9])
            yield f"{name}, another place", bytes([here[0], (place + 1) % len(PLACES), number])
            yield f"{name}, another column", bytes([(here[0] + 1) % len(columns), place, number])
    migrating, everything = columns.index("migrating"), columns.index("everything")
    yield "migrating, text", bytes([migrating, 0, RAW]) + b"still plaintext"
    yield "migrating, number", bytes([everything, 0, RAW]) + b"-12.5e3"
    yield "migrating, JSON", bytes([everything, 0, RAW]) + b'{"a":[1,null,true,"\\u00e9"]}'
    yield "migrating, UUID", bytes([migrating, 3, RAW]) + b"01020304-0506-0708-090a-0b0c0d0e0f10"
    yield "not sealed, text", bytes([0, 0, RAW]) + b"still plaintext"
    yield "empty", b""


RECORD = {
    "id": 7,
    "scope": "a",
    "state": "active",
    "commitment": bytes(range(32)).hex(),
    "wrapped": [{"kek": "local:x", "blob": "AQI="}],
    "created": -1,
    "revision": 3,
}


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def columns_of(record, state, wrapped):
    numbers = struct.pack(">qqq", record["id"], record["created"], record["revision"])
    commitment = bytes.fromhex(record["commitment"])
    return b"\1" + numbers + state + short(record["scope"].encode()) + short(commitment) + wrapped.encode()


def key_record_seeds():
    other = {**RECORD, "id": 0xFFFFFFFF, "scope": "", "state": "destroyed", "wrapped": [], "revision": 2**63}
    for name, record in (
        ("record", RECORD),
        ("destroyed", other),
        ("two copies", {**RECORD, "wrapped": RECORD["wrapped"] * 2}),
        ("id 0", {**RECORD, "id": 0}),
        ("id twice as large", {**RECORD, "id": 2**32}),
        ("commitment in capitals", {**RECORD, "commitment": RECORD["commitment"].upper()}),
        ("commitment short", {**RECORD, "commitment": RECORD["commitment"][2:]}),
        ("loose base64", {**RECORD, "wrapped": [{"kek": "", "blob": "AQJ="}]}),
        ("no such state", {**RECORD, "state": "Active"}),
        ("unknown field", {**RECORD, "extra": None}),
        ("not an object", list(RECORD.values())),
    ):
        yield f"JSON, {name}", b"\0" + compact(record).encode()
    wrapped = compact(RECORD["wrapped"])
    for number, state in enumerate(stores.STATES):
        yield f"columns, {state}", columns_of(RECORD, bytes([number]), wrapped)
    yield "columns, state by name", columns_of(RECORD, b"\xff" + short(b"primary"), wrapped)
    yield "columns, revision -1", columns_of({**RECORD, "revision": -1}, b"\1", wrapped)
    yield "columns, id 0", columns_of({**RECORD, "id": 0}, b"\1", wrapped)
    yield "columns, wrapped is no JSON", columns_of(RECORD, b"\1", wrapped[:-1])


def key_store_seeds():
    def store(*keys, format="fieldseal-keys/1"):
        return compact({"format": format, "keys": keys}).encode()

    primary = {**RECORD, "id": 8, "state": "primary"}
    yield "empty", store()
    yield "one", store(RECORD)
    yield "two", store(RECORD, primary)
    yield "id twice", store(RECORD, RECORD)
    yield "two primaries", store(primary, {**primary, "id": 9})
    yield "two primaries, two scopes", store(primary, {**primary, "id": 9, "scope": ""})
    yield "another format", store(RECORD, format="fieldseal-keys/2")
    yield "cut", store(RECORD)[:-1]
    yield "not an object", compact(["fieldseal-keys/1", [RECORD]]).encode()
    yield "a record that is no object", store(list(RECORD.values()))
    yield "a copy that is no object", store({**RECORD, "wrapped": [list(copy.values()) for copy in RECORD["wrapped"]]})


def local_kek_seeds():
    vectors = json.loads((HERE.parent / "tests/vectors/kek_files.json").read_text(encoding="utf-8"))
    for sort in ("files", "refused_files"):
        for file in vectors[sort]:
            if sort == "files" or file["name"] in REFUSED_FILES:
                yield file["name"], file["file"].encode()
    document = json.loads(vectors["files"][0]["file"])
    yield "not an object", compact(list(document.values())).encode()
    entries = [list(entry.values()) for entry in document["keys"]]
    yield "a version that is no object", compact({**document, "keys": entries}).encode()


REFUSED_FILES = (
    "mac with a flipped bit", "another primary", "a version added", "version 0", "a version twice", "no mac", "no keys",
    "key that isn't base64", "id in capitals", "more iterations", "protected: keys swapped", "protection taken off",
    "cut short",
)  # fmt: skip


def context_seeds():
    application, integer_1, text_1, uuid, uuid_text = b"\0", b"\1\1", b"\3\0", b"\2\1", b"\3\6"
    int_5_i8, int_5_i64 = b"\0\5\0", b"\0\5\3"
    text_5, text_ab = b"\2" + short(b"5"), b"\2" + short(b"ab")
    raw, raw_uuid = b"\3" + short(bytes(range(1, 17))), b"\4" + bytes(range(1, 17))

    def row(*elements):
        return bytes([len(elements)]) + b"".join(elements)

    def place(tenant, row, suite=0, bound=0):
        return bytes([0, suite, bound]) + tenant + row

    for suite in range(4):
        yield f"same, suite {suite}", place(application, row(int_5_i8), suite) + b"\0"
        yield f"another row, suite {suite}", place(application, row(int_5_i8), suite) + b"\x10" + row(text_5)
    one = place(integer_1, row(int_5_i8))
    yield "same scope, other type", one + b"\x08" + text_1
    yield "UUID and its text", place(uuid, row(int_5_i8)) + b"\x08" + uuid_text
    yield "UUID and its bytes", place(uuid, row(raw_uuid)) + b"\x10" + row(raw)
    yield "same row, other width", one + b"\x10" + row(int_5_i64)
    yield "integer and text", one + b"\x10" + row(text_5)
    yield "one element and two", place(integer_1, row(text_ab)) + b"\x10" + row(b"\2\1a", b"\2\1b")
    # Without the elements' lengths these would be the same.
    yield "text with a tag in it", place(integer_1, row(b"\2" + short(b"atb"))) + b"\x10" + row(b"\2\1a", b"\2\1b")
    yield "bytes with a tag in them", place(integer_1, row(b"\3" + short(b"\1b\2"))) + b"\x10" + row(b"\3\1\1", b"\3\1\2")
    yield "no row", one + b"\x10" + row()
    yield "no row and unbound", place(integer_1, row()) + b"\x14\3" + row(int_5_i8)
    yield "unbound, another row", place(integer_1, row(int_5_i8), 0, 3) + b"\x10" + row(text_5)
    yield "another column", one + b"\1\1"
    yield "another table", one + b"\1\2"
    yield "another suite", one + b"\2\3"
    yield "another tenant", one + b"\x08" + application


def files():
    values = list(genuine())
    lines = ",\n".join(compact(value) for value in values)
    yield HERE / "checks" / "sealed.json", f"[\n{lines}\n]\n".encode()
    for target, seeds in (
        ("context", context_seeds()),
        ("envelope", envelope_seeds()),
        ("key_record", key_record_seeds()),
        ("key_store", key_store_seeds()),
        ("local_kek", local_kek_seeds()),
        ("open", open_seeds(values)),
    ):
        for name, content in seeds:
            plain = "".join(c if c.isalnum() and c.isascii() else "-" for c in name).lower()
            yield HERE / "corpus" / target / plain, content


def main():
    unknown = set(sys.argv[1:]) - {"--check"}
    if unknown:
        sys.exit(f"unknown: {', '.join(sorted(unknown))}\n\n{__doc__}")
    listed = list(files())
    all_files = dict(listed)
    assert len(all_files) == len(listed), "two seeds of one name"
    changed = [path for path, content in all_files.items() if not path.exists() or path.read_bytes() != content]
    if "--check" in sys.argv:
        if changed:
            sys.exit("would change: " + ", ".join(str(path.relative_to(HERE)) for path in changed))
        return
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(all_files[path])
    print(f"{len(all_files)} files, {len(changed)} of them written")


if __name__ == "__main__":
    main()
