//! `#[sqlx(…)]` on a field, parsed: sqlx's own derive reads it again, and would panic at a mistake.

use crate::attr::skip;
use crate::errors::Errors;
use syn::meta::ParseNestedMeta;
use syn::parse::Parse;
use syn::{Attribute, Error, Ident, LitStr, Path, Result, Type, parenthesized, token};

/// What stands on a field.
#[derive(Default)]
pub(crate) struct SqlxAttrs {
    pub(crate) rename: Option<LitStr>,
    pub(crate) default: Option<Path>,
    pub(crate) flatten: Option<Path>,
    pub(crate) try_from: Option<Path>,
    pub(crate) skip: Option<Path>,
    pub(crate) json: Option<Json>,
}

/// `json` or `json(nullable)`.
pub(crate) struct Json {
    pub(crate) path: Path,
    /// Whether `None` is NULL, and not JSON's `null`.
    pub(crate) nullable: bool,
}

impl SqlxAttrs {
    pub(crate) fn parse(attrs: &[&Attribute], errors: &mut Errors) -> Self {
        let mut this = Self::default();
        for attr in attrs {
            let read = attr.parse_nested_meta(|meta| {
                errors.take(this.set(&meta));
                skip(meta.input)
            });
            errors.take(read);
        }
        this
    }

    /// Settings by which the field isn't exactly one column of its own type.
    pub(crate) fn special(&self) -> impl Iterator<Item = &Path> {
        let json = self.json.as_ref().map(|json| &json.path);
        [self.flatten.as_ref(), json, self.try_from.as_ref(), self.default.as_ref(), self.skip.as_ref()]
            .into_iter()
            .flatten()
    }

    fn set(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        const KNOWN: &str =
            "`rename = \"…\"`, `default`, `flatten`, `skip`, `json`, `json(nullable)` and `try_from = \"…\"`";
        let path = meta.path.clone();
        match path.get_ident().map(Ident::to_string).unwrap_or_default().as_str() {
            "rename" => self.rename = Some(value(meta, "rename = \"full_name\"")?),
            "try_from" => {
                let literal: LitStr = value(meta, "try_from = \"i64\"")?;
                if literal.parse::<Type>().is_err() {
                    return Err(Error::new(literal.span(), "expected a type; write `#[sqlx(try_from = \"i64\")]`"));
                }
                self.try_from = Some(path);
            }
            "default" => self.default = Some(path),
            "flatten" => self.flatten = Some(path),
            "skip" => self.skip = Some(path),
            "json" => self.json = Some(Json { nullable: nullable(meta)?, path }),
            _ => return Err(meta.error(format!("sqlx has no such attribute for a field; it has {KNOWN}"))),
        }
        Ok(())
    }
}

fn value<T: Parse>(meta: &ParseNestedMeta<'_>, syntax: &str) -> Result<T> {
    let parsed = meta.value().and_then(syn::parse::ParseBuffer::parse);
    parsed.map_err(|error| Error::new(error.span(), format!("{error}; write `#[sqlx({syntax})]`")))
}

fn nullable(meta: &ParseNestedMeta<'_>) -> Result<bool> {
    if !meta.input.peek(token::Paren) {
        return Ok(false);
    }
    let content;
    parenthesized!(content in meta.input);
    let word: Ident = content.parse()?;
    match word == "nullable" {
        true => Ok(true),
        false => Err(Error::new(word.span(), "write `#[sqlx(json)]` or `#[sqlx(json(nullable))]`")),
    }
}
