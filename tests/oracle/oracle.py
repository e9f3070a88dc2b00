"""The oracle as a command: JSON in, JSON out. README.md lists the commands and their fields.

    python oracle.py <command> < request.json     one answer; the exit code is 1 if it is an error
    python oracle.py serve                        one request a line ({"command": …, …}), one answer a line

An answer that failed is {"error": kind, "message": text}. The kinds are FormatError's (see fieldseal_format.py)
and bad_request, for a request that can't be understood or a file that can't be read.
"""

import sys

sys.dont_write_bytecode = True

import json
import os
import sqlite3
import struct
import uuid

import fieldseal_format as f
import fieldseal_keys as k
import fieldseal_plaintext as p
import fieldseal_stores as stores


class BadRequest(Exception):
    pass


def value_context(r):
    return r["suite"], r["table"], r["column"], r["scope"], r["row"]


def open_command(r):
    keys = {r["key_id"]: bytes.fromhex(r["data_key"])}
    return {"plaintext": f.open_value(keys, *value_context(r), bytes.fromhex(r["sealed"])).hex()}


def seal_command(r):
    """Without a nonce in the request a random one, as a real writer would take."""
    size = f.suite_named(r["suite"]).nonce_size
    nonce = bytes.fromhex(r["nonce"]) if r.get("nonce") else os.urandom(size)
    data_key, plaintext = bytes.fromhex(r["data_key"]), bytes.fromhex(r["plaintext"])
    return {"sealed": f.seal_value(data_key, r["key_id"], *value_context(r), nonce, plaintext).hex()}


def tink_open_command(r):
    import tink_bridge  # here, because loading Tink takes longer than all the rest

    aad, sealed = bytes.fromhex(r["aad"]), bytes.fromhex(r["sealed"])
    kek = r.get("kek")
    if "kek_file" in r:
        with open(r["kek_file"], encoding="utf-8") as file:
            kek = tink_bridge.keyset_of_kek_file(k.LocalKek(file.read(), r["passphrase"]))
    opened = tink_bridge.open_sealed(r["keyset"], r["suite"], aad, sealed, kek)
    return {"plaintext": opened.hex()}


def tink_seal_command(r):
    import tink_bridge

    sealed = tink_bridge.seal(r["keyset"], r["suite"], bytes.fromhex(r["aad"]), bytes.fromhex(r["plaintext"]))
    return {"sealed": sealed.hex()}


# --- open-database ----------------------------------------------------------------------------------------------


def expect_type(cell, kind, wanted):
    if type(cell) is not wanted:
        raise BadRequest(f"a {kind} column holds {type(cell).__name__}")
    return cell


def row_id_element(cell, kind):
    """One element of the row id, from the SQLite column that holds it."""
    if kind == "int":
        return {"int": str(expect_type(cell, kind, int))}
    if kind == "text":
        return {"text": expect_type(cell, kind, str)}
    if kind == "bytes":
        return {"bytes": expect_type(cell, kind, bytes).hex()}
    if kind == "uuid-text":
        return {"bytes": uuid.UUID(expect_type(cell, kind, str)).bytes.hex()}
    if kind == "uuid-bytes":
        return {"bytes": uuid.UUID(bytes=expect_type(cell, kind, bytes)).bytes.hex()}
    raise BadRequest(f"no row kind {kind!r}")


def scope_text(cell, kind):
    if kind == "int":
        return str(expect_type(cell, kind, int))
    if kind == "text":
        return expect_type(cell, kind, str)
    if kind == "uuid-text":
        return str(uuid.UUID(expect_type(cell, kind, str)))
    if kind == "uuid-bytes":
        return str(uuid.UUID(bytes=expect_type(cell, kind, bytes)))
    raise BadRequest(f"no scope kind {kind!r}")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def select_rows(r, names):
    order = ", ".join(quoted(e["column"]) for e in r.get("row") or []) or "rowid"
    columns = ", ".join(quoted(n) for n in names)
    connection = stores.open_sqlite(r["database"])
    try:
        query = f"SELECT {columns} FROM {quoted(r['sql_table'])} ORDER BY {order}"
        return [dict(zip(names, row)) for row in connection.execute(query)]
    finally:
        connection.close()


def open_cell(cell, column, table, scope, row, records, data_keys):
    hide_null, pad = column.get("hide_null", False), column.get("pad")
    if cell is None:
        f.check(not hide_null, "not_sealed", "SQL NULL in a hide_null column")
        return None
    f.check(type(cell) is bytes, "not_sealed", f"a sealed column holds {type(cell).__name__}")
    suite = column["suite"]
    key_id = f.key_id_of(cell, suite)
    f.check(key_id not in records or records[key_id].scope == scope, "rejected", f"key {key_id} is of another scope")
    # An aes-256-siv column isn't bound to its row, whatever the rest of the table is.
    bound = None if suite == "aes-256-siv" or column.get("bound") is False else row
    plaintext = f.open_value(data_keys, suite, table, column["column"], scope, bound, cell)
    return p.decode_plaintext(column["kind"], plaintext, hide_null, pad)


def open_database_command(r):
    """Unwraps every data key there is, then opens and decodes every cell of the columns asked for."""
    with open(r["kek_file"], encoding="utf-8") as file:
        kek = k.LocalKek(file.read(), r.get("passphrase"))
    keys = r["keys"]
    records = stores.keys_from_sqlite(keys["sqlite"]) if "sqlite" in keys else stores.keys_from_file(keys["file"])
    data_keys = {k: record.data_key(kek) for k, record in records.items() if record.state != "destroyed"}

    row_spec, scope_spec = r.get("row"), r.get("scope")
    names = [c["sql_column"] for c in r["columns"]] + [e["column"] for e in row_spec or []]
    names += [scope_spec["column"]] if scope_spec else []
    rows = []
    for number, cells in enumerate(select_rows(r, list(dict.fromkeys(names))), 1):
        row = [row_id_element(cells[e["column"]], e["kind"]) for e in row_spec] if row_spec else None
        scope = scope_text(cells[scope_spec["column"]], scope_spec["kind"]) if scope_spec else ""
        opened = {}
        for c in r["columns"]:
            try:
                cell = cells[c["sql_column"]]
                opened[c["column"]] = open_cell(cell, c, r["table"], scope, row, records, data_keys)
            except f.FormatError as e:
                where = f"{r['sql_table']}.{c['sql_column']}, row {number}" + (f" {row}" if row else "")
                raise f.FormatError(e.kind, f"{where}: {e}") from None
        rows.append(opened)
    return {"rows": rows, "keys": len(data_keys)}


# --- Running ----------------------------------------------------------------------------------------------------

COMMANDS = {
    "open": open_command,
    "seal": seal_command,
    "tink-open": tink_open_command,
    "tink-seal": tink_seal_command,
    "open-database": open_database_command,
}


def answer(command, text):
    """Never raises: one bad request mustn't end a `serve` that others wait for."""
    try:
        request = json.loads(text)
        if not isinstance(request, dict):
            raise BadRequest("a request is a JSON object")
        command = command or request.get("command")
        if command not in COMMANDS:
            raise BadRequest(f"no command {command!r}; there are {', '.join(COMMANDS)}, serve")
        return COMMANDS[command](request)
    except f.FormatError as e:
        return {"error": e.kind, "message": str(e)}
    except KeyError as e:
        return {"error": "bad_request", "message": f"{command}: the request has no {e}"}
    except (BadRequest, ValueError, TypeError, AttributeError, OSError, sqlite3.Error, struct.error) as e:
        return {"error": "bad_request", "message": f"{command}: {type(e).__name__}: {e}"}


def write(result):
    print(json.dumps(result, ensure_ascii=False), flush=True)


def main():
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(encoding="utf-8")
    if len(sys.argv) != 2 or sys.argv[1] not in (*COMMANDS, "serve"):
        sys.exit(f"usage: oracle.py {'|'.join((*COMMANDS, 'serve'))}\n\n{__doc__}")
    if sys.argv[1] != "serve":
        result = answer(sys.argv[1], sys.stdin.read())
        write(result)
        sys.exit(1 if "error" in result else 0)
    while line := sys.stdin.readline():
        if line.strip():
            write(answer(None, line))


if __name__ == "__main__":
    main()
