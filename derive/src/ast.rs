//! The struct and its attributes together.

use crate::attr::{FieldAttrs, ModelAttrs};
use crate::errors::Errors;
use syn::ext::IdentExt;
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, GenericArgument, Ident, Lifetime, LitStr, Path, PathArguments,
    Result, Type, Visibility,
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
}

pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    /// Present on sealed fields.
    pub(crate) sealed: Option<FieldAttrs>,
    /// `#[diesel(…)]` on the field, all of it.
    pub(crate) diesel: Vec<&'a Attribute>,
    /// The column's name in the database.
    pub(crate) sql_name: String,
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
        let fields = named.iter().filter_map(|field| Field::parse(field, errors)).collect();
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

    pub(crate) fn lifetimes(&self) -> impl Iterator<Item = &'a Lifetime> {
        self.input.generics.lifetimes().map(|param| &param.lifetime)
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
        for attr in &attrs {
            // Only `table_name` matters here; diesel's own derives check the rest.
            let found = attr.parse_nested_meta(|meta| {
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
        Some(Self { table: tables.into_iter().next()?, attrs })
    }
}

/// Skips the rest of one attribute's value.
fn skip(input: syn::parse::ParseStream<'_>) -> Result<()> {
    while !input.is_empty() && !input.peek(syn::Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

impl<'a> Field<'a> {
    fn parse(field: &'a syn::Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.as_ref()?;
        let mut sealed = FieldAttrs::parse(&field.attrs, errors);
        let diesel: Vec<_> = field.attrs.iter().filter(|attr| attr.path().is_ident("diesel")).collect();
        let own_name = sealed.as_ref().and_then(|attrs| attrs.sql_name.as_ref()).map(LitStr::value);
        let sql_name = own_name.or_else(|| column_name(&diesel)).unwrap_or_else(|| ident.unraw().to_string());
        if let Some(attrs) = sealed.take_if(|attrs| attrs.plain.is_some()) {
            crate::valid::plain(&attrs, errors);
        }
        Some(Self { ident, ty: &field.ty, sealed, diesel, sql_name })
    }

    /// The `T` of an `Option<T>`, found by its spelling, as diesel finds it.
    pub(crate) fn option(&self) -> Option<&'a Type> {
        option_of(self.ty)
    }

    /// Whether diesel's attribute of that name is on the field.
    pub(crate) fn has_diesel(&self, name: &str) -> bool {
        let mut has = false;
        for attr in &self.diesel {
            let _ = attr.parse_nested_meta(|meta| {
                has |= meta.path.is_ident(name);
                skip(meta.input)
            });
        }
        has
    }
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

pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) if last.ident == "Option" => Some(inner),
        _ => None,
    }
}

/// The last name of a path type, `String` of `std::string::String`.
pub(crate) fn last_name(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}
