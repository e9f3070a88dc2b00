"""The plaintext that a migrating column may still hold: docs/format.md, "A column that is migrating", its last table."""

import datetime
import json
import math
import re
import struct
import uuid

import fieldseal_plaintext as p
from fieldseal_format import FormatError

FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
NO_NUMBER = re.compile(r"[+-]?(inf|infinity|nan)", re.ASCII | re.IGNORECASE)
DECIMAL = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
OFFSET = r"Z|[+-][0-9]{2}:[0-9]{2}"
MOMENT = re.compile(rf"({DATE})[T ]({TIME})({OFFSET})?", re.ASCII)


def plaintext_value(kind, sql_type, content):
    """The value, as text; None where it can't be one of that kind."""
    if sql_type == "untyped":
        try:
            as_text = plaintext_value(kind, "text", content.decode())
        except UnicodeDecodeError:
            as_text = None
        return plaintext_value(kind, "bytes", content) if as_text is None else as_text
    if type(content) is bytes and kind == "bytes":
        return content.hex()
    if sql_type == "text" and type(content) is bytes:  # not UTF-8
        return None
    if sql_type == "bytes":
        return str(uuid.UUID(bytes=content)) if kind == "uuid" and len(content) == 16 else None
    integer = re.fullmatch(r"([iu])(8|16|32|64|128)", kind)
    if integer:
        return None if sql_type == "real" else _integer(content, integer[1] == "i", int(integer[2]))
    if kind in ("f32", "f64"):
        return _float(kind, content)
    if kind == "decimal":
        return _decimal(content)
    if sql_type == "integer":
        return {0: "false", 1: "true"}.get(content) if kind == "bool" else None
    return _of_text(kind, content) if sql_type == "text" else None


def _integer(content, signed, bits):
    if type(content) is str:
        if not re.fullmatch(r"[+-]?[0-9]+" if signed else r"\+?[0-9]+", content, re.ASCII):
            return None
        content = int(content)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
    return str(content) if low <= content < high else None


def _float(kind, content):
    if type(content) is str and not (FLOAT.fullmatch(content) or NO_NUMBER.fullmatch(content)):
        return None
    value = float(content)
    if kind == "f64":
        return p.float_text(struct.pack(">d", value), 8)
    # Rounded to the nearest, and past the largest to infinity.
    return p.float_text(p.as_f32(value) or struct.pack(">f", math.copysign(math.inf, value)), 4)


def _decimal(content):
    """The scale is how many digits are written behind the point."""
    text = f"{content:.15g}" if type(content) is float else str(content)
    parts = DECIMAL.fullmatch(text)
    if not parts:
        return None
    sign, whole, fraction = parts[1], parts[2], parts[3] or ""
    coefficient = int(whole + fraction)
    if len(fraction) > 28 or coefficient >= 2**96:
        return None
    return p.decimal_text(int(sign == "-" and coefficient != 0), len(fraction), coefficient)


def _of_text(kind, text):
    if kind == "text":
        return text
    if kind == "bytes":
        return text.encode().hex()
    if kind == "bool":
        return text if text in ("true", "false") else None
    try:
        if kind == "uuid":
            return _uuid(text)
        if kind == "json":
            return p.json_text(text.encode())
        return _of_calendar(kind, text)
    except (ValueError, FormatError):
        return None


def _uuid(text):
    hyphenated = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    known = rf"{hyphenated}|\{{{hyphenated}\}}|(?i:urn:uuid:){hyphenated}|[0-9a-fA-F]{{32}}"
    return str(uuid.UUID(text)) if re.fullmatch(known, text, re.ASCII) else None


def _of_calendar(kind, text):
    if kind == "date":
        return str(datetime.date.fromisoformat(text)) if re.fullmatch(DATE, text, re.ASCII) else None
    if kind == "time":
        return _time(text) if re.fullmatch(TIME, text, re.ASCII) else None
    parts = MOMENT.fullmatch(text)
    if not parts or (kind == "datetime") and parts[3] or (kind == "timestamp-offset") and not parts[3]:
        return None
    day, clock, offset = parts.groups()
    local = datetime.datetime.fromisoformat(f"{day}T{clock[:8]}")
    fraction = _time(clock)[8:]
    if kind == "datetime":
        return local.isoformat() + fraction
    ahead = 0
    if offset and offset != "Z":
        hours, minutes = int(offset[1:3]), int(offset[4:])
        if hours > 23 or minutes > 59:
            return None
        ahead = (hours * 60 + minutes) * (-60 if offset[0] == "-" else 60)
    if kind == "timestamp":
        return (local - datetime.timedelta(seconds=ahead)).isoformat() + fraction + "Z"
    return local.isoformat() + fraction + p.offset_text(ahead)


def _time(text):
    """With nine decimals, or none if they are all 0."""
    clock = datetime.time.fromisoformat(text[:8]).isoformat()
    fraction = text[9:].ljust(9, "0")
    return clock if fraction == "0" * 9 else f"{clock}.{fraction}"
