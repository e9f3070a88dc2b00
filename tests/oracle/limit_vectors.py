"""tests/vectors/limits.json: plaintexts at and beyond the limits of docs/format.md, in the form of plaintexts.json."""

import struct

import fieldseal_format as f
import fieldseal_plaintext as p


def moment(seconds, nanoseconds, *offset):
    return struct.pack(">qI", seconds, nanoseconds) + b"".join(struct.pack(">i", o) for o in offset)


def days(count):
    return struct.pack(">i", count)


def nested(depth):
    """Lists and objects in turn."""
    text = "1"
    for level in range(depth):
        text = f"[{text}]" if level % 2 else f'{{"a":{text}}}'
    return text


MIN_SECONDS, MAX_SECONDS = p.SECONDS[0], p.SECONDS[-1]
CHRONO, TIME, BOTH = "chrono", "time", None

# (kind, value, encoding, the one crate that can hold it); the values are written out by hand.
HELD = (
    ("date", "-262143-01-01", days(-96_465_292), CHRONO),
    ("date", "+262142-12-31", days(95_026_236), CHRONO),
    ("date", "-9999-01-01", days(-4_371_587), BOTH),
    ("date", "-10000-12-31", days(-4_371_588), CHRONO),
    ("date", "+10000-01-01", days(2_932_897), CHRONO),
    ("datetime", "-262143-01-01T00:00:00", moment(MIN_SECONDS, 0), CHRONO),
    ("datetime", "+262142-12-31T23:59:59.999999999", moment(MAX_SECONDS, 999_999_999), CHRONO),
    ("datetime", "-9999-01-01T00:00:00", moment(-377_705_116_800, 0), BOTH),
    ("datetime", "9999-12-31T23:59:59.999999999", moment(253_402_300_799, 999_999_999), BOTH),
    ("datetime", "+10000-01-01T00:00:00", moment(253_402_300_800, 0), CHRONO),
    ("timestamp", "-262143-01-01T00:00:00Z", moment(MIN_SECONDS, 0), CHRONO),
    ("timestamp", "+262142-12-31T23:59:59Z", moment(MAX_SECONDS, 0), CHRONO),
    ("timestamp", "-9999-01-01T00:00:00Z", moment(-377_705_116_800, 0), BOTH),
    ("timestamp", "-10000-12-31T23:59:59Z", moment(-377_705_116_801, 0), CHRONO),
    ("timestamp-offset", "1970-01-01T23:59:59+23:59:59", moment(0, 0, 86_399), BOTH),
    ("timestamp-offset", "1969-12-31T00:00:01-23:59:59", moment(0, 0, -86_399), BOTH),
    ("timestamp-offset", "1970-01-02T00:00:00+24:00", moment(0, 0, 86_400), TIME),
    ("timestamp-offset", "1970-01-02T01:59:59+25:59:59", moment(0, 0, 93_599), TIME),
    ("timestamp-offset", "1969-12-30T22:00:01-25:59:59", moment(0, 0, -93_599), TIME),
    ("timestamp-offset", "9999-12-31T23:59:59+01:00", moment(253_402_297_199, 0, 3_600), BOTH),
    ("timestamp-offset", "+10000-01-01T00:59:59+01:00", moment(253_402_300_799, 0, 3_600), CHRONO),
    ("time", "00:00:60", struct.pack(">II", 59, 1_000_000_000), CHRONO),
    ("datetime", "1969-12-31T23:59:60", moment(-1, 1_000_000_000), CHRONO),
    ("timestamp", "1969-12-31T23:58:60.999999999Z", moment(-61, 1_999_999_999), CHRONO),
    ("json", nested(p.MAX_DEPTH), nested(p.MAX_DEPTH).encode(), BOTH),
    ("json", '"\U0001f3e5"', '"\U0001f3e5"'.encode(), BOTH),
)

# What fieldseal wouldn't write.
READ_ONLY = (
    ("JSON with every white space", "json", '\t{\r\n"a" : [ ] }'),
    ("JSON with a field twice", "json", '{"a":1,"a":2}'),
    ("JSON with escapes", "json", '"\\u00e9\\ud83c\\udfe5\\/"'),
)

MALFORMED = (
    ("date before chrono's first", "date", days(-96_465_293)),
    ("date after chrono's last", "date", days(95_026_237)),
    ("date of i32 min", "date", days(-(2**31))),
    ("date of i32 max", "date", days(2**31 - 1)),
    ("datetime before chrono's first", "datetime", moment(MIN_SECONDS - 1, 0)),
    ("datetime after chrono's last", "datetime", moment(MAX_SECONDS + 1, 0)),
    ("timestamp before chrono's first", "timestamp", moment(MIN_SECONDS - 1, 999_999_999)),
    ("timestamp after chrono's last", "timestamp", moment(MAX_SECONDS + 1, 0)),
    ("timestamp of i64 min", "timestamp", moment(-(2**63), 0)),
    ("timestamp of i64 max", "timestamp", moment(2**63 - 1, 0)),
    ("timestamp-offset of 26 hours", "timestamp-offset", moment(0, 0, 93_600)),
    ("timestamp-offset of -26 hours", "timestamp-offset", moment(0, 0, -93_600)),
    ("timestamp-offset after chrono's last", "timestamp-offset", moment(MAX_SECONDS + 1, 0, -86_399)),
    ("time with a leap second at second 0", "time", struct.pack(">II", 0, 1_000_000_000)),
    ("time with a leap second at second 58", "time", struct.pack(">II", 86_398, 1_999_999_999)),
    ("time with a leap second of 24 hours", "time", struct.pack(">II", 86_459, 1_000_000_000)),
    ("datetime with a leap second at second 58", "datetime", moment(58, 1_000_000_000)),
    ("datetime with a leap second at second -2", "datetime", moment(-2, 1_000_000_000)),
    ("timestamp with a leap second at second 0", "timestamp", moment(0, 1_500_000_000)),
    ("timestamp with a leap second at second -59", "timestamp", moment(-59, 1_000_000_000)),
    ("timestamp-offset with a leap second of the local clock", "timestamp-offset", moment(58, 1_000_000_000, 1)),
    ("json nested 128 deep", "json", nested(p.MAX_DEPTH + 1).encode()),
    ("json of 10,000 brackets", "json", b"[" * 10_000),
    ("json with a byte order mark", "json", b"\xef\xbb\xbf1"),
    ("json with the first half of a surrogate pair", "json", rb'"\ud83c"'),
    ("json with the second half of a surrogate pair", "json", rb'"\udfe5"'),
    ("json with half of a surrogate pair in a name", "json", rb'{"\ud83c":1}'),
    ("json with the halves of a pair exchanged", "json", rb'"\udfe5\ud83c"'),
    ("json -Infinity", "json", b"-Infinity"),
    ("json with a leading zero", "json", b"01"),
    ("json with a plus", "json", b"+1"),
    ("json with a comma at the end", "json", b"[1,]"),
    ("json with a comment", "json", b"1 // one"),
    ("json in single quotes", "json", b"'a'"),
    ("json with a newline in a string", "json", b'"a\nb"'),
    ("json with a form feed", "json", b"\x0c1"),
    ("json with a no-break space", "json", "\u00a01".encode()),
)  # fmt: skip


def case(name, kind, value, plaintext, **more):
    return {"name": name, "kind": kind, "value": value, "pad": None, "hide_null": False, "plaintext": plaintext.hex(),
            **more}


def limits():
    cases, read_only, malformed = [], [], []
    for kind, value, encoding, only in HELD:
        assert p.decode_plaintext(kind, encoding, False, None) == value, (kind, value)
        shown = repr(value) if len(value) < 60 else f"{p.MAX_DEPTH} deep"
        cases.append(case(f"{kind} {shown}", kind, value, encoding, **({"only": only} if only else {})))
    for name, kind, value in READ_ONLY:
        assert p.decode_plaintext(kind, value.encode(), False, None) == value, name
        read_only.append(case(name, kind, value, value.encode()))
    for name, kind, plaintext in MALFORMED:
        try:
            got = p.decode_plaintext(kind, plaintext, False, None)
        except f.FormatError as e:
            assert e.kind == "malformed", name
        else:
            raise AssertionError(f"{name} is {got}")
        malformed.append({"name": name, "kind": kind, "pad": None, "hide_null": False, "plaintext": plaintext.hex(),
                          "expect": "malformed"})
    return {"about": "More of what is in plaintexts.json, at the limits of each kind and beyond them. only: the one "
                     "crate that can hold it; a reader may refuse it too.",
            "cases": cases, "read_only": read_only, "malformed": malformed}
