//! Sealed values in every place that they weren't sealed for.

use crate::models::{Client, Database as _, Raw, Store, World};
use fieldseal::keyring::KeyringSource as _;
use fieldseal::{Column, ErrorKind, Model, Scope};
use std::collections::BTreeMap;
use testkit::test_keyring;

test_keyring!(Keys, &[1, 2]);

macro_rules! sides {
    ($($Model:ident in $table:ident $name:literal)+) => {$(
        diesel::table! {
            $table (id) {
                id -> BigInt,
                org_id -> BigInt,
                xaes_a -> Binary,
                xaes_b -> Binary,
                xchacha_a -> Binary,
                xchacha_b -> Binary,
                gcm_a -> Binary,
                gcm_b -> Binary,
                siv_a -> Binary,
                siv_b -> Binary,
                unbound_a -> Binary,
                unbound_b -> Binary,
                text -> Text,
            }
        }

        sides! { @ $Model in $table $name:
            xaes_a() xaes_b()
            xchacha_a(suite = "xchacha20-poly1305") xchacha_b(suite = "xchacha20-poly1305")
            gcm_a(suite = "aes-256-gcm") gcm_b(suite = "aes-256-gcm")
            siv_a(suite = "aes-256-siv", unbound_row) siv_b(suite = "aes-256-siv", unbound_row)
            unbound_a(unbound_row) unbound_b(unbound_row)
            text(base64)
        }
    )+};
    (@ $Model:ident in $table:ident $name:literal: $($field:ident($($attrs:tt)*))+) => {
        model! {
            #[encrypt(table = $name, row = id, scope = org_id, keyring = Keys, size = 255, no_debug)]
            #[diesel(table_name = $table)]
            pub struct $Model {
                pub id: i64,
                org_id: i64,
                $(#[encrypt($($attrs)*)] $field: String,)+
            }
        }

        impl Side for $Model {
            fn new(id: i64, org_id: i64) -> Self {
                $(let $field = plaintext(Self::SCHEMA.table, stringify!($field), id, org_id);)+
                Self { id, org_id, $($field),+ }
            }

            fn text(self, column: &str) -> String {
                match column {
                    $(stringify!($field) => self.$field,)+
                    _ => unreachable!("{column}"),
                }
            }
        }

        stores! { $Model in $table }
    };
}

trait Side: Model {
    fn new(id: i64, org_id: i64) -> Self;
    fn text(self, column: &str) -> String;
}

sides! {
    Left in left_side "left_side"
    Right in right_side "right_side"
}

/// Two rows of each of two tenants; the second of each was written after a rotation.
const ROWS: [(i64, i64); 4] = [(1, 1), (2, 1), (3, 2), (4, 2)];

fn plaintext(table: &str, column: &str, id: i64, org_id: i64) -> String {
    // Longer than what any suite adds, so that no value is too short for another column.
    format!("plaintext of {table}, {column}, row {id}, of tenant {org_id}")
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    table: &'static str,
    column: &'static Column,
    id: i64,
    org_id: i64,
}

impl Cell {
    fn all() -> Vec<Self> {
        let mut cells = Vec::new();
        for schema in [Left::SCHEMA, Right::SCHEMA] {
            for column in schema.columns {
                cells.extend(ROWS.map(|(id, org_id)| Self { table: schema.table, column, id, org_id }));
            }
        }
        cells
    }

    fn schema(self) -> fieldseal::Schema {
        if self.table == Left::SCHEMA.table { Left::SCHEMA } else { Right::SCHEMA }
    }

    fn read<C: Store<Left> + Store<Right>>(self, client: &mut C) -> Result<String, crate::models::Failed> {
        fn column_of<M: Side>(client: &mut impl Store<M>, cell: Cell) -> Result<String, crate::models::Failed> {
            client.load(cell.id).map(|row| row.unwrap().text(cell.column.name()))
        }
        if self.table == Left::SCHEMA.table {
            column_of::<Left>(client, self)
        } else {
            column_of::<Right>(client, self)
        }
    }

    fn plaintext(self) -> String {
        plaintext(self.table, self.column.name(), self.id, self.org_id)
    }

    /// What the threat model grants to whoever writes the database: moving a value that isn't bound
    /// to its row to another row of the same column and scope.
    fn accepts(self, from: Self) -> bool {
        let same = (self.table, self.column.name(), self.org_id) == (from.table, from.column.name(), from.org_id);
        self == from || (!self.column.is_row_bound() && same)
    }
}

pub fn a_value_opens_only_where_it_was_sealed<C: Client + Store<Left> + Store<Right>>() {
    let mut world = World::<C>::with_table_of::<Left>();
    world.database.create_table::<Right>(&[]);
    for second in [false, true] {
        for (id, org_id) in ROWS.into_iter().filter(|(id, _)| (id % 2 == 0) == second) {
            Store::<Left>::insert(&mut world.client, &Left::new(id, org_id)).unwrap();
            Store::<Right>::insert(&mut world.client, &Right::new(id, org_id)).unwrap();
        }
        for tenant in [1, 2] {
            Keys::keyring().unwrap().admin().rotate(&Scope::tenant(tenant).unwrap()).unwrap();
        }
    }
    let cells = Cell::all();
    let mut get = |cell: &Cell| {
        let stored = world.database.raw(&cell.schema(), cell.column, cell.id).unwrap();
        if cell.column.is_base64() { crate::models::from_base64(&stored).unwrap() } else { stored }
    };
    let sealed: Vec<_> = cells.iter().map(&mut get).collect();
    let mut tried = BTreeMap::from([(true, 0), (false, 0)]);
    for (place, to) in cells.iter().enumerate() {
        let mut put = |sealed: &[u8]| {
            world.database.put(&to.schema(), to.column, to.id, &Raw::sealed(to.column, sealed));
            to.read(&mut world.client)
        };
        let step = C::step(to.column);
        // A client that tries a part of them tries other places' in each: its own, those beside it,
        // those far away.
        let tried_here = |at: usize| (at + 3 * place).is_multiple_of(step);
        for (from, sealed) in (0..)
            .zip(&cells)
            .zip(&sealed)
            .filter_map(|((at, from), sealed)| tried_here(at).then_some((from, sealed)))
        {
            match put(sealed) {
                Ok(text) => {
                    assert!(to.accepts(*from), "{from:?} opened as {to:?}");
                    assert_eq!(text, from.plaintext());
                }
                Err(failed) => {
                    let refusal = failed.refusal();
                    assert!(!to.accepts(*from), "{from:?} refused as {to:?}: {refusal:?}");
                    assert_eq!(*refusal.error.kind(), ErrorKind::Rejected, "{from:?} as {to:?}");
                    assert_eq!(refusal.place(), (to.table, to.column.name()));
                }
            }
            *tried.get_mut(&to.accepts(*from)).unwrap() += 1;
        }
        assert_eq!(put(&sealed[place]).unwrap(), to.plaintext());
    }
    assert!(tried.values().all(|tried| *tried > 0), "{tried:?}");
    if C::TRIES_ALL {
        // Each in its own place, and in that of the tenant's other row.
        let unbound = 2 * 4 * ROWS.len();
        let of_bytes = cells.iter().filter(|cell| !cell.column.is_base64()).count();
        assert!(tried[&true] >= of_bytes + unbound && tried[&false] >= of_bytes * (cells.len() - 1) - unbound);
    }
}
