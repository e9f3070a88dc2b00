//! What small models expand to, next to this file to be read and to be compared.
//!
//! `FIELDSEAL_SNAPSHOT=update cargo test -p fieldseal-derive` writes the snapshots anew; read the
//! diff before committing.

use proc_macro2::TokenStream;
use quote::quote;
use std::path::Path;
use syn::{Block, Expr, File, Item, Stmt, parse_quote, parse2};

#[test]
fn a_model_for_rusqlite() {
    let model = parse_quote! {
        #[encrypt(table = "patients", row = (clinic, id), scope = org_id, rusqlite)]
        pub struct Patient {
            pub id: Uuid,
            pub clinic: String,
            pub org_id: i64,
            #[encrypt]
            pub name: String,
            #[encrypt(json, pad = 64, hide_null)]
            pub history: Option<Vec<Visit>>,
            #[encrypt(suite = "aes-256-siv", unbound_row, migrating, column = "e-mail")]
            pub r#type: Option<Email>,
        }
    };
    check("rusqlite.rs", crate::expand::encrypt(&model));
}

#[test]
fn a_model_for_diesel() {
    let model = parse_quote! {
        #[encrypt(table = "patients", row = id, keyring = Keys)]
        #[diesel(table_name = schema::people)]
        struct Patient {
            id: i64,
            #[encrypt]
            #[diesel(column_name = full_name)]
            name: Option<String>,
            ward: Option<String>,
        }
    };
    check("diesel.rs", crate::expand::encrypt(&model));
}

#[test]
fn a_changeset_for_diesel() {
    let model = parse_quote! {
        #[encrypt(table = "patients", unbound_row, write_only, no_debug, crate = seal)]
        #[diesel(table_name = patients)]
        struct Changes<'a, 'b: 'a> {
            #[encrypt]
            name: Option<&'a str>,
            #[encrypt(pad = 32)]
            diagnosis: Option<Option<&'a [u8]>>,
            ward: Option<&'b str>,
        }
    };
    check("changeset.rs", crate::expand::encrypt(&model));
}

#[test]
fn a_model_for_sqlx() {
    let model = parse_quote! {
        #[encrypt(table = "patients", row = id, scope = org_id, sqlx, stored = StoredPatient, size = 65535)]
        pub struct Patient {
            pub id: i64,
            pub org_id: i64,
            #[encrypt]
            #[sqlx(rename = "full_name")]
            pub name: String,
            #[encrypt(base64, size = 255)]
            pub email: Option<String>,
            #[sqlx(json)]
            pub wards: Vec<String>,
            #[sqlx(json(nullable))]
            flags: Option<Flags>,
            #[sqlx(skip)]
            seen: bool,
        }
    };
    check("sqlx.rs", crate::expand::encrypt(&model));
}

#[test]
fn a_newtype() {
    let newtype = parse_quote!(
        struct Email(String);
    );
    check("newtype.rs", crate::newtype::expand(&newtype));
}

fn check(name: &str, expanded: syn::Result<TokenStream>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots").join(name);
    let text = pretty(expanded.unwrap());
    if std::env::var_os("FIELDSEAL_SNAPSHOT").is_some_and(|value| value == "update") {
        std::fs::write(&path, &text).unwrap();
    }
    let snapshot = std::fs::read_to_string(&path).unwrap_or_default();
    let first = snapshot.lines().zip(text.lines()).position(|(old, new)| old != new);
    let line = first.unwrap_or_else(|| snapshot.lines().count().min(text.lines().count()));
    assert!(
        snapshot == text,
        "{name} differs from line {}: if that's meant, run with FIELDSEAL_SNAPSHOT=update\n- {}\n+ {}",
        line + 1,
        snapshot.lines().nth(line).unwrap_or_default(),
        text.lines().nth(line).unwrap_or_default(),
    );
}

fn pretty(expanded: TokenStream) -> String {
    let mut file: File = parse2(expanded).unwrap();
    for item in &mut file.items {
        if let Item::Const(constant) = item
            && let Expr::Block(block) = &mut *constant.expr
        {
            block.block.stmts = block.block.stmts.drain(..).flat_map(open_macro).collect();
        }
    }
    prettyplease::unparse(&file)
}

/// What is inside `if_diesel!` and its like, which a pretty-printer leaves on one line.
fn open_macro(statement: Stmt) -> Vec<Stmt> {
    let mac = match &statement {
        Stmt::Macro(statement) => &statement.mac,
        Stmt::Item(Item::Macro(item)) => &item.mac,
        _ => return vec![statement],
    };
    let tokens = &mac.tokens;
    let block: Block = parse2(quote!({ #tokens })).unwrap();
    block.stmts
}
