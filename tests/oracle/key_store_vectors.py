"""tests/vectors/key_stores.json: key files, rows of the table, records, and the name of each refusal.

What docs/format-keys.md says under "Which check comes first", for key stores and for the files and copies that are
already in kek_files.json without a name.
"""

import json

import fieldseal_format as f
import fieldseal_keys as k
import fieldseal_stores as stores
import worked_examples

KEY_ID, DATA_KEY = 7, bytes(range(0xA0, 0xC0))
COLUMN = {"suite": "xaes-256-gcm", "table": "patients", "column": "name", "row": None}


def name_of(action):
    """The name of the refusal."""
    try:
        action()
    except f.FormatError as e:
        return e.kind, str(e)
    raise AssertionError("accepted what should be refused")


def as_text(document):
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


class Store:
    """One good key record, and what can be wrong with it."""

    def __init__(self):
        self.kek_file, *_ = worked_examples.kek_file(bytes(range(16)).hex(), bytes(range(32)), None, None, None)
        self.kek = k.LocalKek(self.kek_file)
        self.good = self.record()

    def record(self, key_id=KEY_ID, scope="", data_key=DATA_KEY, kek=None, committed=None, **changes):
        """As a key file has it."""
        committed = committed or k.commitment(data_key, key_id, scope)
        blob = self.kek.wrap(data_key, k.binding(key_id, scope, committed), 1, bytes(range(0xC0, 0xD8)))
        copy = {"kek": kek or self.kek.name, "blob": f.to_base64(blob)}
        return {"id": key_id, "scope": scope, "state": "primary", "commitment": committed.hex(), "wrapped": [copy],
                "created": 1_767_225_600, "revision": 1, **changes}

    def key_file(self, *keys, **fields):
        return as_text({"format": "fieldseal-keys/1", "keys": list(keys), **fields})


def good_files(s):
    others = [s.record(9, scope="42"), s.record(8, scope="42", state="active"),
              s.record(0xFFFFFFFF, "Zürich 🏥", created=-1)]
    compact = json.dumps({"keys": [s.good], "format": "fieldseal-keys/1"}, separators=(",", ":"))
    ended = (s.record(1, state="staged"), s.record(2, state="destroyed", wrapped=[]))
    cases = (
        ("no keys", s.key_file()),
        ("one key", s.key_file(s.good)),
        ("several scopes", s.key_file(s.good, *others)),
        ("fields in another order, no white space", compact),
        ("escapes", s.key_file(s.good).replace('"primary"', '"\\u0070rimary"')),
        ("a staged and a destroyed key", s.key_file(*ended)),
    )
    return [{"name": name, "file": text, "ids": sorted(stores.keys_from_text(text))} for name, text in cases]


def refused_files(s):
    good, text = s.good, s.key_file(s.good)
    copy = good["wrapped"][0]
    keys = {
        "id 0": {"id": 0},
        "id of 33 bits": {"id": 2**32},
        "negative id": {"id": -7},
        "id as text": {"id": "7"},
        "id as a float": {"id": 7.0},
        "an unknown state": {"state": "suspended"},
        "state in capitals": {"state": "Primary"},
        "scope null": {"scope": None},
        "scope of 65,536 bytes": {"scope": "x" * 65_536},
        "commitment in capitals": {"commitment": good["commitment"].upper()},
        "commitment of 31 bytes": {"commitment": good["commitment"][2:]},
        "commitment in base64": {"commitment": f.to_base64(bytes.fromhex(good["commitment"]))},
        "wrapped as text": {"wrapped": json.dumps(good["wrapped"])},
        "wrapped as an object": {"wrapped": copy},
        "wrapped null": {"wrapped": None},
        "a copy as a list": {"wrapped": [list(copy.values())]},
        "a copy without kek": {"wrapped": [{"blob": copy["blob"]}]},
        "a copy with another field": {"wrapped": [{**copy, "version": 1}]},
        "a blob in hex": {"wrapped": [{**copy, "blob": f.from_base64(copy["blob"]).hex() + "0"}]},
        "a blob without padding": {"wrapped": [{**copy, "blob": copy["blob"].rstrip("=")}]},
        "created as text": {"created": "2026-01-01"},
        "created null": {"created": None},
        "negative revision": {"revision": -1},
        "an unknown field": {"note": "mine"},
    }
    cases = {name: s.key_file({**good, **changes}) for name, changes in keys.items()}
    cases |= {f"without {name}": s.key_file({n: v for n, v in good.items() if n != name}) for name in good}
    cases |= {
        "empty": "",
        "not JSON": "fieldseal-keys/1\n",
        "a list": "[]\n",
        "cut short": text[:-8],
        "more behind it": text + "{}",
        "a byte order mark": "\ufeff" + text,
        "no format": as_text({"keys": [good]}),
        "no list of keys": as_text({"format": "fieldseal-keys/1"}),
        "another format": s.key_file(good, format="fieldseal-keys/2"),
        "another field": s.key_file(good, note=1),
        "the keys as an object": as_text({"format": "fieldseal-keys/1", "keys": {"7": good}}),
        "a key as a list": s.key_file(list(good.values())),
        "a field twice": text.replace('"state": "primary"', '"state": "primary",\n      "state": "active"'),
        "a key id twice": s.key_file(good, s.record(state="active")),
        "two primary keys of a scope": s.key_file(good, s.record(8)),
    }
    for name, source in cases.items():
        assert name_of(lambda: stores.keys_from_text(source))[0] in ("damaged", "malformed"), name
    return [{"name": name, "file": source, "expect": "damaged"} for name, source in cases.items()]


def refused_rows(s):
    """Rows whose columns have the right types, but not the right values."""
    row = [s.good[name] for name in stores.KEY_FIELDS]
    row[3], row[4] = bytes.fromhex(row[3]), json.dumps(row[4], separators=(",", ":"))
    assert stores.record_from_row(row).data_key(s.kek) == DATA_KEY
    at, too_long = dict(zip(stores.KEY_FIELDS, range(7))), f.to_base64(bytes(65_537))
    cases = (
        ("id 0", "id", 0),
        ("negative id", "id", -1),
        ("id of 33 bits", "id", 2**32),
        ("scope of 65,536 bytes", "scope", "x" * 65_536),
        ("an unknown state", "state", "suspended"),
        ("state in capitals", "state", "PRIMARY"),
        ("empty state", "state", ""),
        ("commitment of 31 bytes", "commitment", row[3][:31]),
        ("commitment of 33 bytes", "commitment", row[3] + b"\0"),
        ("empty commitment", "commitment", b""),
        ("wrapped that isn't JSON", "wrapped", "local"),
        ("empty wrapped", "wrapped", ""),
        ("wrapped null", "wrapped", "null"),
        ("wrapped as an object", "wrapped", row[4][1:-1]),
        ("wrapped with more behind it", "wrapped", row[4] + "x"),
        ("a copy with another field", "wrapped", row[4].replace("}", ',"n":1}')),
        ("a copy with a field twice", "wrapped", row[4].replace("}", ',"kek":"local:0"}')),
        ("a blob that isn't base64", "wrapped", '[{"kek":"local:0","blob":"*"}]'),
        ("a blob of 64 KiB and one byte", "wrapped", json.dumps([{"kek": "local:0", "blob": too_long}])),
        ("negative revision", "revision", -1),
    )
    result = []
    for name, column, value in cases:
        bad = [value if i == at[column] else v for i, v in enumerate(row)]
        kind, message = name_of(lambda: stores.record_from_row(bad))
        assert kind == "malformed" and message.startswith(column), (name, message)
        shown = [v.hex() if isinstance(v, bytes) else v for v in bad]
        result.append({"name": name, "row": dict(zip(stores.KEY_FIELDS, shown)), "expect": column})
    return result


def records(s):
    """Well-formed records, and what comes of a value that names them."""
    wrong = k.commitment(bytes(32), KEY_ID, "")
    blob = f.from_base64(s.good["wrapped"][0]["blob"])

    def copies(*blobs):
        return [{"kek": s.kek.name, "blob": f.to_base64(b)} for b in blobs]

    cases = (
        *((state, "opens", s.record(state=state)) for state in ("staged", "primary", "active")),
        ("retired", "retired_key", s.record(state="retired")),
        ("destroyed", "destroyed_key", s.record(state="destroyed", wrapped=[])),
        ("destroyed, but its copy is still there", "destroyed_key", s.record(state="destroyed")),
        ("retired, of a KEK that isn't there", "retired_key", s.record(state="retired", kek="local:" + "0" * 32)),
        ("no copy", "no_copy", s.record(wrapped=[])),
        ("only under another KEK", "not_found", s.record(kek="local:" + "f" * 32)),
        ("a KEK's name in capitals", "not_found", s.record(kek=s.kek.name.upper())),
        ("under another KEK too", "opens", s.record(wrapped=[{"kek": "aws-kms:x", "blob": ""}, *copies(blob)])),
        ("a damaged copy before a good one", "opens", s.record(wrapped=copies(blob[:-1] + b"\0", blob))),
        ("an empty copy", "rejected", s.record(wrapped=copies(b""))),
        ("a copy of 78 bytes", "rejected", s.record(wrapped=copies(blob + b"\0"))),
        ("a copy that begins with 02", "rejected", s.record(wrapped=copies(b"\x02" + blob[1:]))),
        ("a version that isn't in the file", "not_found", s.record(wrapped=copies(blob[:4] + b"\x02" + blob[5:]))),
        ("a flipped bit", "rejected", s.record(wrapped=copies(blob[:40] + bytes([blob[40] ^ 1]) + blob[41:]))),
        ("the copy of another key id", "rejected", s.record(wrapped=s.record(8)["wrapped"])),
        ("the copy of another scope", "rejected", s.record(wrapped=s.record(scope="42")["wrapped"])),
        ("another commitment than the copy's", "rejected", s.record(commitment=wrong.hex())),
        ("another commitment than the key's", "wrong_key", s.record(committed=wrong)),
    )
    result = []
    for name, expect, record in cases:
        parsed = stores.keys_from_text(s.key_file(record))[KEY_ID]

        def load():
            parsed.check_opens()
            assert parsed.data_key(s.kek) == DATA_KEY

        if expect == "opens":
            load()
        else:
            assert name_of(load)[0] == expect, name
        result.append({"name": name, "file": s.key_file(record), "expect": expect})
    return result


def names_of_kek_files(vectors):
    """Those of kek_files.json, which has no names of refusals."""
    files = [{"name": c["name"], "expect": name_of(lambda: k.LocalKek(c["file"], c["passphrase"]))[0]}
             for c in vectors["refused_files"]]
    plain = k.LocalKek(next(c["file"] for c in vectors["files"] if c["name"] == "plain"))

    def unwrap(case):
        return plain.unwrap(bytes.fromhex(case["blob"]), bytes.fromhex(case["binding"]))

    blobs = [{"name": c["name"], "expect": name_of(lambda: unwrap(c))[0]} for c in vectors["refused_blobs"]]
    return files, blobs


def key_stores(kek_file_vectors):
    s = Store()
    names = (COLUMN["suite"], COLUMN["table"], COLUMN["column"])
    sealed = f.seal_value(DATA_KEY, KEY_ID, *names, "", None, bytes(range(0xD8, 0xF0)), b"Ada")
    files, blobs = names_of_kek_files(kek_file_vectors)
    return {"about": "Key stores. kek_file: the KEK of all of them. key_files: must be read; ids are the keys in them. "
                     "refused_key_files: can't be read whole. refused_rows: rows of the table, with commitment in hex; "
                     "expect is the column that is wrong. records: key files with one key; expect is what comes of "
                     "opening `sealed`, which is the text Ada in `column`. refused_files and refused_blobs: the name of "
                     "the refusal of each case of those lists in kek_files.json.",
            "kek_file": s.kek_file, "column": COLUMN, "sealed": sealed.hex(),
            "key_files": good_files(s), "refused_key_files": refused_files(s), "refused_rows": refused_rows(s),
            "records": records(s), "refused_files": files, "refused_blobs": blobs}
