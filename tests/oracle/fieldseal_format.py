"""The fieldseal stored format, version 1, read and written from docs/format.md alone.

Nothing here comes from the Rust sources: this module is the second opinion on that page. It isn't meant for
production (no constant-time care, no zeroising), only for checking that stored bytes mean what the page says.
What is inside a sealed value (framing, encodings) is in fieldseal_plaintext.py.
"""

import base64
import binascii
import hashlib
import hmac as hmac_module
import json
import re
import sqlite3
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAX_SEALED = 64 * 1024 * 1024
STATES = ("staged", "primary", "active", "retired", "destroyed")


class FormatError(Exception):
    """Bytes that a reader must refuse. `kind` is what the test vectors call `expect`:

    not_sealed   the outside of a value is wrong (length, first byte)
    unknown_key  a sealed value names a key id that isn't there
    rejected     authentication fails: wrong key, wrong context or damaged bytes
    malformed    readable, but not what the page allows (plaintexts, KEK files, key stores)
    bad_context  the caller asked for something the format has no form for
    """

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


# --- Notation ---------------------------------------------------------------------------------------------------


def u32(n):
    return struct.pack(">I", n)


def lp(x):
    data = x.encode() if isinstance(x, str) else bytes(x)
    return u32(len(data)) + data


def hkdf(ikm, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(ikm)


def from_base64(text):
    """Strict: `validate` still lets stray final bits pass, so compare with the canonical text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as e:
        raise FormatError("malformed", f"not base64: {e}") from None
    check(to_base64(data) == text, "malformed", "not canonical base64")
    return data


def to_base64(data):
    return base64.b64encode(data).decode()


def check(condition, kind, message):
    if not condition:
        raise FormatError(kind, message)


@contextmanager
def reading(what):
    """Missing fields, wrong types and bad JSON in a file all mean the same: it isn't what the page describes."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise FormatError("malformed", f"{what}: {e!r}") from None


# --- The four ciphers -------------------------------------------------------------------------------------------


def xaes_derive(key, nonce):
    """C2SP XAES-256-GCM: two blocks of a CMAC counter KDF over the first half of the nonce."""

    def block(counter):
        mac = CMAC(AES256(key))
        mac.update(bytes([0, counter]) + b"X\x00" + nonce[:12])
        return mac.finalize()

    return block(1) + block(2), nonce[12:]


def hchacha20(key, nonce16):
    """draft-irtf-cfrg-xchacha-03 section 2.2: ChaCha20's rounds without the final addition."""
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + nonce16))

    def quarter(a, b, c, d):
        for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & 0xFFFFFFFF
            mixed = state[z] ^ state[x]
            state[z] = (mixed << turn | mixed >> 32 - turn) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<8I", *state[:4], *state[12:])


@dataclass(frozen=True)
class Suite:
    name: str
    key_size: int
    nonce_size: int

    @property
    def overhead(self):
        return 5 + self.nonce_size + 16

    def _cipher(self, key, nonce):
        if self.name == "xaes-256-gcm":
            derived, rest = xaes_derive(key, nonce)
            return AESGCM(derived), rest
        if self.name == "xchacha20-poly1305":
            return ChaCha20Poly1305(hchacha20(key, nonce[:16])), bytes(4) + nonce[16:]
        return AESGCM(key), nonce

    def encrypt(self, key, nonce, plaintext, aad):
        """The body: the nonce, if the suite has one, and what the cipher gives."""
        if self.nonce_size == 0:
            return AESSIV(key).encrypt(plaintext, [aad])
        check(nonce is not None and len(nonce) == self.nonce_size, "bad_context", f"{self.name}: nonce size")
        cipher, rest = self._cipher(key, nonce)
        return nonce + cipher.encrypt(rest, plaintext, aad)

    def decrypt(self, key, body, aad):
        try:
            if self.nonce_size == 0:
                return AESSIV(key).decrypt(body, [aad])
            cipher, rest = self._cipher(key, body[: self.nonce_size])
            return cipher.decrypt(rest, body[self.nonce_size :], aad)
        except InvalidTag:
            raise FormatError("rejected", f"{self.name}: authentication failed") from None


SUITES = {
    s.name: s
    for s in (
        Suite("xaes-256-gcm", 32, 24),
        Suite("xchacha20-poly1305", 32, 24),
        Suite("aes-256-gcm", 32, 12),
        Suite("aes-256-siv", 64, 0),
    )
}
XAES = SUITES["xaes-256-gcm"]


def suite_named(name):
    check(name in SUITES, "bad_context", f"no suite {name!r}")
    return SUITES[name]


# --- Sealed values ----------------------------------------------------------------------------------------------


def column_key(data_key, suite, table, column):
    info = lp("fieldseal/1 column key") + lp(suite) + lp(table) + lp(column)
    return hkdf(data_key, info, suite_named(suite).key_size)


def row_element(element):
    """One element of a row id, as the vectors write it: {"int": "-7"}, {"text": "…"} or {"bytes": "hex"}."""
    ((kind, value),) = element.items()
    if kind == "int":
        check(re.fullmatch(r"0|-?[1-9][0-9]*", value, re.ASCII), "bad_context", f"not decimal text: {value!r}")
        return b"i" + lp(value)
    if kind == "text":
        return b"t" + lp(value)
    check(kind == "bytes", "bad_context", f"no row element {kind!r}")
    return b"b" + lp(bytes.fromhex(value))


def associated_data(table, column, scope, row):
    """`row` is None for a value that isn't bound to its row."""
    check(row is None or len(row) > 0, "bad_context", "a row id has at least one element")
    for name in (table, column):
        check(1 <= len(name.encode()) <= 65_535, "bad_context", "a table or column name is 1 to 65,535 bytes")
    check(len(scope.encode()) <= 65_535, "bad_context", "a scope is at most 65,535 bytes")
    row_bytes = b"".join(row_element(e) for e in row or [])
    return lp("fieldseal/1 value") + lp(table) + lp(column) + lp(scope) + lp(row_bytes)


def _context(data_key, suite, table, column, scope, row):
    check(len(data_key) == 32, "bad_context", "a data key is 32 bytes")
    check(suite != "aes-256-siv" or row is None, "bad_context", "aes-256-siv is never bound to a row")
    return column_key(data_key, suite, table, column), associated_data(table, column, scope, row)


def seal_value(data_key, key_id, suite, table, column, scope, row, nonce, plaintext):
    check(1 <= key_id <= 0xFFFFFFFF, "bad_context", "a key id is 1 to 4,294,967,295")
    key, aad = _context(data_key, suite, table, column, scope, row)
    sealed = b"\x01" + u32(key_id) + suite_named(suite).encrypt(key, nonce, plaintext, aad)
    check(len(sealed) <= MAX_SEALED, "bad_context", "longer than 64 MiB")
    return sealed


def key_id_of(sealed, suite):
    """Looks at the outside only, and in this order: the length, the first byte, the key id."""
    size = len(sealed)
    check(suite_named(suite).overhead <= size <= MAX_SEALED, "not_sealed", f"{size} bytes is no {suite} value")
    check(sealed[0] == 1, "not_sealed", f"begins with {sealed[0]:#04x}, not 0x01")
    key_id = struct.unpack(">I", sealed[1:5])[0]
    check(key_id != 0, "not_sealed", "key id 0")
    return key_id


def open_value(data_keys, suite, table, column, scope, row, sealed):
    """`data_keys` gives the data key for a key id."""
    key_id = key_id_of(sealed, suite)
    check(key_id in data_keys, "unknown_key", f"no key {key_id}")
    key, aad = _context(data_keys[key_id], suite, table, column, scope, row)
    return suite_named(suite).decrypt(key, sealed[5:], aad)


def text_form(sealed):
    """A sealed value in a column that is declared base64."""
    text = base64.b64encode(sealed).decode("ascii")
    check(len(text) <= MAX_SEALED, "bad_context", "longer than 64 MiB")
    return text


def from_text_form(text):
    check(len(text) <= MAX_SEALED, "not_sealed", "longer than 64 MiB")
    try:
        sealed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as e:
        raise FormatError("not_sealed", f"not base64: {e}") from e
    check(base64.b64encode(sealed).decode("ascii") == text, "not_sealed", "not the one base64 of these bytes")
    return sealed


# --- The local KEK file -----------------------------------------------------------------------------------------


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
    return hmac_module.digest(hkdf(primary_kek, lp("fieldseal/1 kek file"), 32), data, "sha256")


def file_key(passphrase, p):
    try:
        return hash_secret_raw(passphrase.encode(), from_base64(p["salt"]), p["iterations"], p["memory_kib"],
                               p["parallelism"], 32, Type.ID, version=0x13)
    except Argon2Error as e:
        raise FormatError("malformed", f"Argon2 parameters: {e}") from None


def kek_entry_aad(kek_id, version):
    return lp("fieldseal-kek/1") + lp(kek_id) + lp(u32(version))


def _check_kek_document(d):
    """The shape alone; what the mac says comes later, because it needs the KEK."""
    def is_u32(n):
        return type(n) is int and 1 <= n <= 0xFFFFFFFF

    check(isinstance(d, dict) and d["format"] == "fieldseal-kek/1", "malformed", "not a fieldseal-kek/1 file")
    check(re.fullmatch(r"[0-9a-f]{32}", d["id"]), "malformed", "id isn't 32 lower-case hex digits")
    versions = [entry["version"] for entry in d["keys"]]
    check(all(map(is_u32, versions)), "malformed", "a version that isn't u32 from 1")
    check(len(set(versions)) == len(versions), "malformed", "a version twice")
    check(is_u32(d["primary"]) and d["primary"] in versions, "malformed", "the primary version isn't there")
    size = 32
    if d["passphrase"] is not None:
        p, size = d["passphrase"], 24 + 32 + 16
        check(all(is_u32(p[k]) for k in ("memory_kib", "iterations", "parallelism")), "malformed", "Argon2 parameters")
        check(len(from_base64(p["salt"])) == 16, "malformed", "a salt is 16 bytes")
    check(all(len(from_base64(e["key"])) == size for e in d["keys"]), "malformed", f"a key isn't {size} bytes")
    check(len(from_base64(d["mac"])) == 32, "malformed", "a mac is 32 bytes")


class LocalKek:
    def __init__(self, text, passphrase=None):
        with reading("KEK file"):
            document = json.loads(text)
            _check_kek_document(document)
        self.name = "local:" + document["id"]
        self.primary = document["primary"]
        self.keks = self._keks(document, passphrase)
        mac = kek_file_mac(self.keks[self.primary], document)
        check(hmac_module.compare_digest(mac, from_base64(document["mac"])), "rejected", "KEK file: mac differs")

    def _keks(self, document, passphrase):
        entries = {e["version"]: from_base64(e["key"]) for e in document["keys"]}
        if document["passphrase"] is None:
            # Taking the file anyway would let somebody swap a protected file for one of their own.
            check(passphrase is None, "rejected", "a passphrase for a file that has none")
            return entries
        check(passphrase is not None, "rejected", "this KEK file needs its passphrase")
        key = file_key(passphrase, document["passphrase"])
        return {v: XAES.decrypt(key, e, kek_entry_aad(document["id"], v)) for v, e in entries.items()}

    def _wrapping(self, version, bound):
        check(version in self.keks, "rejected", f"no KEK version {version}")
        return hkdf(self.keks[version], lp("fieldseal/1 wrap"), 32), lp(self.name) + lp(u32(version)) + lp(bound)

    def tink_key(self, version):
        return hkdf(self.keks[version], lp("fieldseal/1 tink keyset"), 32)

    def wrap(self, data_key, bound, version, nonce):
        key, aad = self._wrapping(version, bound)
        return b"\x01" + u32(version) + XAES.encrypt(key, nonce, data_key, aad)

    def unwrap(self, blob, bound):
        check(len(blob) == 77 and blob[0] == 1, "malformed", "not a wrapped data key")
        key, aad = self._wrapping(struct.unpack(">I", blob[1:5])[0], bound)
        return XAES.decrypt(key, blob[5:], aad)


# --- The key store ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KeyRecord:
    id: int
    scope: str
    state: str
    commitment: bytes
    wrapped: list  # of (kek name, blob)
    created: int
    revision: int

    def data_key(self, kek):
        """Unwraps with `kek` and refuses a key that isn't the committed one."""
        blobs = [blob for name, blob in self.wrapped if name == kek.name]
        check(blobs, "rejected", f"key {self.id} isn't wrapped under {kek.name}")
        key = kek.unwrap(blobs[0], binding(self.id, self.scope, self.commitment))
        check(commitment(key, self.id, self.scope) == self.commitment, "rejected", f"key {self.id}: commitment")
        return key


def _record(fields):
    wrapped = [(w["kek"], from_base64(w["blob"])) for w in fields.pop("wrapped")]
    r = KeyRecord(wrapped=wrapped, **fields)
    check(type(r.id) is int and 1 <= r.id <= 0xFFFFFFFF, "malformed", f"key id {r.id!r}")
    check(r.state in STATES, "malformed", f"key {r.id}: state {r.state!r}")
    check(type(r.scope) is str and type(r.created) is int and type(r.revision) is int, "malformed", f"key {r.id}")
    check(len(r.commitment) == 32, "malformed", f"key {r.id}: a commitment is 32 bytes")
    check((r.state == "destroyed") == (not r.wrapped), "malformed", f"key {r.id}: destroyed, but wrapped (or neither)")
    return r


def _records(rows):
    records = [_record(row) for row in rows]
    check(len({r.id for r in records}) == len(records), "malformed", "a key id twice")
    primaries = [r.scope for r in records if r.state == "primary"]
    check(len(set(primaries)) == len(primaries), "malformed", "two primary keys for one scope")
    return {r.id: r for r in records}


KEY_FIELDS = ("id", "scope", "state", "commitment", "wrapped", "created", "revision")


def keys_from_file(path):
    text = Path(path).read_text(encoding="utf-8")
    with reading("key store"):
        document = json.loads(text)
        check(document["format"] == "fieldseal-keys/1", "malformed", "not a fieldseal-keys/1 file")
        return _records({**{f: k[f] for f in KEY_FIELDS}, "commitment": bytes.fromhex(k["commitment"])}
                        for k in document["keys"])


def open_sqlite(path):
    """Read-only, so that a wrong path is an error instead of a new empty database."""
    return sqlite3.connect(Path(path).resolve().as_uri() + "?mode=ro", uri=True)


def keys_from_sqlite(path):
    connection = open_sqlite(path)
    try:
        rows = connection.execute(f"SELECT {', '.join(KEY_FIELDS)} FROM fieldseal_keys ORDER BY id").fetchall()
    finally:
        connection.close()
    with reading("key store"):
        return _records({**dict(zip(KEY_FIELDS, row)), "wrapped": json.loads(row[4])} for row in rows)
