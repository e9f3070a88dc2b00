"""From a KEK to a data key: KEK files and wrapped copies. From docs/format-keys.md alone.

Each refusal has the name that the page's section "Which check comes first" gives it, in snake_case.
"""

import hashlib
import hmac
import json
import math
import re
import struct

from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw

from fieldseal_format import XAES, FormatError, check, from_base64, hkdf, lp, u32
from fieldseal_plaintext import MAX_DEPTH, json_depth


# --- JSON as the page has it ----------------------------------------------------------------------------------------


class Object(dict):
    """A JSON object, which knows the fields that it has more than once."""

    twice = frozenset()


def read_json(text):
    """Python's own reader would take NaN, infinite numbers, halves of surrogate pairs, and any depth."""

    def in_pairs(pairs):
        value = Object(pairs)
        value.twice = {name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1}
        return value

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    def finite(digits):
        value = float(digits)
        return refuse(digits) if math.isinf(value) else value

    def whole_or_float(digits):
        # Minus nought is a float.
        return int(digits) if digits != "-0" and math.isfinite(finite(digits)) else -0.0

    try:
        value = json.loads(text, object_pairs_hook=in_pairs, parse_constant=refuse, parse_float=finite,
                           parse_int=whole_or_float)
    except RecursionError:
        raise ValueError("nested too deep") from None
    json.dumps(value, ensure_ascii=False).encode()
    if json_depth(value) > MAX_DEPTH:
        raise ValueError("nested too deep")
    return value


def has_repeats(value):
    """Whether an object in it has a field twice."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(getattr(value, "twice", None)) or any(map(has_repeats, inside))


def fields(value, names, what):
    """The fields of an object: all of those, each once, and no others."""
    is_it = isinstance(value, dict) and set(value) == set(names) and not getattr(value, "twice", None)
    check(is_it, "malformed", f"{what}: not exactly {', '.join(names)}")
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
        d = read_json(source)
    except ValueError as e:
        raise FormatError("not_json", str(e)) from None
    named = isinstance(d, Object) and d.get("format") == "fieldseal-kek/1" and "format" not in d.twice
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
