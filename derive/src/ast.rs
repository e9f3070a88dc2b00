//! The struct and its attributes together.

use crate::attr::{FieldAttrs, ModelAttrs, skip};
use crate::errors::Errors;
use crate::sqlx_attr::SqlxAttrs;
use syn::ext::IdentExt;
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, GenericArgument, Ident, LitStr, Path, PathArguments, Result, Type,
    Visibility,
};

pub(crate) struct Model<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) attrs: ModelAttrs,
    pub(crate) diesel: Option<Diesel<'a>>,
    pub(crate) fields: Vec<Field<'a>>,
}

/// What makes the struct a diesel model.
pub(crate) struct Diesel<'a> {
    pub(crate) table: Path,
    /// `#[diesel(…)]` on the struct, all of it.
    pub(crate) attrs: Vec<&'a Attribute>,
    /// Whether `check_for_backend` asks that loads be checked where the struct is.
    pub(crate) checks_loads: bool,
}

pub(crate) struct Field<'a> {
    pub(crate) visibility: &'a Visibility,
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    /// Present on sealed fields.
    pub(crate) sealed: Option<FieldAttrs>,
    /// Present on fields that say `#[encrypt(plain)]`.
    pub(crate) plain: Option<FieldAttrs>,
    /// `#[diesel(…)]` on the field, all of it.
    pub(crate) diesel_attrs: Vec<&'a Attribute>,
    /// `#[sqlx(…)]` on the field, all of it.
    pub(crate) sqlx_attrs: Vec<&'a Attribute>,
    /// The same, parsed.
    pub(crate) sqlx: SqlxAttrs,
    /// The column's name in the database.
    pub(crate) sql_name: String,
    /// The column's name in diesel's table.
    pub(crate) diesel_column: String,
}

impl<'a> Model<'a> {
    pub(crate) fn parse(input: &'a DeriveInput, errors: &mut Errors) -> Result<Self> {
        const SYNTAX: &str = "`Encrypt` is for a struct with named fields: `struct Patient { id: Uuid, … }`";
        let named = match &input.data {
            Data::Struct(data) => match &data.fields {
                Fields::Named(fields) => &fields.named,
                Fields::Unnamed(fields) => {
                    let hint = "for a newtype around one value, derive `EncryptValue`";
                    return Err(Error::new_spanned(fields, format!("{SYNTAX}; {hint}")));
                }
                Fields::Unit => return Err(Error::new_spanned(&input.ident, SYNTAX)),
            },
            Data::Enum(data) => {
                let hint = "an enum is sealed as a field: `#[encrypt(json)] status: Status`";
                return Err(Error::new(data.enum_token.span, format!("{SYNTAX}; {hint}")));
            }
            Data::Union(data) => return Err(Error::new(data.union_token.span, SYNTAX)),
        };
        let attrs = ModelAttrs::parse(&input.attrs, errors);
        let diesel = Diesel::parse(&input.attrs, errors);
        let fields: Vec<_> = named.iter().filter_map(|field| Field::parse(field, errors)).collect();
        let is_for_diesel = input.attrs.iter().any(|attr| attr.path().is_ident("diesel"));
        if let (false, Some(attr)) = (is_for_diesel, fields.iter().find_map(|field| field.diesel_attrs.first())) {
            errors.at(attr, "the struct isn't a diesel model: add `#[diesel(table_name = patients)]` to it");
        }
        Ok(Self { input, attrs, diesel, fields })
    }

    pub(crate) fn sealed(&self) -> impl Iterator<Item = (&Field<'a>, &FieldAttrs)> {
        self.fields.iter().filter_map(|field| field.sealed.as_ref().map(|attrs| (field, attrs)))
    }

    pub(crate) fn plain(&self) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(|field| field.sealed.is_none())
    }

    pub(crate) fn field(&self, name: &Ident) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.ident == name)
    }

    /// The fields of the row id, in order; empty for an unbound model.
    pub(crate) fn row(&self) -> impl Iterator<Item = &Field<'a>> {
        self.attrs.row.iter().flatten().filter_map(|name| self.field(name))
    }

    pub(crate) fn scope(&self) -> Option<&Field<'a>> {
        self.attrs.scope.as_ref().and_then(|name| self.field(name))
    }

    pub(crate) fn visibility(&self) -> &'a Visibility {
        &self.input.vis
    }

    pub(crate) fn reads(&self) -> bool {
        self.attrs.write_only.is_none()
    }

    pub(crate) fn writes(&self) -> bool {
        self.attrs.read_only.is_none()
    }
}

impl<'a> Diesel<'a> {
    fn parse(attrs: &'a [Attribute], errors: &mut Errors) -> Option<Self> {
        let attrs: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("diesel")).collect();
        let mut tables = Vec::new();
        let mut checks_loads = false;
        for attr in &attrs {
            // Only these matter here; diesel's own derives check the rest.
            let found = attr.parse_nested_meta(|meta| {
                checks_loads |= meta.path.is_ident("check_for_backend");
                if meta.path.is_ident("table_name") {
                    tables.push(meta.value()?.parse::<Path>()?);
                } else {
                    skip(meta.input)?;
                }
                Ok(())
            });
            errors.take(found);
        }
        if let [_, second, ..] = tables.as_slice() {
            errors.at(second, "an encrypted model is for one table: derive another struct for the second");
        }
        let table = tables.into_iter().next();
        if let (None, Some(attr)) = (&table, attrs.first()) {
            errors.at(attr, "which of diesel's tables? add `#[diesel(table_name = patients)]`");
        }
        Some(Self { table: table?, attrs, checks_loads })
    }
}

impl<'a> Field<'a> {
    fn parse(field: &'a syn::Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let mut sealed = FieldAttrs::parse(&field.attrs, errors);
        let diesel_attrs: Vec<_> = field.attrs.iter().filter(|attr| attr.path().is_ident("diesel")).collect();
        let sqlx_attrs: Vec<_> = field.attrs.iter().filter(|attr| attr.path().is_ident("sqlx")).collect();
        let own_name = sealed.as_ref().and_then(|attrs| attrs.sql_name.as_ref()).map(LitStr::value);
        let sqlx = SqlxAttrs::parse(&sqlx_attrs, errors);
        let own_name = own_name.or_else(|| sqlx.rename.as_ref().map(LitStr::value));
        let diesel_column = column_name(&diesel_attrs).unwrap_or_else(|| ident.unraw().to_string());
        let sql_name = own_name.unwrap_or_else(|| diesel_column.clone());
        let plain = sealed.take_if(|attrs| attrs.plain.is_some());
        let (visibility, ty) = (&field.vis, &field.ty);
        Some(Self { visibility, ident, ty, sealed, plain, diesel_attrs, sqlx_attrs, sqlx, sql_name, diesel_column })
    }

    /// The `T` of an `Option<T>`, found by its spelling, as diesel finds it.
    pub(crate) fn option(&self) -> Option<&'a Type> {
        option_of(self.ty)
    }

    /// What is inside one `Option` or, for a changeset, two.
    pub(crate) fn value_type(&self) -> &'a Type {
        let inner = self.option().unwrap_or(self.ty);
        bare(option_of(inner).unwrap_or(inner))
    }

    /// Whether it is an `Option<Option<T>>`, which in a changeset means: leave as it is, set to
    /// NULL, or set.
    pub(crate) fn is_change(&self) -> bool {
        self.option().is_some_and(|inner| option_of(inner).is_some())
    }

    /// diesel's attribute of that name on the field.
    pub(crate) fn diesel(&self, name: &str) -> Option<Path> {
        nested(&self.diesel_attrs, name)
    }
}

/// The part of that name of `#[diesel(…)]`.
fn nested(attrs: &[&Attribute], name: &str) -> Option<Path> {
    let mut found = None;
    for attr in attrs {
        let _ = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident(name) {
                found = Some(meta.path);
            }
            skip(meta.input)
        });
    }
    found
}

/// `#[diesel(column_name = …)]`: a path or a string.
fn column_name(attrs: &[&Attribute]) -> Option<String> {
    let mut name = None;
    for attr in attrs {
        let _ = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("column_name") {
                let value = meta.value()?;
                name = Some(match value.peek(LitStr) {
                    true => value.parse::<LitStr>()?.value(),
                    false => value.parse::<Ident>()?.unraw().to_string(),
                });
                return Ok(());
            }
            skip(meta.input)
        });
    }
    name
}

fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = bare(ty) else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) if last.ident == "Option" => Some(inner),
        _ => None,
    }
}

/// The last name of a path type, `String` of `std::string::String`.
pub(crate) fn last_name(ty: &Type) -> Option<&Ident> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// The type without the group that a `macro_rules!` variable puts around it, and without
/// parentheses.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}
