//! Refuses what parses but makes no sense, with what to write instead.

use crate::ast::{Field, Model, last_name};
use crate::attr::{FieldAttrs, MODEL_SYNTAX};
use crate::errors::Errors;
use std::collections::HashSet;
use syn::{GenericParam, Ident, LitInt, LitStr, Type};

pub(crate) fn model(model: &Model<'_>, errors: &mut Errors) {
    attributes(model, errors);
    context(model, errors);
    sqlx(model, errors);
    sized(model.attrs.size.as_ref(), errors);
    if model.sealed().next().is_none() {
        errors.at(&model.input.ident, "no field is sealed: put `#[encrypt]` on the fields to seal");
    }
    for attrs in model.fields.iter().filter_map(|field| field.plain.as_ref()) {
        plain(attrs, errors);
    }
    columns(model, errors);
    let mut names = HashSet::new();
    for (field, attrs) in model.sealed() {
        if !names.insert(logical_name(field, attrs)) {
            errors.at(field.ident, "two fields have the same logical column name");
        }
        if !attrs.is_broken {
            sealed(model, field, attrs, errors);
        }
    }
}

/// The attributes of the struct itself.
fn attributes(model: &Model<'_>, errors: &mut Errors) {
    let attrs = &model.attrs;
    let name = &model.input.ident;
    match &attrs.table {
        None if attrs.mentions("table") => {}
        None => errors.at(name, format!("which table? write `{MODEL_SYNTAX}`")),
        Some(table) => named(table, "table", errors),
    }
    match (&attrs.row, &attrs.unbound_row) {
        (None, None) if attrs.mentions("row") || attrs.mentions("unbound_row") => {}
        (None, None) => errors.at(
            name,
            format!(
                "which field identifies the row? write `{MODEL_SYNTAX}`, so that a value can't be moved to another \
                 row; or `unbound_row` instead of `row`, where the id isn't known before the insert"
            ),
        ),
        (Some(_), Some(unbound)) => errors.at(unbound, "`row` and `unbound_row` exclude each other"),
        _ => {}
    }
    if let (Some(_), Some(write_only)) = (&attrs.read_only, &attrs.write_only) {
        errors.at(write_only, "`read_only` and `write_only` exclude each other");
    }
    for param in &model.input.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            errors.at(
                param,
                "an encrypted model can't have type or const parameters: its columns are one concrete type each",
            );
        }
    }
}

/// No two fields for one column of the database.
fn columns(model: &Model<'_>, errors: &mut Errors) {
    let columns = model.fields.iter().filter(|field| {
        field.diesel("embed").is_none() && field.sqlx.flatten.is_none() && field.sqlx.skip.is_none()
    });
    let mut in_database = HashSet::new();
    // An empty name is refused already.
    for field in columns.filter(|field| model.writes() && !field.sql_name.is_empty()) {
        // One would overwrite the other: a plain field a sealed one, for example.
        if !in_database.insert(&field.sql_name) {
            errors.at(field.ident, format!("two fields are for the column `{}`", field.sql_name));
        }
    }
}

/// The name that is part of the stored data.
pub(crate) fn logical_name(field: &Field<'_>, attrs: &FieldAttrs) -> String {
    attrs.column.as_ref().map_or_else(|| field.sql_name.clone(), LitStr::value)
}

/// The length that a logical name may have, which a name in the database becomes where no other is
/// given.
fn named(name: &LitStr, of: &str, errors: &mut Errors) {
    if name.value().is_empty() || name.value().len() > 65_535 {
        errors.at(name, format!("a {of} name has 1 to 65,535 bytes"));
    }
}

/// The fields that `row` and `scope` name.
fn context(model: &Model<'_>, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for name in model.attrs.row.iter().flatten().chain(&model.attrs.scope) {
        match model.field(name) {
            None => errors.at(name, format!("the struct has no field `{name}`")),
            Some(field) if field.sealed.is_some() => {
                errors.at(name, format!("`{name}` is sealed itself; rows and scopes are found by plain columns"));
            }
            Some(field) => {
                if field.diesel("embed").is_some() {
                    errors.at(name, format!("`{name}` is an embedded struct"));
                }
                if let (true, Some(attr)) = (model.writes(), field.diesel("skip_insertion")) {
                    let why =
                        "the database would insert another value than the one that the sealed values are bound to";
                    errors.at(attr, format!("`{name}` must be inserted: {why}"));
                }
            }
        }
    }
    for name in model.attrs.row.iter().flatten() {
        if !seen.insert(name) {
            errors.at(name, format!("`{name}` is in the row id twice"));
        }
    }
}

fn sealed(model: &Model<'_>, field: &Field<'_>, attrs: &FieldAttrs, errors: &mut Errors) {
    for name in attrs.column.iter().chain(&attrs.sql_name) {
        named(name, "column", errors);
    }
    if let Some(pad) = &attrs.pad
        && !pad.base10_parse::<usize>().is_ok_and(|multiple| (2..=65_536).contains(&multiple))
    {
        errors.at(pad, "padding is to a multiple of 2 to 65,536 bytes: `pad = 32`");
    }
    if let Some(hide_null) = &attrs.hide_null {
        if attrs.pad.is_none() {
            errors.at(hide_null, "without padding the length tells NULL from a value: write `hide_null, pad = 32`");
        }
        match field.option() {
            None => errors.at(hide_null, "only an `Option` can be NULL"),
            Some(inner) if last_name(inner).is_some_and(|name| name == "Sealed") => {
                errors.at(
                    hide_null,
                    "a `Sealed` field can't tell a hidden NULL before it is opened: use `Option<T>`",
                );
            }
            Some(_) => {}
        }
    }
    sized(attrs.size.as_ref(), errors);
    if let (Some(base64), Some(_)) = (&attrs.base64, &model.attrs.base64) {
        errors.at(base64, "all columns of the model are `base64` already");
    }
    suites(model, attrs, errors);
    for name in ["embed", "serialize_as", "deserialize_as", "select_expression"] {
        if let Some(attr) = field.diesel(name) {
            errors.at(attr, format!("`{name}` can't be combined with `#[encrypt]`"));
        }
    }
    if model.reads() {
        if field.is_change() {
            let hint = "`Option<Option<T>>` is for changesets: add `write_only` to the struct's `#[encrypt(…)]`";
            errors.at(field.ty, hint);
        }
        if matches!(field.value_type(), Type::Reference(_)) {
            let hint = "a borrowed field can only be written: add `write_only` to the struct's `#[encrypt(…)]`";
            errors.at(field.ty, hint);
        }
    }
    if let (Some(json), Some(name)) = (&attrs.json, last_name(field.value_type()))
        && name == "Sealed"
    {
        errors.at(json, "for JSON that stays sealed, write `Sealed<fieldseal::value::Json<T>>` without `json`");
    }
}

/// What a model for sqlx can't have.
fn sqlx(model: &Model<'_>, errors: &mut Errors) {
    let on_struct = model.input.attrs.iter().find(|attr| attr.path().is_ident("sqlx"));
    if let Some(attr) = on_struct {
        let hint = "`#[sqlx(…)]` on the struct isn't supported: write `#[sqlx(rename = \"…\")]` on the fields";
        errors.at(attr, hint);
    }
    for field in &model.fields {
        if let (None, Some(attr)) = (&model.attrs.sqlx, field.sqlx_attrs.first()) {
            errors.at(attr, "the struct isn't a model for sqlx: add `#[encrypt(sqlx)]` to it");
        }
        sqlx_field(model, field, errors);
    }
    if let Some(name) = &model.attrs.stored {
        stored(model, name, errors);
    }
}

fn sqlx_field(model: &Model<'_>, field: &Field<'_>, errors: &mut Errors) {
    let (name, attrs) = (field.ident, &field.sqlx);
    let is_context = model.row().chain(model.scope()).any(|part| part.ident == name);
    for attr in attrs.special() {
        if field.sealed.is_some() {
            errors.at(attr, format!("`{}` can't be combined with `#[encrypt]`", path_text(attr)));
        } else if is_context && !attr.is_ident("try_from") {
            errors.at(attr, format!("`{name}` must be a column of its own: sealed values are bound to it"));
        } else if model.writes() && attr.is_ident("flatten") {
            let hint = "a flattened struct can only be read: add `read_only` to the struct's `#[encrypt(…)]`";
            errors.at(attr, hint);
        }
    }
    if let (Some(json), Some(_)) = (&attrs.json, &attrs.flatten) {
        errors.at(&json.path, "`json` and `flatten` exclude each other");
    }
    if let (Some(json), Some(_)) = (&attrs.json, &attrs.try_from)
        && json.nullable
    {
        errors.at(&json.path, "`json(nullable)` and `try_from` exclude each other");
    }
    let own_name = field.sealed.as_ref().or(field.plain.as_ref()).and_then(|attrs| attrs.sql_name.as_ref());
    if let (Some(rename), Some(_)) = (&attrs.rename, own_name) {
        errors.at(rename, "the column's name is given by `sql_name` already: leave one of them out");
    }
}

/// The struct that `query_as!` fills: it fills one field for each column, and the row is gone when
/// it's done.
fn stored(model: &Model<'_>, name: &Ident, errors: &mut Errors) {
    if model.attrs.sqlx.is_none() {
        errors.at(name, "`stored` is for sqlx's `query_as!`: write `#[encrypt(sqlx, stored = …)]`");
    }
    if !model.reads() {
        errors.at(name, "a model that is only written is never loaded: leave `stored` out, or `write_only`");
    }
    if *name == model.input.ident {
        errors.at(name, format!("the struct to load needs a name of its own: `stored = Stored{name}`"));
    }
    if let Some(param) = model.input.generics.params.first() {
        errors.at(
            param,
            "`query_as!` can't lend what it loads: leave `stored` out, or let the struct own its fields",
        );
    }
    for field in &model.fields {
        for attr in field.sqlx.flatten.iter().chain(&field.sqlx.try_from) {
            let hint = "`query_as!` fills one field for each column, of the column's own type";
            errors.at(attr, format!("`{}` can't be combined with `stored`: {hint}", path_text(attr)));
        }
    }
}

fn path_text(path: &syn::Path) -> String {
    path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
}

/// The size of a column in the database: enough for the shortest sealed value, at most a
/// `LONGBLOB`'s.
fn sized(size: Option<&LitInt>, errors: &mut Errors) {
    if let Some(size) = size
        && !size.base10_parse::<u32>().is_ok_and(|bytes| bytes >= 21)
    {
        errors.at(
            size,
            "a column's size is 21 to 4294967295, as the database declares it: `size = 255` for a VARBINARY(255), \
             `size = 65535` for MySQL's BLOB",
        );
    }
}

fn suites(model: &Model<'_>, attrs: &FieldAttrs, errors: &mut Errors) {
    let bound = model.attrs.row.is_some() && attrs.unbound_row.is_none();
    if let Some(suite) = attrs.suite.as_ref().filter(|suite| suite.is_deterministic())
        && bound
    {
        errors.at(
            &suite.literal,
            "AES-256-SIV makes equal values equal in every row, so they can't be bound to their row: write \
             `#[encrypt(suite = \"aes-256-siv\", unbound_row)]`",
        );
    }
    if let (Some(unbound), None) = (&attrs.unbound_row, &model.attrs.row) {
        errors.at(unbound, "the whole model is unbound already");
    }
    let suite = attrs.suite.as_ref().map_or("Xaes256Gcm", |suite| suite.variant);
    if let Some(previous) = attrs.previous_suite.as_ref().filter(|previous| previous.variant == suite) {
        errors.at(&previous.literal, "the previous suite is the present one: leave it out");
    }
}

/// `plain` stands alone, or with `sql_name`.
fn plain(attrs: &FieldAttrs, errors: &mut Errors) {
    if let Some(name) = &attrs.sql_name {
        named(name, "column", errors);
    }
    let others = attrs.column.is_some()
        || attrs.pad.is_some()
        || attrs.json.is_some()
        || attrs.hide_null.is_some()
        || attrs.suite.is_some()
        || attrs.previous_suite.is_some()
        || attrs.unbound_row.is_some()
        || attrs.size.is_some()
        || attrs.base64.is_some()
        || attrs.migrating.is_some();
    if others || attrs.sql_name.is_none() {
        errors.at(
            &attrs.plain,
            "a field that isn't sealed needs no `#[encrypt]`, except `#[encrypt(plain, sql_name = \"…\")]`",
        );
    }
}
