"""One value under each suite with every step between the key file and the stored bytes.

make_vectors.py writes what is here twice: as tests/vectors/examples.json, for tests, and as docs/format-examples.md,
for people. Both come from one run, and `make_vectors.py --check` fails if either would change.
"""

import json

import fieldseal_format as f
import fieldseal_keys as k
import fieldseal_plaintext as p
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

DATA_KEY, KEY_ID, SCOPE = bytes(range(0x20, 0x40)), 0x2A4D3F51, "42"
PASSPHRASE = "correct horse battery staple"
ROW = [{"int": "7"}]
UUID = "67e55044-10b1-426f-9247-bb680e5fe0c8"

LOCK = """\
version = 1

[[column]]
table = "patients"
column = "born"
kind = "date"
suite = "aes-256-gcm"
row = ["id: int"]
scope = "org_id: int"
padded = false
hide_null = false
stored_in = "patients.born"

[[column]]
table = "patients"
column = "diagnosis"
kind = "text"
suite = "xchacha20-poly1305"
row = ["id: int"]
scope = "org_id: int"
padded = true
hide_null = true
stored_in = "patients.diagnosis"
pad = 16

[[column]]
table = "patients"
column = "email"
kind = "text"
suite = "aes-256-siv"
row = []
scope = "org_id: int"
padded = false
hide_null = false
base64 = true
stored_in = "patients.email"

[[column]]
table = "patients"
column = "name"
kind = "text"
suite = "xaes-256-gcm"
row = ["id: int"]
scope = "org_id: int"
padded = false
hide_null = false
stored_in = "patients.name"
"""

# (column, kind, suite, pad, hide_null, base64, the value as text, its encoding)
VALUES = (
    ("name", "text", "xaes-256-gcm", None, False, False, "Ada", b"Ada"),
    ("diagnosis", "text", "xchacha20-poly1305", 16, True, False, "flu", b"flu"),
    ("born", "date", "aes-256-gcm", None, False, False, "1815-12-10", (-56_270).to_bytes(4, "big", signed=True)),
    ("email", "text", "aes-256-siv", None, False, True, "ada@example.org", b"ada@example.org"),
)


# --- Parts: the bytes of an encoding, and what each of them is ------------------------------------------------------


def parts_of(*named):
    """`(what it is, bytes)` for each part that has its length in front."""
    return [(f"lp({name})", f.lp(data)) for name, data in named]


def joined(parts):
    return b"".join(data for _, data in parts)


def quoted(text):
    return f'"{text}"'


# --- The keys -------------------------------------------------------------------------------------------------------


def kek_file(kek_id, kek, passphrase, salt, nonce):
    """A KEK file with one version, as its text and every step."""
    steps, protection, stored = [], None, kek
    if passphrase is not None:
        protection = {"memory_kib": 64, "iterations": 1, "parallelism": 1, "salt": f.to_base64(salt)}
        file_key = k.file_key(passphrase, protection)
        aad = parts_of((quoted("fieldseal-kek/1"), "fieldseal-kek/1"), ("id", kek_id), ("u32(version)", f.u32(1)))
        stored = f.XAES.encrypt(file_key, nonce, kek, joined(aad))
        steps += [("file key", file_key), ("AAD of the entry", aad), ("entry", stored)]
    document = {"format": "fieldseal-kek/1", "id": kek_id, "primary": 1,
                "keys": [{"version": 1, "key": f.to_base64(stored)}], "passphrase": protection, "mac": ""}
    covered = parts_of((quoted("fieldseal-kek/1"), "fieldseal-kek/1"), ("id", kek_id), ("u32(primary)", f.u32(1)),
                       ("protection", k.protection(protection)), ("u32(version)", f.u32(1)), ("key", stored))
    mac = k.kek_file_mac(kek, document)
    mac_key = f.hkdf(kek, f.lp("fieldseal/1 kek file"), 32)
    assert k.hmac.digest(mac_key, joined(covered), "sha256") == mac
    steps = [("KEK", kek), *steps, ("key of the mac", mac_key), ("file", covered), ("mac", mac)]
    text = json.dumps({**document, "mac": f.to_base64(mac)}, indent=2) + "\n"
    assert k.LocalKek(text, passphrase).keks == {1: kek}
    return text, steps


def wrapped(kek, nonce, committed):
    """The data key under version 1 of a KEK: its blob and every step."""
    binding = k.binding(KEY_ID, SCOPE, committed)
    aad = parts_of((quoted(kek.name), kek.name), ("u32(version)", f.u32(1)), ("binding", binding))
    blob = kek.wrap(DATA_KEY, binding, 1, nonce)
    assert kek.unwrap(blob, binding) == DATA_KEY
    key = f.hkdf(kek.keks[1], f.lp("fieldseal/1 wrap"), 32)
    return blob, [("wrapping key", key), ("AAD", aad), ("nonce", nonce), ("blob", blob)]


# --- A value --------------------------------------------------------------------------------------------------------


def inner_steps(suite, key, nonce, body):
    """What happens inside the two suites that derive a key from the nonce, and what AES-SIV's halves are."""
    if suite == "xaes-256-gcm":
        l = Cipher(AES256(key), ECB()).encryptor().update(bytes(16))
        k1 = (int.from_bytes(l, "big") << 1) ^ (1 << 128 | 0x87 if l[0] >> 7 else 0)
        derived, rest = f.xaes_derive(key, nonce)
        return [("L", l), ("K1", k1.to_bytes(16, "big")), ("AES-GCM key", derived), ("AES-GCM nonce", rest)]
    if suite == "xchacha20-poly1305":
        return [("HChaCha20 key", f.hchacha20(key, nonce[:16])), ("ChaCha20 nonce", bytes(4) + nonce[16:])]
    if suite == "aes-256-siv":
        return [("S2V key", key[:32]), ("CTR key", key[32:]), ("SIV", body[:16])]
    return []


def value(number, column, kind, suite, pad, hide_null, base64, text, encoding):
    size = f.SUITES[suite].nonce_size
    nonce = bytes(range(0x80 + 0x20 * number, 0x80 + 0x20 * number + size)) if size else None
    row = None if suite == "aes-256-siv" else ROW
    plaintext = p.frame(encoding, hide_null, pad)
    sealed = f.seal_value(DATA_KEY, KEY_ID, suite, "patients", column, SCOPE, row, nonce, plaintext)
    assert p.decode_plaintext(kind, plaintext, hide_null, pad) == text
    info = parts_of((quoted("fieldseal/1 column key"), "fieldseal/1 column key"), ("suite", suite),
                    ("table", "patients"), ("column", column))
    key = f.column_key(DATA_KEY, suite, "patients", column)
    assert key == f.hkdf(DATA_KEY, joined(info), f.SUITES[suite].key_size)
    row_bytes = b"".join(f.row_element(e) for e in row or [])
    aad = parts_of((quoted("fieldseal/1 value"), "fieldseal/1 value"), ("table", "patients"), ("column", column),
                   ("scope", SCOPE), ("row", row_bytes))
    assert joined(aad) == f.associated_data("patients", column, SCOPE, row)
    front, tag = (16, 0) if size == 0 else (size, 16)
    body = sealed[5:]
    steps = [("encoding", encoding), ("plaintext", plaintext), ("info", info), ("column key", key), ("AAD", aad)]
    steps += [("nonce", nonce)] if nonce else []
    steps += inner_steps(suite, key, nonce, body)
    steps.append(("ciphertext", body[front : len(body) - tag]))
    steps += [("tag", body[-16:])] if tag else []
    steps.append(("sealed", sealed))
    if base64:
        steps.append(("stored", f.text_form(sealed)))
    return {"suite": suite, "table": "patients", "column": column, "kind": kind, "pad": pad, "hide_null": hide_null,
            "base64": base64, "scope": SCOPE, "row": row, "value": text}, steps


# --- As a file of vectors -------------------------------------------------------------------------------------------


def as_json(steps):
    def shown(step):
        return step if isinstance(step, str) else (joined(step) if isinstance(step, list) else step).hex()

    return {name: shown(step) for name, step in steps}


def build():
    plain, plain_steps = kek_file(bytes(range(16)).hex(), bytes(range(32)), None, None, None)
    locked, locked_steps = kek_file(bytes(range(0xF0, 0x100)).hex(), bytes(range(0xE0, 0x100)), PASSPHRASE,
                                    bytes(range(0x60, 0x70)), bytes(range(0x40, 0x58)))
    committed = k.commitment(DATA_KEY, KEY_ID, SCOPE)
    keks = [k.LocalKek(plain), k.LocalKek(locked, PASSPHRASE)]
    copies = [wrapped(kek, bytes(range(start, start + 24)), committed) for kek, start in zip(keks, (0x58, 0x70))]
    stored = [{"kek": kek.name, "blob": f.to_base64(blob)} for kek, (blob, _) in zip(keks, copies)]
    record = {"id": KEY_ID, "scope": SCOPE, "state": "primary", "commitment": committed.hex(), "wrapped": stored,
              "created": 1_767_225_600, "revision": 1}
    info = parts_of((quoted("fieldseal/1 commitment"), "fieldseal/1 commitment"), ("u32(key id)", f.u32(KEY_ID)),
                    ("scope", SCOPE))
    binding = parts_of((quoted("fieldseal/1 data key"), "fieldseal/1 data key"), ("u32(key id)", f.u32(KEY_ID)),
                       ("scope", SCOPE), ("commitment", committed))
    assert joined(binding) == k.binding(KEY_ID, SCOPE, committed)
    key_steps = [("data key", DATA_KEY), ("info of the commitment", info), ("commitment", committed),
                 ("binding", binding)]
    return {
        "kek_files": [("without a passphrase", None, plain, plain_steps, copies[0][1]),
                      ("with a passphrase", PASSPHRASE, locked, locked_steps, copies[1][1])],
        "key_file": json.dumps({"format": "fieldseal-keys/1", "keys": [record]}, indent=2) + "\n",
        "wrapped_column": json.dumps(stored, separators=(",", ":")),
        "key_steps": key_steps,
        "aws_context": k.aws_context(KEY_ID, SCOPE, committed),
        "values": [value(n, *v) for n, v in enumerate(VALUES)],
    }


def examples():
    b = build()
    keks = [{"name": name, "passphrase": phrase, "file": text, "steps": as_json(steps), "wrapped": as_json(copy)}
            for name, phrase, text, steps, copy in b["kek_files"]]
    return {"about": "What docs/format-examples.md shows. steps are hex, but for `stored`, which is text.",
            "kek_files": keks, "key_file": b["key_file"], "key_id": KEY_ID, "key": as_json(b["key_steps"]),
            "aws_context": b["aws_context"], "lock": LOCK,
            "values": [{**head, "steps": as_json(steps)} for head, steps in b["values"]]}


# --- As a page ------------------------------------------------------------------------------------------------------

WIDTH = 48  # bytes a line


def hex_lines(data):
    return [data[i : i + WIDTH].hex() for i in range(0, len(data), WIDTH)] or ["(empty)"]


def part_lines(name, data):
    lines = hex_lines(data[4:]) if len(data) > 4 else []
    first = f"{data[:4].hex()} {lines[0]}" if lines else data[:4].hex()
    return [f"{first}   {name}"] + [" " * 9 + line for line in lines[1:]]


def block(steps):
    """One code block: the name of each step, and its bytes beside it."""
    width = max(len(name) for name, _ in steps) + 2
    lines = []
    for name, step in steps:
        if isinstance(step, str):
            shown = [step]
        elif isinstance(step, list):
            shown = [line for part in step for line in part_lines(*part)]
        else:
            shown = hex_lines(step)
        lines += [f"{label:<{width}}{line}".rstrip() for label, line in zip([name] + [""] * len(shown), shown)]
    return "```text\n" + "\n".join(lines) + "\n```\n"


# What is worth saying of each value, in front of its steps.
ABOUT = {
    "xaes-256-gcm": "A text without a frame: the plaintext is the encoding.",
    "xchacha20-poly1305": "A text in a column that has `hide_null` and pads to 16: `01` for a value, the text, `80`, "
                          "zeros.",
    "aes-256-gcm": "A date 56,270 days before 1970-01-01, in two's complement.",
    "aes-256-siv": "A text in a column that is declared `base64`.\nThis suite never binds a value to its row, so the "
                   "row in the AAD is empty.\nThe SIV is in the place of the nonce, and there is no tag.",
}


def rows_block():
    cases = (
        ("the integer -7", [{"int": "-7"}]),
        ('the text "7"', [{"text": "7"}]),
        ("the bytes 00 ff", [{"bytes": "00ff"}]),
        (f"the UUID {UUID}", [{"bytes": UUID.replace("-", "")}]),
        ('4, "ab", in two columns', [{"int": "4"}, {"text": "ab"}]),
    )
    width = max(len(name) for name, _ in cases) + 2
    return "```text\n" + "".join(
        f"{name:<{width}}{' '.join(spaced(f.row_element(e)) for e in row)}\n" for name, row in cases) + "```\n"


def spaced(element):
    return f"{element[:1].hex()} {element[1:5].hex()} {element[5:].hex()}"


def page():
    b = build()
    out = [HEAD, "## The KEK files\n\n"]
    for name, phrase, text, steps, _ in b["kek_files"]:
        given = f": `{phrase}`" if phrase else ""
        out.append(f"{name.capitalize()}{given}.\n\n```json\n{text}```\n\n{block(steps)}\n")
    out.append("## The data key\n\nAs a key-store file has it:\n\n" + f"```json\n{b['key_file']}```\n\n")
    out.append("In a table the same record is one row; its columns `commitment` and `wrapped` are\n\n")
    out.append(f"```text\n{dict(b['key_steps'])['commitment'].hex()}   as 32 bytes\n{b['wrapped_column']}\n```\n\n")
    out.append(block(b["key_steps"]) + "\n")
    for name, _, _, _, copy in b["kek_files"]:
        out.append(f"Wrapped under the KEK file {name}:\n\n{block(copy)}\n")
    context = "\n".join(f"{name} = {value}" for name, value in b["aws_context"].items())
    out.append(f"Under AWS KMS the encryption context is, in any order,\n\n```text\n{context}\n```\n\n")
    out.append(f"## The schema lock\n\n```toml\n{LOCK}```\n\n## The values\n\n")
    out.append("All four are in the row whose `id` is 7 and whose `org_id` is 42.\n\n")
    for head, steps in b["values"]:
        title = f"### {head['suite']}: `{head['column']}`, {head['value']}"
        out.append(f"{title}\n\n{ABOUT[head['suite']]}\n\n{block(steps)}\n")
    out.append("## Row ids\n\nWhat `row` is for other row ids, before its length is put in front:\n\n" + rows_block() + LINKS)
    return "".join(out)


HEAD = """\
# The stored format: worked examples

One value under each suite, with every step between the KEK file and what the database holds.
[The stored format][the format] says what each step is, and [its page on keys][the format of keys] does so for the keys.

The oracle, a second reader in Python, writes this page and `examples.json` among the [test vectors], which has the same bytes.
A test opens them with `fieldseal` itself, from the files that are shown here.
Keys and nonces count upwards so that they are easily told apart.
Real ones are random, and the Argon2 parameters of a real file are larger.

Bytes are in hex.
Where an encoding has parts, each part has a line of its own: its length, its bytes, and what it is.

"""

LINKS = """
[the format]: format.md
[the format of keys]: format-keys.md
[test vectors]: format-vectors.md
"""
