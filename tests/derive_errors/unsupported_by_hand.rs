use fieldseal::value::Json;
use fieldseal::{Column, Keyring, RowContext};

struct Visit;

fn seal(keyring: &Keyring, column: &Column, row: &RowContext, visit: Visit) {
    keyring.seal(column, row, &visit);
    keyring.seal(column, row, &Json(visit));
}

fn main() {}
