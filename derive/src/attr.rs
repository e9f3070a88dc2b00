//! `#[encrypt(…)]`, parsed.

use crate::errors::Errors;
use proc_macro2::TokenTree;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Ident, LitInt, LitStr, Meta, Path, Result, Token, parenthesized, token};

/// The right syntax, for messages.
pub(crate) const MODEL_SYNTAX: &str = "#[encrypt(table = \"patients\", row = id)]";
const FIELD_SYNTAX: &str = "#[encrypt(pad = 32)]";

/// What stands on the struct.
#[derive(Default)]
pub(crate) struct ModelAttrs {
    pub(crate) table: Option<LitStr>,
    pub(crate) row: Option<Vec<Ident>>,
    pub(crate) unbound_row: Option<Ident>,
    pub(crate) scope: Option<Ident>,
    pub(crate) keyring: Option<Path>,
    pub(crate) rusqlite: Option<Ident>,
    pub(crate) migrating: Option<Ident>,
    pub(crate) read_only: Option<Ident>,
    pub(crate) write_only: Option<Ident>,
    pub(crate) no_debug: Option<Ident>,
    pub(crate) size: Option<LitInt>,
    pub(crate) base64: Option<Ident>,
    pub(crate) sqlx: Option<Ident>,
    pub(crate) stored: Option<Ident>,
    pub(crate) krate: Option<Path>,
    /// Every name that occurs in the attribute, even with a value that makes no sense.
    mentioned: Vec<String>,
}

/// What stands on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) column: Option<LitStr>,
    pub(crate) sql_name: Option<LitStr>,
    pub(crate) pad: Option<LitInt>,
    pub(crate) json: Option<Ident>,
    pub(crate) hide_null: Option<Ident>,
    pub(crate) suite: Option<Suite>,
    pub(crate) previous_suite: Option<Suite>,
    pub(crate) unbound_row: Option<Ident>,
    pub(crate) migrating: Option<Ident>,
    pub(crate) plain: Option<Ident>,
    pub(crate) size: Option<LitInt>,
    pub(crate) base64: Option<Ident>,
    /// A part of the attribute couldn't be parsed, so a missing setting may be that part.
    pub(crate) is_broken: bool,
}

/// What stands on a newtype.
#[derive(Default)]
pub(crate) struct NewtypeAttrs {
    pub(crate) krate: Option<Path>,
}

/// One of `fieldseal::Suite`, as it was written.
pub(crate) struct Suite {
    pub(crate) literal: LitStr,
    pub(crate) variant: &'static str,
}

const SUITES: [(&str, &str); 4] = [
    ("xaes-256-gcm", "Xaes256Gcm"),
    ("xchacha20-poly1305", "XChaCha20Poly1305"),
    ("aes-256-gcm", "Aes256Gcm"),
    ("aes-256-siv", "Aes256Siv"),
];

impl Suite {
    pub(crate) fn is_deterministic(&self) -> bool {
        self.variant == "Aes256Siv"
    }

    fn named(literal: LitStr) -> Result<Self> {
        let name = literal.value();
        match SUITES.iter().find(|(known, _)| *known == name) {
            Some((_, variant)) => Ok(Self { literal, variant }),
            None => {
                let known: Vec<_> = SUITES.iter().map(|(known, _)| format!("\"{known}\"")).collect();
                Err(Error::new(literal.span(), format!("unknown suite; there are {}", known.join(", "))))
            }
        }
    }
}

impl ModelAttrs {
    pub(crate) fn parse(attrs: &[Attribute], errors: &mut Errors) -> Self {
        let mut this = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("encrypt")) {
            if each(attr, errors, MODEL_SYNTAX, |meta| this.set(meta)) == Parsed::Partly {
                this.mentioned.extend(["table".to_owned(), "row".to_owned()]);
            }
        }
        this
    }

    /// Whether that attribute was written at all.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.mentioned.iter().any(|mentioned| mentioned == name)
    }

    fn set(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = name(meta, MODEL_SYNTAX)?;
        self.mentioned.push(name.to_string());
        match name.to_string().as_str() {
            "table" => once(&mut self.table, &name, value(meta, "table = \"patients\"")?),
            "row" if self.row.is_some() => {
                Err(Error::new(name.span(), "a model has one row binding; a composite key is `row = (org_id, id)`"))
            }
            "row" => once(&mut self.row, &name, row(meta)?),
            "unbound_row" => once(&mut self.unbound_row, &name, flag(meta, &name)?),
            "scope" => once(&mut self.scope, &name, value(meta, "scope = org_id")?),
            "keyring" => once(&mut self.keyring, &name, value(meta, "keyring = Billing")?),
            "rusqlite" => once(&mut self.rusqlite, &name, flag(meta, &name)?),
            "migrating" => once(&mut self.migrating, &name, flag(meta, &name)?),
            "read_only" => once(&mut self.read_only, &name, flag(meta, &name)?),
            "write_only" => once(&mut self.write_only, &name, flag(meta, &name)?),
            "no_debug" => once(&mut self.no_debug, &name, flag(meta, &name)?),
            "size" => once(&mut self.size, &name, value(meta, "size = 65535")?),
            "base64" => once(&mut self.base64, &name, flag(meta, &name)?),
            "sqlx" => once(&mut self.sqlx, &name, flag(meta, &name)?),
            "stored" => once(&mut self.stored, &name, value(meta, "stored = StoredPatient")?),
            "crate" => once(&mut self.krate, &name, value(meta, "crate = path::to::fieldseal")?),
            field @ ("column" | "pad" | "json" | "hide_null" | "suite" | "previous_suite" | "sql_name"
            | "plain") => Err(Error::new(
                name.span(),
                format!("`{field}` goes on a field, as in `#[encrypt(pad = 32)] name: String`"),
            )),
            other => Err(Error::new(
                name.span(),
                format!(
                    "unknown attribute `{other}`; a struct takes `table`, `row`, `unbound_row`, `scope`, `keyring`, \
                     `rusqlite`, `sqlx`, `stored`, `size`, `base64`, `migrating`, `read_only`, `write_only`, `no_debug` and \
                     `crate`, as in `{MODEL_SYNTAX}`"
                ),
            )),
        }
    }
}

impl FieldAttrs {
    /// `None` if the field has no `#[encrypt]`.
    pub(crate) fn parse(attrs: &[Attribute], errors: &mut Errors) -> Option<Self> {
        let mut found: Option<Self> = None;
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("encrypt")) {
            if found.is_some() {
                errors.at(attr, "doubled attribute: put everything into one `#[encrypt(…)]`");
                continue;
            }
            let mut this = Self::default();
            if !matches!(attr.meta, Meta::Path(_)) {
                this.is_broken = each(attr, errors, FIELD_SYNTAX, |meta| this.set(meta)) != Parsed::Soundly;
            }
            found = Some(this);
        }
        found
    }

    fn set(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let name = name(meta, FIELD_SYNTAX)?;
        match name.to_string().as_str() {
            "column" => once(&mut self.column, &name, value(meta, "column = \"name\"")?),
            "sql_name" => once(&mut self.sql_name, &name, value(meta, "sql_name = \"name\"")?),
            "pad" => once(&mut self.pad, &name, value(meta, "pad = 32")?),
            "json" => once(&mut self.json, &name, flag(meta, &name)?),
            "hide_null" => once(&mut self.hide_null, &name, flag(meta, &name)?),
            "suite" => once(&mut self.suite, &name, Suite::named(value(meta, "suite = \"aes-256-gcm\"")?)?),
            "previous_suite" => {
                let literal = value(meta, "previous_suite = \"aes-256-gcm\"")?;
                once(&mut self.previous_suite, &name, Suite::named(literal)?)
            }
            "unbound_row" => once(&mut self.unbound_row, &name, flag(meta, &name)?),
            "migrating" => once(&mut self.migrating, &name, flag(meta, &name)?),
            "plain" => once(&mut self.plain, &name, flag(meta, &name)?),
            "size" => once(&mut self.size, &name, value(meta, "size = 255")?),
            "base64" => once(&mut self.base64, &name, flag(meta, &name)?),
            "search" => Err(Error::new(
                name.span(),
                "blind indexes aren't there yet; for equality on the ciphertext write \
                 `#[encrypt(suite = \"aes-256-siv\", unbound_row)]`",
            )),
            model @ ("table" | "row" | "scope" | "keyring" | "rusqlite" | "sqlx" | "stored" | "read_only"
            | "write_only" | "no_debug" | "crate") => {
                Err(Error::new(name.span(), format!("`{model}` goes on the struct, as in `{MODEL_SYNTAX}`")))
            }
            other => Err(Error::new(
                name.span(),
                format!(
                    "unknown attribute `{other}`; a field takes `column`, `json`, `pad`, `hide_null`, `suite`, \
                     `previous_suite`, `unbound_row`, `size`, `base64`, `migrating`, `sql_name` and `plain`, as in `{FIELD_SYNTAX}`"
                ),
            )),
        }
    }
}

impl NewtypeAttrs {
    pub(crate) fn parse(attrs: &[Attribute], errors: &mut Errors) -> Self {
        const SYNTAX: &str = "#[encrypt(crate = path::to::fieldseal)]";
        let mut this = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("encrypt")) {
            each(attr, errors, SYNTAX, |meta| {
                let name = name(meta, SYNTAX)?;
                match name == "crate" {
                    true => once(&mut this.krate, &name, value(meta, "crate = path::to::fieldseal")?),
                    false => Err(Error::new(
                        name.span(),
                        format!("unknown attribute `{name}`; a newtype takes `crate`, as in `{SYNTAX}`"),
                    )),
                }
            });
        }
        this
    }
}

/// How an attribute could be read.
#[derive(PartialEq, Eq)]
enum Parsed {
    Soundly,
    /// With errors in some of its parts.
    Throughout,
    /// Only a part of it could be read.
    Partly,
}

/// Calls `set` with each part of `#[encrypt(a, b = c)]`, and goes on after an error.
fn each(
    attr: &Attribute,
    errors: &mut Errors,
    syntax: &str,
    mut set: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>,
) -> Parsed {
    if !matches!(attr.meta, Meta::List(_)) {
        errors.at(attr, format!("expected attributes in parentheses: `{syntax}`"));
        return Parsed::Partly;
    }
    let mut parsed = Parsed::Soundly;
    let read = attr.parse_nested_meta(|meta| {
        if errors.take(set(&meta)).is_none() {
            parsed = Parsed::Throughout;
        }
        skip(meta.input)
    });
    if let Err(error) = read {
        errors.push(Error::new(error.span(), format!("{error}; write `{syntax}`")));
        return Parsed::Partly;
    }
    parsed
}

/// Skips what is left up to the next comma.
pub(crate) fn skip(input: ParseStream<'_>) -> Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn name(meta: &ParseNestedMeta<'_>, syntax: &str) -> Result<Ident> {
    match meta.path.get_ident() {
        Some(name) => Ok(name.clone()),
        None => Err(meta.error(format!("expected a name, as in `{syntax}`"))),
    }
}

fn once<T>(slot: &mut Option<T>, name: &Ident, value: T) -> Result<()> {
    if slot.is_some() {
        return Err(Error::new(name.span(), format!("doubled attribute: `{name}` is already given")));
    }
    *slot = Some(value);
    Ok(())
}

fn value<T: Parse>(meta: &ParseNestedMeta<'_>, syntax: &str) -> Result<T> {
    if !meta.input.peek(Token![=]) {
        return Err(meta.error(format!("expected a value: `{syntax}`")));
    }
    meta.value()?.parse().map_err(|error| Error::new(error.span(), format!("{error}; write `{syntax}`")))
}

fn flag(meta: &ParseNestedMeta<'_>, name: &Ident) -> Result<Ident> {
    if meta.input.peek(Token![=]) || meta.input.peek(token::Paren) {
        return Err(meta.error(format!("`{name}` takes no value: write `#[encrypt({name})]`")));
    }
    Ok(name.clone())
}

/// `row = id` or `row = (org_id, id)`.
fn row(meta: &ParseNestedMeta<'_>) -> Result<Vec<Ident>> {
    const SYNTAX: &str = "expected one or more fields: `row = id` or `row = (org_id, id)`";
    if !meta.input.peek(Token![=]) {
        return Err(meta.error(SYNTAX));
    }
    let input = meta.value()?;
    if !input.peek(token::Paren) {
        let field: Ident = input.parse().map_err(|error| Error::new(error.span(), SYNTAX))?;
        return Ok(vec![field]);
    }
    let content;
    let parens = parenthesized!(content in input);
    let fields = content.parse_terminated(Ident::parse, Token![,])?;
    if fields.is_empty() {
        return Err(Error::new(parens.span.join(), SYNTAX));
    }
    Ok(fields.into_iter().collect())
}
