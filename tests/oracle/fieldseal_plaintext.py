"""What is inside a sealed value: framing (hide_null, pad) and the encoding of each kind, from docs/format.md.

Decoded values are text; docs/format-vectors.md says how each kind is spelt.
"""

import json
import re
import struct
import uuid

from fieldseal_format import check


def frame(encoding, hide_null, pad):
    """`encoding` is None for NULL, which only a `hide_null` column can frame."""
    check(not hide_null or pad is not None, "bad_context", "hide_null always has pad")
    check(pad is None or 2 <= pad <= 65_536, "bad_context", "pad is 2 to 65,536")
    check(hide_null or encoding is not None, "bad_context", "NULL isn't sealed without hide_null")
    framed = encoding
    if hide_null:
        framed = b"\x00" if encoding is None else b"\x01" + encoding
    if pad is None:
        return framed
    return framed + b"\x80" + bytes(-(len(framed) + 1) % pad)


def unframe(plaintext, hide_null, pad):
    """The encoding, or None for NULL. What `pad` is doesn't matter, only whether there is one."""
    framed = plaintext
    if pad is not None:
        framed = plaintext.rstrip(b"\x00")
        check(framed.endswith(b"\x80"), "malformed", "padding without 0x80")
        framed = framed[:-1]
    if not hide_null:
        return framed
    check(framed[:1] in (b"\x00", b"\x01"), "malformed", "hide_null: first byte isn't 0x00 or 0x01")
    if framed[0] == 1:
        return framed[1:]
    check(len(framed) == 1, "malformed", "hide_null: bytes after NULL")
    return None


def as_f32(value):
    try:
        return struct.pack(">f", value)
    except OverflowError:  # rounded up past the largest f32
        return None


def float_text(bits, width):
    """Shortest text that gives the same float, spelt as Rust's `{:?}`; a NaN other than the usual one as its bits.

    Python knows f64 only, so for f32 the fewest digits are looked for that still round to the same bits.
    """
    value = struct.unpack(">f" if width == 4 else ">d", bits)[0]
    if value != value:
        usual = bits in (b"\x7f\xc0\x00\x00", b"\x7f\xf8" + bytes(6))
        return "NaN" if usual else f"NaN:{bits.hex()}"
    if width == 4 and value not in (float("inf"), float("-inf")):
        value = next(v for d in range(1, 10) if as_f32(v := float(f"{value:.{d}g}")) == bits)
    return re.sub(r"e\+?(-?)0*", r"e\1", repr(value))


def date_text(days):
    """Proleptic Gregorian, by counting 400-year eras of 146,097 days from 0000-03-01 (no limit on the year)."""
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153  # 0 is March
    day -= (153 * month + 2) // 5
    year += 400 * era + (month >= 10)
    month += 3 if month < 10 else -9
    return f"{year:04d}-{month:02d}-{day + 1:02d}" if 0 <= year <= 9999 else f"{year:+05d}-{month:02d}-{day + 1:02d}"


# Days and seconds that some Rust type holds; seconds count in UTC, or on the clock of a `datetime`.
DAYS = range(-96_465_292, 95_026_236 + 1)
SECONDS = range(-8_334_601_228_800, 8_210_266_876_799 + 1)
MAX_OFFSET = 93_599  # 25:59:59
MAX_DEPTH = 127


def checked_date_text(days):
    check(days in DAYS, "malformed", "a date that no type holds")
    return date_text(days)


def time_text(seconds, nanoseconds, leap_at):
    """HH:MM:SS, then nine decimals unless they are all 0. `leap_at` is the second count a leap second goes by."""
    leap = nanoseconds >= 1_000_000_000
    check(nanoseconds < 2_000_000_000, "malformed", "more than 1,999,999,999 nanoseconds")
    check(not leap or leap_at % 60 == 59, "malformed", "a leap second that isn't second 59")
    fraction = nanoseconds % 1_000_000_000
    tail = f".{fraction:09d}" if fraction else ""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60 + leap:02d}{tail}"


def moment_text(seconds, nanoseconds, offset=0):
    check(seconds in SECONDS, "malformed", "a moment that no type holds")
    local = seconds + offset
    return f"{date_text(local // 86_400)}T{time_text(local % 86_400, nanoseconds, seconds)}"


def offset_text(offset):
    check(abs(offset) <= MAX_OFFSET, "malformed", "an offset of 26 hours or more")
    size = abs(offset)
    tail = f":{size % 60:02d}" if size % 60 else ""
    return f"{'-' if offset < 0 else '+'}{size // 3600:02d}:{size // 60 % 60:02d}{tail}"


def decimal_text(sign, scale, coefficient):
    check(sign <= 1 and scale <= 28, "malformed", "sign or scale out of range")
    digits = f"{coefficient:0{scale + 1}d}"
    whole, fraction = digits[: len(digits) - scale], digits[len(digits) - scale :]
    return ("-" if sign else "") + whole + ("." + fraction if scale else "")


def json_text(data):
    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")  # Python's own reader would take NaN and Infinity

    text = data.decode()
    try:
        value = json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None
    json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair has no UTF-8
    check(json_depth(value) <= MAX_DEPTH, "malformed", "nested too deep")
    return text


def json_depth(value):
    """How deep lists and objects are nested; 0 for anything else."""
    if not isinstance(value, (list, dict)):
        return 0
    return 1 + max(map(json_depth, value.values() if isinstance(value, dict) else value), default=0)


def time_of_day_text(data):
    seconds, nanoseconds = struct.unpack(">II", data)
    check(seconds < 86_400, "malformed", "a time of 24 hours or more")
    return time_text(seconds, nanoseconds, seconds)


def with_offset_text(data):
    seconds, nanoseconds, offset = struct.unpack(">qIi", data)
    return moment_text(seconds, nanoseconds, offset) + offset_text(offset)


def bool_text(data):
    check(data in (b"\x00", b"\x01"), "malformed", "a bool is 00 or 01")
    return "true" if data == b"\x01" else "false"


# Kinds of one size; the integers' size is in their name.
SIZES = {"bool": 1, "f32": 4, "f64": 8, "uuid": 16, "date": 4, "time": 8, "datetime": 12, "timestamp": 12,
         "timestamp-offset": 16, "decimal": 14}

DECODERS = {
    "text": lambda b: b.decode(),
    "bytes": lambda b: b.hex(),
    "bool": bool_text,
    "f32": lambda b: float_text(b, 4),
    "f64": lambda b: float_text(b, 8),
    "uuid": lambda b: str(uuid.UUID(bytes=b)),
    "date": lambda b: checked_date_text(*struct.unpack(">i", b)),
    "time": time_of_day_text,
    "datetime": lambda b: moment_text(*struct.unpack(">qI", b)),
    "timestamp": lambda b: moment_text(*struct.unpack(">qI", b)) + "Z",
    "timestamp-offset": with_offset_text,
    "decimal": lambda b: decimal_text(b[0], b[1], int.from_bytes(b[2:], "big")),
    "json": json_text,
}


def decode(kind, data):
    integer = re.fullmatch(r"([iu])(8|16|32|64|128)", kind)
    check(integer or kind in DECODERS, "bad_context", f"no kind {kind!r}")
    size = int(integer[2]) // 8 if integer else SIZES.get(kind, len(data))
    check(len(data) == size, "malformed", f"{len(data)} bytes is no {kind}")
    if integer:
        return str(int.from_bytes(data, "big", signed=integer[1] == "i"))
    try:
        return DECODERS[kind](data)
    except ValueError as e:  # bad UTF-8, bad JSON
        check(False, "malformed", f"{kind}: {e}")


def decode_plaintext(kind, plaintext, hide_null, pad):
    encoding = unframe(plaintext, hide_null, pad)
    return None if encoding is None else decode(kind, encoding)
