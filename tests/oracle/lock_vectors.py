"""tests/vectors/locks.json: schema locks, read and refused. tests/vectors/places.json: scopes and row ids of columns."""

from dataclasses import asdict

import fieldseal_format as f
import fieldseal_lock as l

PLAIN = {"table": "patients", "column": "name", "kind": "text", "suite": "xaes-256-gcm", "row": ["id: int"],
         "padded": False, "hide_null": False, "stored_in": "patients.name"}


def toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else str(value)


def entry(without=(), **changes):
    fields = {name: value for name, value in (PLAIN | changes).items() if name not in without}
    return "\n[[column]]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in fields.items())


def lock(*entries, head="version = 1\n"):
    return head + "".join(entries)


def one(**changes):
    return lock(entry(**changes))


def read():
    return {
        "no column": lock(),
        "one column": one(),
        "comments, and fields in another order": "# sealed\n" + lock(
            "\n[[column]] # the first\n" + "".join(reversed(entry().splitlines(keepends=True)[2:]))),
        "every field": one(previous_suite="aes-256-siv", scope="org: uuid", padded=True, hide_null=True, base64=True,
                           pad=16, size=500, migrating=True),
        "optional fields that are false": one(base64=False, migrating=False),
        "not bound to a row": one(row=[]),
        "a row id of four columns": one(row=["a: int", "b: text", "c: bytes", "d: uuid"]),
        "aes-256-siv with a row id": one(suite="aes-256-siv"),
        "a name with a colon": one(row=["a: b: int"], scope=": text"),
        "a name with a full stop": one(stored_in="app.patients.name"),
        "logical names that aren't the database's": one(table="患者", column="a.b \"c\"", stored_in="t.c"),
        "a scope of integers": one(scope="org_id: int"),
        "a scope of text": one(scope="org: text"),
        "the previous suite is the present one": one(previous_suite="xaes-256-gcm"),
        "a kind of the program's own": one(kind="money"),
        "pad without padded": one(pad=1),
        "padded to the least": one(padded=True, pad=2),
        "padded to the most": one(padded=True, pad=65_536),
        "size too small for any value": one(size=1),
        "the same column in two tables": lock(entry(), entry(table="doctors", stored_in="doctors.name")),
    }  # fmt: skip


def refused():
    cases = {
        "empty": "",
        "not TOML": "version: 1\n",
        "JSON": '{"version": 1}\n',
        "version 0": lock(entry(), head="version = 0\n"),
        "version 2": lock(entry(), head="version = 2\n"),
        "version as text": lock(entry(), head='version = "1"\n'),
        "version as a float": lock(entry(), head="version = 1.0\n"),
        "no version": lock(entry(), head=""),
        "version behind the columns": entry() + "\nversion = 1\n",
        "another field in the file": lock(entry(), head='version = 1\nnote = "x"\n'),
        "one table instead of a list": lock(entry()).replace("[[column]]", "[column]"),
        "a column twice": lock(entry(), entry(kind="i64")),
        "a field twice": one() + 'kind = "text"\n',
        "another field in a column": one(note="x"),
        "empty table": one(table=""),
        "empty column": one(column=""),
        "an unknown suite": one(suite="aes-128-gcm"),
        "a suite in capitals": one(suite="XAES-256-GCM"),
        "an unknown previous suite": one(previous_suite="none"),
        "row as text": one(row="id: int"),
        "row of integers": one(row=[1]),
        "row without a kind": one(row=["id"]),
        "row without a space": one(row=["id:int"]),
        "row of an unknown kind": one(row=["id: i64"]),
        "scope without a kind": one(scope="org"),
        "scope of an unknown kind": one(scope="org: i64"),
        "hide_null without padded": one(hide_null=True),
        "padded as a number": one(padded=1),
        "padded without pad": one(padded=True),
        "pad 0": one(padded=True, pad=0),
        "pad 1": one(padded=True, pad=1),
        "pad 65,537": one(padded=True, pad=65_537),
        "negative pad": one(pad=-1),
        "size as text": one(size="255"),
        "negative size": one(size=-1),
        "size of 33 bits": one(size=2**32),
        "stored_in without a full stop": one(stored_in="name"),
        "migrating as text": one(migrating="true"),
    }  # fmt: skip
    cases |= {f"without {name}": one(without=[name]) for name in PLAIN}
    return cases


def locks():
    good = [{"name": name, "lock": text, "columns": [asdict(c) for c in l.read_lock(text)]}
            for name, text in read().items()]
    for name, text in refused().items():
        try:
            l.read_lock(text)
        except f.FormatError as e:
            assert e.kind == "lock", name
        else:
            raise AssertionError(f"{name} is read")
    return {"about": "read: schema locks, and what their columns are, each in the order of the lock; row and scope are "
                     "pairs of name and kind, stored_in is the table and the column. refused: texts that are no locks.",
            "read": good, "refused": [{"name": name, "lock": text} for name, text in refused().items()]}


# --- places.json ----------------------------------------------------------------------------------------------------

DATA_KEY, KEY_ID = bytes(range(0x20, 0x40)), 0x2A4D3F51
UUID = "67e55044-10b1-426f-9247-bb680e5fe0c8"
UUID_BYTES = bytes.fromhex(UUID.replace("-", ""))

SCOPES = (
    ("an integer", "int", 42, "42"),
    ("0", "int", 0, "0"),
    ("a negative integer", "int", -7, "-7"),
    ("i64 min", "int", -(2**63), "-9223372036854775808"),
    ("u64 max", "int", 2**64 - 1, "18446744073709551615"),
    ("an integer that the database keeps as text", "int", "007", "7"),
    ("text", "text", "north", "north"),
    ("text of digits", "text", "007", "007"),
    ("text with spaces and capitals", "text", " North ", " North "),
    ("text that is decomposed", "text", "e\u0301", "e\u0301"),
    ("a UUID as bytes", "uuid", UUID_BYTES, UUID),
    ("a UUID as text", "uuid", UUID, UUID),
    ("a UUID as text in capitals", "uuid", UUID.upper(), UUID),
    ("a UUID as text without hyphens", "uuid", UUID.replace("-", ""), UUID),
    ("a UUID's text of kind text", "text", UUID.upper(), UUID.upper()),
    ("empty text", "text", "", "!empty_scope"),
    ("text of 65,536 bytes", "text", "é" * 32_768, "!long_scope"),
)

# The hex is written out by hand: what stands behind lp's length in the AAD.
ROWS = (
    ("an integer", ["int"], [42], "69000000023432"),
    ("a negative integer", ["int"], [-7], "69000000022d37"),
    ("an integer that the database keeps as text", ["int"], ["042"], "69000000023432"),
    ("u64 max", ["int"], [2**64 - 1], "69000000143138343436373434303733373039353531363135"),
    ("text of digits", ["text"], ["042"], "7400000003303432"),
    ("empty text", ["text"], [""], "7400000000"),
    ("bytes", ["bytes"], [b"\x00\xff"], "620000000200ff"),
    ("no bytes", ["bytes"], [b""], "6200000000"),
    ("a UUID as bytes", ["uuid"], [UUID_BYTES], "620000001067e5504410b1426f9247bb680e5fe0c8"),
    ("a UUID as text", ["uuid"], [UUID], "620000001067e5504410b1426f9247bb680e5fe0c8"),
    ("a UUID as text in capitals", ["uuid"], [UUID.upper()], "620000001067e5504410b1426f9247bb680e5fe0c8"),
    ("a UUID's text of kind text", ["text"], ["ab-CD"], "740000000561622d4344"),
    ("a UUID's bytes of kind bytes", ["bytes"], [UUID_BYTES], "620000001067e5504410b1426f9247bb680e5fe0c8"),
    ("three columns", ["int", "text", "uuid"], [4, "ab", UUID],
     "6900000001347400000002616262000000" + "1067e5504410b1426f9247bb680e5fe0c8"),
)  # fmt: skip


def typed(content):
    return {int: "integer", str: "text", bytes: "bytes"}[type(content)], content


def shown(content):
    sql_type, content = typed(content)
    return {sql_type: content.hex() if isinstance(content, bytes) else str(content)}


def sealed(scope, row):
    nonce = bytes(range(0x80, 0x98))
    return f.seal_value(DATA_KEY, KEY_ID, "xaes-256-gcm", "patients", "name", scope, row, nonce, b"Ada").hex()


def places():
    scopes, rows = [], []
    for name, kind, content, expect in SCOPES:
        case = {"name": name, "kind": kind, "stored": shown(content)}
        try:
            scope = l.scope_of(kind, *typed(content))
            assert scope == expect, name
            scopes.append({**case, "scope": scope, "sealed": sealed(scope, None)})
        except f.FormatError as e:
            assert "!" + e.kind == expect, name
            scopes.append({**case, "refused": e.kind})
    for name, kinds, contents, expect in ROWS:
        row = l.row_of([(kind, *typed(content)) for kind, content in zip(kinds, contents, strict=True)])
        assert b"".join(f.row_element(e) for e in row).hex() == expect, name
        rows.append({"name": name, "kinds": kinds, "stored": [shown(c) for c in contents], "row": expect,
                     "sealed": sealed("42", row)})
    return {"about": "What the columns of a row make of its scope and of its id. stored: the SQL type, and what is in it "
                     "(bytes in hex, integers in decimal). sealed: the text Ada in the column name of patients, with "
                     "that scope and no row id, and for rows in the scope 42 with that row id. row: what stands behind "
                     "the length in the AAD.",
            "data_key": DATA_KEY.hex(), "key_id": KEY_ID, "suite": "xaes-256-gcm", "table": "patients", "column": "name",
            "scopes": scopes, "rows": rows}
