"""tests/vectors/damage.json: what damage in a key store or a KEK file keeps from being read, and what not.

What docs/format-keys.md says under "Which check comes first", where key_stores.json has no case.
"""

import json

import fieldseal_format as f
import fieldseal_keys as k
import fieldseal_stores as stores
from key_store_vectors import COLUMN, Store, as_text, name_of

# The application's key, and two of a tenant.
GOOD, FIRST, SECOND = 7, 8, 9
TENANT = "42"
DATA_KEYS = {GOOD: bytes(range(0xA0, 0xC0)), FIRST: bytes(range(0x20, 0x40)), SECOND: bytes(range(0x40, 0x60))}
SCOPES = {GOOD: "", FIRST: TENANT, SECOND: TENANT}


def record(s, key_id, **changes):
    return s.record(key_id, SCOPES[key_id], DATA_KEYS[key_id], **changes)


def sealed(key_id):
    names = (COLUMN["suite"], COLUMN["table"], COLUMN["column"])
    nonce = bytes(range(key_id, key_id + 24))
    return f.seal_value(DATA_KEYS[key_id], key_id, *names, SCOPES[key_id], None, nonce, b"Ada").hex()


def judged(s, store):
    """What is told of the store, and what comes of opening each value and of sealing for each scope."""

    def opened(key_id):
        found = store.get(key_id)
        found.check_opens()
        assert found.data_key(s.kek) == DATA_KEYS[key_id]

    def outcome(action, well):
        try:
            action()
        except f.FormatError as e:
            return e.kind
        return well

    return {
        "damaged": [{"id": key_id, "column": column} for key_id, column in store.told()],
        "opens": {str(key_id): outcome(lambda: opened(key_id), "opens") for key_id in DATA_KEYS},
        "seals": {scope: outcome(lambda: store.primary(scope), "seals") for scope in ("", TENANT)},
    }


# --- Key files ------------------------------------------------------------------------------------------------------


def key_files(s):
    """One record is changed, the others are good. (name, the file, the column that is told of or None)"""
    good, first, second = (record(s, key_id) for key_id in DATA_KEYS)
    second["state"] = "active"
    copy = first["wrapped"][0]

    def beside(*entries):
        return s.key_file(good, *entries, second)

    def changed(**changes):
        return beside({**first, **changes})

    def without(*names):
        return beside({n: v for n, v in first.items() if n not in names})

    whole = beside(first)
    twice = whole.replace('"state": "primary"', '"state": "primary",\n      "state": "retired"')
    nested = whole.replace('"blob"', '"kek": "local:0",\n          "blob"')
    at = whole.index('"id": 8')
    return (
        ("nothing is damaged", whole, None),
        ("no other record", s.key_file(good), None),
        ("id 0", changed(id=0), "id"),
        ("id as text", changed(id="8"), "id"),
        ("id as a float", changed(id=8.0), "id"),
        ("id of 33 bits", changed(id=2**32 + 8), "id"),
        ("no id", without("id"), "id"),
        ("scope null", changed(scope=None), "scope"),
        ("scope of 65,536 bytes", changed(scope="x" * 65_536), "scope"),
        ("no scope", without("scope"), "scope"),
        ("an unknown state", changed(state="suspended"), "state"),
        ("a state that says nothing of sealing", changed(state="active"), None),
        ("commitment in capitals", changed(commitment=first["commitment"].upper()), "commitment"),
        ("commitment of 31 bytes", changed(commitment=first["commitment"][2:]), "commitment"),
        ("wrapped as text", changed(wrapped=json.dumps(first["wrapped"])), "wrapped"),
        ("wrapped null", changed(wrapped=None), "wrapped"),
        ("a copy with another field", changed(wrapped=[{**copy, "version": 1}]), "wrapped"),
        ("a copy that isn't base64", changed(wrapped=[{**copy, "blob": "*"}]), "wrapped"),
        ("a damaged copy beside a good one", changed(wrapped=[copy, {**copy, "blob": "*"}]), "wrapped"),
        ("destroyed, and wrapped is damaged", changed(state="destroyed", wrapped=None), "wrapped"),
        ("destroyed", changed(state="destroyed", wrapped=[]), None),
        ("created as text", changed(created="2026-01-01"), "created"),
        ("created of minus nought", whole[:at] + whole[at:].replace("1767225600", "-0", 1), "created"),
        ("no created", without("created"), "created"),
        ("an unknown field", changed(note="mine"), "entry"),
        ("an unknown field, and no revision", beside({n: v for n, v in {**first, "note": 1}.items() if n != "revision"}),
         "entry"),
        ("an unknown field, and another scope's", changed(note="mine", scope=0), "scope"),
        ("revision 0", changed(revision=0), None),
        ("revision of 64 bits", changed(revision=2**64 - 1), None),
        ("revision of 65 bits", changed(revision=2**64), "revision"),
        ("negative revision", changed(revision=-1), "revision"),
        ("the first of two that are wrong", changed(state="", commitment=""), "state"),
        ("values before later types", changed(commitment="", created=None), "commitment"),
        ("a record as a list", beside(list(first.values())), "entry"),
        ("a record as text", beside("8"), "entry"),
        ("a record null", beside(None), "entry"),
        ("a field twice", whole[:at] + twice[twice.index('"id": 8'):], "entry"),
        ("a field twice in a copy", whole[:at] + nested[nested.index('"id": 8'):], "entry"),
        ("the same record twice", beside(first, first), "id"),
        ("an id twice, in two scopes", beside(first, {**first, "scope": "43"}), "id"),
        ("an id twice, one of them damaged", beside(first, {**first, "state": ""}), "state"),
        ("two primaries of a scope", s.key_file(good, first, {**second, "state": "primary"}), "state"),
        ("a second primary that is damaged", s.key_file(good, first, {**second, "state": "primary", "revision": -1}),
         "revision"),
    )  # fmt: skip


def damaged_files(s):
    """The file as a whole: no record of it is read."""
    good = record(s, GOOD)
    whole = s.key_file(good)
    deep = '{"format": "fieldseal-keys/1", "keys": [' + "[" * 126 + "]" * 126 + "]}"
    return (
        ("format twice", whole.replace('"format"', '"format": "fieldseal-keys/1",\n  "format"')),
        ("keys twice", whole.replace('"keys"', '"keys": [],\n  "keys"')),
        ("format null", s.key_file(good, format=None)),
        ("keys null", as_text({"format": "fieldseal-keys/1", "keys": None})),
        ("half of a surrogate pair in a record", whole.replace('"primary"', '"\\ud800"')),
        ("a number that is infinite", whole.replace(": 1\n", ": 1e999\n")),
        ("NaN", whole.replace(": 1\n", ": NaN\n")),
        ("nested 128 deep", deep),
    )


# --- Tables ---------------------------------------------------------------------------------------------------------


def tables(s):
    """Rows as SQLite takes them where the table has neither checks nor indexes."""

    def row(key_id, **changes):
        columns = record(s, key_id)
        columns |= {"commitment": bytes.fromhex(columns["commitment"]), "wrapped": json.dumps(columns["wrapped"])}
        return list((columns | changes).values())

    good, second = row(GOOD), row(SECOND, state="active")

    def changed(**changes):
        return [good, row(FIRST, **changes), second]

    return (
        ("nothing is damaged", changed()),
        ("id NULL", changed(id=None)),
        ("id 0", changed(id=0)),
        ("scope as bytes", changed(scope=TENANT.encode())),
        ("an unknown state", changed(state="suspended")),
        ("state NULL", changed(state=None)),
        ("commitment as text", changed(commitment="x" * 32)),
        ("commitment of 31 bytes", changed(commitment=bytes(31))),
        ("wrapped NULL", changed(wrapped=None)),
        ("wrapped as bytes", changed(wrapped=b"[]")),
        ("wrapped with a field twice", changed(wrapped='[{"kek":"local:0","kek":"local:0","blob":""}]')),
        ("destroyed, and wrapped is damaged", changed(state="destroyed", wrapped="null")),
        ("created as a float", changed(created=1.5)),
        ("revision NULL", changed(revision=None)),
        ("revision 0", changed(revision=0)),
        ("negative revision", changed(revision=-1)),
        ("types before values", changed(state="", created="x")),
        ("the first of two values that are wrong", changed(state="", revision=-1)),
        ("the same record twice", [good, row(FIRST), row(FIRST), second]),
        ("an active record twice", [good, row(FIRST), second, second]),
        ("two primaries of a scope", [good, row(FIRST), row(SECOND)]),
        ("a second primary that is damaged", [good, row(FIRST), row(SECOND, revision=-1)]),
    )  # fmt: skip


def shown(value):
    return {"bytes": value.hex()} if isinstance(value, bytes) else value


# --- Copies ---------------------------------------------------------------------------------------------------------


def copies(s):
    """The key of a value, in several copies under the KEK: which refusal is told."""
    committed = k.commitment(DATA_KEYS[GOOD], GOOD, "")
    wrong = k.commitment(bytes(32), GOOD, "")

    def wrap(commitment):
        return s.kek.wrap(DATA_KEYS[GOOD], k.binding(GOOD, "", commitment), 1, bytes(range(0xC0, 0xD8)))

    good, other = wrap(committed), wrap(wrong)
    bad, gone = good[:-1] + bytes([good[-1] ^ 1]), good[:4] + b"\x02" + good[5:]
    cases = (
        ("the last of 16 is good", committed, [bad] * 15 + [good], "opens"),
        ("the last of 17 is good", committed, [bad] * 16 + [good], "rejected"),
        ("rejected, then of no version", committed, [bad, gone], "rejected"),
        ("of no version, then rejected", committed, [gone, bad], "not_found"),
        ("rejected, then another key", wrong, [bad, other], "wrong_key"),
        ("another key, then rejected", wrong, [other, bad], "wrong_key"),
        ("of no version, then another key", wrong, [gone, other], "wrong_key"),
    )
    result = []
    for name, commitment, blobs, expect in cases:
        wrapped = [{"kek": s.kek.name, "blob": f.to_base64(blob)} for blob in blobs]
        text = s.key_file(s.record(GOOD, commitment=commitment.hex(), wrapped=wrapped))
        found = stores.key_store_from_text(text).get(GOOD)
        if expect == "opens":
            assert found.data_key(s.kek) == DATA_KEYS[GOOD], name
        else:
            assert name_of(lambda: found.data_key(s.kek))[0] == expect, name
        result.append({"name": name, "file": text, "expect": expect})
    return result


# --- KEK files ------------------------------------------------------------------------------------------------------


def kek_files(s):
    """(name, text, passphrase, the refusal)"""
    plain = json.loads(s.kek_file)
    salt = f.to_base64(bytes(16))
    usual = {"memory_kib": 64, "iterations": 1, "parallelism": 1, "salt": salt}
    entry = plain["keys"][0]

    def file(**changes):
        return as_text({**plain, **changes})

    def locked(**changes):
        keys = [{"version": 1, "key": f.to_base64(bytes(72))}]
        return file(keys=keys, passphrase={**usual, **changes})

    parameters = {
        "memory below 8 KiB a lane": {"memory_kib": 15, "parallelism": 2},
        "no memory": {"memory_kib": 0},
        "memory above 1 GiB": {"memory_kib": 1_048_577},
        "memory of 32 bits": {"memory_kib": 0xFFFFFFFF},
        "no passes": {"iterations": 0},
        "101 passes": {"iterations": 101},
        "no lanes": {"parallelism": 0},
        "65 lanes": {"parallelism": 65, "memory_kib": 1024},
    }
    wrong_types = {
        "memory of 33 bits": locked(memory_kib=2**32),
        "negative passes": locked(iterations=-1),
        "lanes as text": locked(parallelism="1"),
        "passes as a float": locked(iterations=1.0),
        "no salt": file(passphrase={n: v for n, v in usual.items() if n != "salt"}),
        "passphrase as a list": file(passphrase=list(usual.values())),
        "passphrase false": file(passphrase=False),
        "passphrase left out": as_text({n: v for n, v in plain.items() if n != "passphrase"}),
        "primary of 33 bits": file(primary=2**32 + 1),
        "primary as text": file(primary="1"),
        "version of 33 bits": file(keys=[{**entry, "version": 2**32 + 1}]),
        "keys as an object": file(keys={"1": entry["key"]}),
        "an entry as a list": file(keys=[list(entry.values())]),
        "another field": file(note="mine"),
        "another field in an entry": file(keys=[{**entry, "note": "mine"}]),
        "a field twice": s.kek_file.replace('"primary"', '"primary": 1,\n  "primary"'),
        "id null": file(id=None),
        "a key of 73 bytes": file(keys=[{**entry, "key": f.to_base64(bytes(73))}]),
        "a mac of 73 bytes": file(mac=f.to_base64(bytes(73))),
        "a key in the url-safe alphabet": file(keys=[{**entry, "key": "_" + entry["key"][1:]}]),
    }
    no_format = {
        "null": "null\n",
        "a number": "1\n",
        "text": '"fieldseal-kek/1"\n',
        "an empty object": "{}\n",
        "format null": file(format=None),
        "format twice": s.kek_file.replace('"format"', '"format": "fieldseal-kek/1",\n  "format"'),
        "another format, and another field": file(format="fieldseal-kek/2", note="mine"),
    }
    no_json = {
        "more behind it": s.kek_file + "{}",
        "a byte order mark": "\ufeff" + s.kek_file,
        "NaN": s.kek_file.replace(": 1,", ": NaN,"),
        "a comment": "// mine\n" + s.kek_file,
        "half of a surrogate pair": s.kek_file.replace('"fieldseal-kek/1"', '"\\ud800"'),
    }  # fmt: skip
    cases = [("a passphrase for a file without one", s.kek_file, "x", "passphrase_unexpected"),
             ("an empty passphrase for a file without one", s.kek_file, "", "passphrase_unexpected"),
             ("a salt of 15 bytes, and no passphrase", locked(salt=f.to_base64(bytes(15))), None, "bad_field"),
             ("no passphrase, and no passes", locked(iterations=0), None, "passphrase_needed"),
             ("an empty passphrase, and no passes", locked(iterations=0), "", "passphrase_empty"),
             ("no key, and the primary isn't there", file(keys=[]), None, "primary_missing")]
    cases += [(name, locked(**changes), "x", "argon2_params") for name, changes in parameters.items()]
    for refusal, texts in (("malformed", wrong_types), ("unknown_format", no_format), ("not_json", no_json)):
        cases += [(name, text, None, refusal) for name, text in texts.items()]
    for name, text, passphrase, expect in cases:
        got = name_of(lambda: k.LocalKek(text, passphrase))[0]
        assert got == expect, (name, got, expect)
    return [{"name": n, "file": text, "passphrase": phrase, "expect": expect} for n, text, phrase, expect in cases]


def damage():
    s = Store()
    files, rows = [], []
    for name, text, column in key_files(s):
        store = stores.key_store_from_text(text)
        assert {column for _, column in store.told()} == ({column} if column else set()), (name, store.told())
        files.append({"name": name, "file": text, **judged(s, store)})
    for name, text in damaged_files(s):
        assert name_of(lambda: stores.key_store_from_text(text))[0] == "damaged", name
    for name, table in tables(s):
        store = stores.KeyStore(list(map(stores.row_or_damage, table)), is_file=False)
        rows.append({"name": name, "rows": [list(map(shown, row)) for row in table], **judged(s, store)})
    return {"about": "Damage beside what isn't damaged. kek_file: the KEK of all that follow. sealed: by key id, the text "
                     "Ada in `column`, in the key's scope. key_files and tables (rows in the order of the columns on the "
                     "page, bytes as hex): damaged is what is told of the whole store, an id if it can be read and the "
                     "column that is wrong; opens is what comes of opening each of the values; seals is what comes of "
                     "sealing for each scope. damaged_files: key files that are damaged as a whole. copies: key files "
                     "with one key, and what comes of opening its value. kek_files: KEK files that must be refused with "
                     "this passphrase, and the name of the refusal.",
            "kek_file": s.kek_file, "column": COLUMN, "sealed": {str(key_id): sealed(key_id) for key_id in DATA_KEYS},
            "key_files": files, "damaged_files": [{"name": n, "file": text} for n, text in damaged_files(s)],
            "tables": rows, "copies": copies(s), "kek_files": kek_files(s)}
