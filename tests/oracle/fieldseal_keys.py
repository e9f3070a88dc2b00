"""From a KEK to a data key: KEK files, wrapped copies, key stores. From docs/format-keys.md alone.

Each refusal has the name that the page's section "Which check comes first" gives it, in snake_case.
"""

import hashlib
import hmac
import json
import re
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path

from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw

from fieldseal_format import XAES, FormatError, check, from_base64, hkdf, lp, u32

STATES = ("staged", "primary", "active", "retired", "destroyed")
OPENING = STATES[:3]
MAX_BLOB = 65_536
MAX_CELL = 1_048_576


# --- JSON as the page has it ----------------------------------------------------------------------------------------


def strict_json(text):
    """Python's own reader would take repeated fields, NaN, and 1.0 for 1."""

    def once(pairs):
        check(len(dict(pairs)) == len(pairs), "malformed", "a field twice")
        return dict(pairs)

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, object_pairs_hook=once, parse_constant=refuse)


def fields(value, names, what):
    """The fields of an object: all of those, and no others."""
    check(isinstance(value, dict) and set(value) == set(names), "malformed", f"{what}: not exactly {', '.join(names)}")
    return [value[name] for name in names]


def whole(value, low, high, what):
    """A float is no whole number, and neither is a bool, which is an int in Python."""
    check(type(value) is int and low <= value <= high, "malformed", f"{what}: {value!r}")


def text(value, what):
    check(type(value) is str, "malformed", f"{what} isn't text")


def list_of(value, what):
    check(type(value) is list, "malformed", f"{what} isn't a list")
    return value


def stored_base64(value, what):
    text(value, what)
    try:
        return from_base64(value)
    except FormatError as e:
        raise FormatError(e.kind, f"{what}: {e}") from None


# --- What is computed of a data key ---------------------------------------------------------------------------------


def commitment(data_key, key_id, scope):
    return hkdf(data_key, lp("fieldseal/1 commitment") + lp(u32(key_id)) + lp(scope), 32)


def binding(key_id, scope, commitment_bytes):
    return lp("fieldseal/1 data key") + lp(u32(key_id)) + lp(scope) + lp(commitment_bytes)


def aws_context(key_id, scope, commitment_bytes):
    """The encryption context of a data key under AWS KMS: strings by name."""
    plain = all(" " <= c <= "~" for c in scope) and len(scope) <= 256 and scope == scope.strip(" ")
    if scope == "":
        name, value = "fieldseal:scope", "application"
    elif plain:
        name, value = "fieldseal:tenant", scope
    else:
        name, value = "fieldseal:tenant-sha256", hashlib.sha256(scope.encode()).hexdigest()
    return {"fieldseal:format": "fieldseal/1 data key", "fieldseal:key-id": f"{key_id:08x}",
            "fieldseal:commitment": commitment_bytes.hex(), name: value}


# --- The local KEK file ---------------------------------------------------------------------------------------------


def protection(passphrase_object):
    if passphrase_object is None:
        return b""
    p = passphrase_object
    return u32(p["memory_kib"]) + u32(p["iterations"]) + u32(p["parallelism"]) + from_base64(p["salt"])


def kek_file_mac(primary_kek, document):
    """`document` is the file's JSON object; its entries count in the order in which they stand in the file."""
    data = lp("fieldseal-kek/1") + lp(document["id"]) + lp(u32(document["primary"]))
    data += lp(protection(document["passphrase"]))
    for entry in document["keys"]:
        data += lp(u32(entry["version"])) + lp(from_base64(entry["key"]))
    return hmac.digest(hkdf(primary_kek, lp("fieldseal/1 kek file"), 32), data, "sha256")


def file_key(passphrase, p):
    try:
        return hash_secret_raw(passphrase.encode(), from_base64(p["salt"]), p["iterations"], p["memory_kib"],
                               p["parallelism"], 32, Type.ID, version=0x13)
    except Argon2Error as e:
        raise FormatError("argon2_params", f"Argon2 parameters: {e}") from None


def kek_entry_aad(kek_id, version):
    return lp("fieldseal-kek/1") + lp(kek_id) + lp(u32(version))


def _read_document(source):
    """Checks 3 to 5: JSON, its fields and their types, the format's name."""
    try:
        d = strict_json(source)
    except json.JSONDecodeError as e:
        raise FormatError("not_json", str(e)) from None
    named = isinstance(d, dict) and d.get("format") == "fieldseal-kek/1"
    try:
        _, kek_id, primary, keys, passphrase, mac = fields(
            d, ("format", "id", "primary", "keys", "passphrase", "mac"), "the file")
        text(kek_id, "id")
        whole(primary, 0, 0xFFFFFFFF, "primary")
        for entry in list_of(keys, "keys"):
            version, key = fields(entry, ("version", "key"), "an entry")
            whole(version, 0, 0xFFFFFFFF, "version")
            check(len(stored_base64(key, "key")) <= 72, "malformed", "a key is too long")
        if passphrase is not None:
            *parameters, salt = fields(passphrase, ("memory_kib", "iterations", "parallelism", "salt"), "passphrase")
            for parameter in parameters:
                whole(parameter, 0, 0xFFFFFFFF, "a parameter")
            check(len(stored_base64(salt, "salt")) <= 72, "malformed", "the salt is too long")
        check(len(stored_base64(mac, "mac")) <= 72, "malformed", "the mac is too long")
    except FormatError:
        check(named, "unknown_format", "another format, or none")
        raise
    check(named, "unknown_format", "another format")
    return d


def _check_shape(d):
    """Checks 6 to 9."""
    check(re.fullmatch(r"[0-9a-f]{32}", d["id"], re.ASCII), "bad_field", "id isn't 32 lower-case hex digits")
    size, versions = 32 if d["passphrase"] is None else 72, set()
    for entry in d["keys"]:
        check(entry["version"] != 0, "bad_field", "version 0")
        check(entry["version"] not in versions, "duplicate_version", f"version {entry['version']} twice")
        versions.add(entry["version"])
        check(len(from_base64(entry["key"])) == size, "bad_field", f"a key isn't {size} bytes")
    check(len(from_base64(d["mac"])) == 32, "bad_field", "a mac is 32 bytes")
    check(d["primary"] in versions, "primary_missing", "the primary version isn't there")


class LocalKek:
    """What is in a KEK file; everything after the page's checks 1 and 2, which are about a file system."""

    def __init__(self, source, passphrase=None):
        document = _read_document(source)
        _check_shape(document)
        self.name = "local:" + document["id"]
        self.primary = document["primary"]
        self.keks = self._keks(document, passphrase)
        mac = kek_file_mac(self.keks[self.primary], document)
        check(hmac.compare_digest(mac, from_base64(document["mac"])), "mac_mismatch", "KEK file: mac differs")

    def _keks(self, document, passphrase):
        entries = {e["version"]: from_base64(e["key"]) for e in document["keys"]}
        p = document["passphrase"]
        if p is None:
            # Taking the file anyway would let somebody swap a protected file for one of their own.
            check(passphrase is None, "passphrase_unexpected", "a passphrase for a file that has none")
            return entries
        check(len(from_base64(p["salt"])) == 16, "bad_field", "a salt is 16 bytes")
        check(passphrase is not None, "passphrase_needed", "this KEK file needs its passphrase")
        check(passphrase != "", "passphrase_empty", "the passphrase is empty")
        lanes = p["parallelism"]
        in_range = 1 <= lanes <= 64 and 1 <= p["iterations"] <= 100 and 8 * lanes <= p["memory_kib"] <= 1_048_576
        check(in_range, "argon2_params", "Argon2 parameters out of range")
        key = file_key(passphrase, p)
        try:
            return {v: XAES.decrypt(key, e, kek_entry_aad(document["id"], v)) for v, e in entries.items()}
        except FormatError as e:
            raise FormatError("wrong_passphrase", str(e)) from None

    def _wrapping(self, version, bound):
        check(version in self.keks, "not_found", f"no KEK version {version}")
        return hkdf(self.keks[version], lp("fieldseal/1 wrap"), 32), lp(self.name) + lp(u32(version)) + lp(bound)

    def tink_key(self, version):
        return hkdf(self.keks[version], lp("fieldseal/1 tink keyset"), 32)

    def wrap(self, data_key, bound, version, nonce):
        key, aad = self._wrapping(version, bound)
        return b"\x01" + u32(version) + XAES.encrypt(key, nonce, data_key, aad)

    def unwrap(self, blob, bound):
        check(len(blob) == 77 and blob[0] == 1, "rejected", "not a wrapped data key")
        key, aad = self._wrapping(struct.unpack(">I", blob[1:5])[0], bound)
        return XAES.decrypt(key, blob[5:], aad)


# --- The key store --------------------------------------------------------------------------------------------------


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
        for blob in blobs:
            try:
                key = kek.unwrap(blob, binding(self.id, self.scope, self.commitment))
                check(commitment(key, self.id, self.scope) == self.commitment, "wrong_key", f"key {self.id}")
                return key
            except FormatError as e:
                failure = failure or e
        raise failure


def record_of(columns):
    """A record from its seven columns, `commitment` as bytes, `wrapped` as JSON text or as a list. Types first, then
    values; a refusal's message begins with the column."""
    key_id, scope, state, committed, wrapped, created, revision = fields(columns, KEY_FIELDS, "a record")
    whole(key_id, -(2**63), 2**63 - 1, "id")
    text(scope, "scope")
    text(state, "state")
    check(type(committed) is bytes, "malformed", "commitment isn't bytes")
    whole(created, -(2**63), 2**63 - 1, "created")
    whole(revision, -(2**63), 2**63 - 1, "revision")
    whole(key_id, 1, 0xFFFFFFFF, "id")
    check(len(scope.encode()) <= 65_535, "malformed", "scope is too long")
    check(state in STATES, "malformed", f"state {state!r}")
    check(len(committed) == 32, "malformed", "commitment isn't 32 bytes")
    copies = [_copy(c) for c in list_of(_json_of(wrapped), "wrapped")]
    whole(revision, 0, 2**63 - 1, "revision")
    return KeyRecord(key_id, scope, state, committed, copies, created, revision)


def _json_of(wrapped):
    try:
        return strict_json(wrapped) if type(wrapped) is str else wrapped
    except (ValueError, FormatError) as e:
        raise FormatError("malformed", f"wrapped: {e}") from None


def _copy(copy):
    kek, blob = fields(copy, ("kek", "blob"), "wrapped, a copy")
    text(kek, "wrapped, a copy's kek")
    data = stored_base64(blob, "wrapped, a copy's blob")
    check(len(data) <= MAX_BLOB, "malformed", "wrapped, a copy's blob is too long")
    return kek, data


def _unique(records):
    check(len({r.id for r in records}) == len(records), "malformed", "a key id twice")
    primaries = [r.scope for r in records if r.state == "primary"]
    check(len(set(primaries)) == len(primaries), "malformed", "two primary keys for one scope")
    return {r.id: r for r in records}


KEY_FIELDS = ("id", "scope", "state", "commitment", "wrapped", "created", "revision")


def keys_from_text(source):
    """The text of a key file."""
    try:
        form, keys = fields(strict_json(source), ("format", "keys"), "a key file")
    except ValueError as e:
        raise FormatError("malformed", f"not JSON: {e}") from None
    check(form == "fieldseal-keys/1", "malformed", "not a fieldseal-keys/1 file")
    records = []
    for key in list_of(keys, "keys"):
        fields(key, KEY_FIELDS, "a key")
        text(key["commitment"], "commitment")
        check(re.fullmatch(r"[0-9a-f]{64}", key["commitment"], re.ASCII), "malformed", "commitment isn't 64 digits")
        list_of(key["wrapped"], "wrapped")
        records.append(record_of({**key, "commitment": bytes.fromhex(key["commitment"])}))
    return _unique(records)


def keys_from_file(path):
    return keys_from_text(Path(path).read_text(encoding="utf-8"))


def record_from_row(row):
    """A row of the table, in the order of its columns, as SQLite gives it."""
    columns = dict(zip(KEY_FIELDS, row))
    text(columns["wrapped"], "wrapped")
    check(len(columns["wrapped"].encode()) <= MAX_CELL, "malformed", "wrapped is too long")
    return record_of(columns)


def open_sqlite(path):
    """Read-only, so that a wrong path is an error instead of a new empty database."""
    return sqlite3.connect(Path(path).resolve().as_uri() + "?mode=ro", uri=True)


def keys_from_sqlite(path):
    connection = open_sqlite(path)
    try:
        rows = connection.execute(f"SELECT {', '.join(KEY_FIELDS)} FROM fieldseal_keys ORDER BY id").fetchall()
    finally:
        connection.close()
    return _unique([record_from_row(row) for row in rows])
