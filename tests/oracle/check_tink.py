"""Proves that the real Tink library and the page mean the same: each opens what the other sealed.

    python check_tink.py

Also feeds Tink every case of tests/vectors/values.json, failures.json and their like, so run make_vectors.py first.
"""

import sys

sys.dont_write_bytecode = True

import json
from pathlib import Path

import fieldseal_format as f
import tink_bridge

VECTORS = Path(__file__).resolve().parent.parent / "vectors"


def load(name):
    """The cases of the file of that name, and of those that later suites have: aes_…_values.json."""
    files = [path for path in VECTORS.iterdir() if path.name == name or path.name.endswith(f"_{name}")]
    return [case for path in sorted(files) for case in json.loads(path.read_text(encoding="utf-8"))["cases"]]


def context(case):
    """What a Rust program would hand to Tink: the column's keyset and the value's associated data."""
    key = f.column_key(bytes.fromhex(case["data_key"]), case["suite"], case["table"], case["column"])
    aad = f.associated_data(case["table"], case["column"], case["scope"], case["row"])
    return tink_bridge.keyset(case["suite"], case["key_id"], {case["key_id"]: key}), case["suite"], aad


def check_value(case):
    sealed, plaintext = bytes.fromhex(case["sealed"]), bytes.fromhex(case["plaintext"])
    keyset, suite, aad = context(case)
    assert tink_bridge.open_sealed(keyset, suite, aad, sealed) == plaintext, "Tink opens it differently"
    again = tink_bridge.seal(keyset, suite, aad, plaintext)
    assert len(again) == len(sealed), "Tink's overhead differs"
    assert suite != "aes-256-siv" or again == sealed, "Tink's deterministic bytes differ"
    opened = f.open_value({case["key_id"]: bytes.fromhex(case["data_key"])}, suite, case["table"], case["column"],
                          case["scope"], case["row"], again)
    assert opened == plaintext, "the oracle opens Tink's value differently"


def check_failure(case):
    try:
        tink_bridge.open_sealed(*context(case), bytes.fromhex(case["sealed"]))
    except f.FormatError as e:
        assert e.kind == "rejected", str(e)  # and not a keyset that Tink couldn't read
        return
    raise AssertionError("Tink opens it")


def main():
    failed = False
    for suite in f.SUITES:
        counts = []
        for name, check in (("values.json", check_value), ("failures.json", check_failure)):
            cases = [c for c in load(name) if c["suite"] == suite]
            for case in cases:
                try:
                    check(case)
                except (AssertionError, f.FormatError) as e:
                    failed = True
                    print(f"FAILED {case['name']}: {e}", file=sys.stderr)
            counts.append(len(cases))
        failed |= 0 in counts
        print(f"{suite}: {counts[0]} values both ways, {counts[1]} refused")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
