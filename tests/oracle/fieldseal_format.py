"""The fieldseal stored format, version 1, read and written from docs/format.md alone.

Nothing here comes from the Rust sources: this module is the second opinion on that page. It isn't meant for
production (no constant-time care, no zeroising), only for checking that stored bytes mean what the page says.
What is inside a sealed value (framing, encodings) is in fieldseal_plaintext.py, and what docs/format-keys.md describes
in fieldseal_keys.py.
"""

import base64
import binascii
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAX_SEALED = 64 * 1024 * 1024


class FormatError(Exception):
    """Bytes that a reader must refuse. `kind` is what the test vectors call `expect`:

    not_sealed   the outside of a value is wrong (length, first byte)
    unknown_key  a sealed value names a key id that isn't there
    rejected     authentication fails: wrong key, wrong context or damaged bytes
    malformed    readable, but not what the page allows (plaintexts)
    bad_context  the caller asked for something the format has no form for

    Files and records of keys have more: the names in docs/format-keys.md, "Which check comes first", in snake_case.
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
