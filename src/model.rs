//! What a model says of its sealed columns: the schema that the derive fills in.

use crate::context::ContextKind;
use crate::suite::Suite;
use crate::value::Kind;

/// One sealed column, and everything that its stored data depends on.
///
/// `#[derive(Encrypt)]` makes one for each sealed field; a program without the derive makes its own
/// as a constant:
///
/// ```
/// use fieldseal::{Column, Suite};
///
/// const NOTES: Column = Column::new("patients", "notes").with_suite(Suite::Aes256Gcm).pad(64);
/// ```
///
/// The order of the settings makes no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    table: &'static str,
    name: &'static str,
    sql_name: &'static str,
    kind: Kind,
    suite: Suite,
    previous_suite: Option<Suite>,
    row_bound: bool,
    pad: usize,
    hide_null: bool,
    migrating: bool,
    base64: bool,
    size: Option<u32>,
}

impl Column {
    /// A column under the default suite, bound to its row, unpadded, that leaves NULL visible.
    ///
    /// `table` and `name` are the logical names: every value's key and associated data are made
    /// from them. So they must never change, even where the database's own names do.
    ///
    /// # Panics
    ///
    /// At compile time in a constant, if a name is empty or longer than 65,535 bytes.
    #[must_use]
    pub const fn new(table: &'static str, name: &'static str) -> Self {
        assert!(!table.is_empty() && table.len() <= 65_535, "a table name has 1 to 65,535 bytes");
        assert!(!name.is_empty() && name.len() <= 65_535, "a column name has 1 to 65,535 bytes");
        Self {
            table,
            name,
            sql_name: name,
            kind: Kind::BYTES,
            suite: Suite::Xaes256Gcm,
            previous_suite: None,
            row_bound: true,
            pad: 0,
            hide_null: false,
            migrating: false,
            base64: false,
            size: None,
        }
    }

    /// The column's name in the database, where that isn't the logical name.
    #[must_use]
    pub const fn with_sql_name(mut self, sql_name: &'static str) -> Self {
        self.sql_name = sql_name;
        self
    }

    /// The kind of the column's values, for the schema lock and for sweeps: the field type's
    /// [`Value::KIND`](crate::Value::KIND). [`Kind::BYTES`] unless it's set.
    #[must_use]
    pub const fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Seals values under that suite. [`Suite::Aes256Siv`] never binds values to the row.
    #[must_use]
    pub const fn with_suite(mut self, suite: Suite) -> Self {
        self.suite = suite;
        self
    }

    /// Also opens values under `suite`, which the column had before. Keep it until every value has
    /// been re-encrypted.
    #[must_use]
    pub const fn with_previous_suite(mut self, suite: Suite) -> Self {
        self.previous_suite = Some(suite);
        self
    }

    /// Doesn't bind values to their row: someone who writes the database can then move them within
    /// the column and scope.
    #[must_use]
    pub const fn unbound_row(mut self) -> Self {
        self.row_bound = false;
        self
    }

    /// Pads plaintexts to a multiple of `multiple` bytes.
    ///
    /// # Panics
    ///
    /// At compile time in a constant, unless `multiple` is 2 to 65,536.
    #[must_use]
    pub const fn pad(mut self, multiple: usize) -> Self {
        assert!(multiple >= 2 && multiple <= 65_536, "padding is to a multiple of 2 to 65,536 bytes");
        self.pad = multiple;
        self
    }

    /// Seals NULL like a value, and pads as [`Self::pad`] does: without padding the length would
    /// tell NULL from a value.
    ///
    /// # Panics
    ///
    /// As for [`Self::pad`].
    #[must_use]
    pub const fn hide_null(mut self, multiple: usize) -> Self {
        self.hide_null = true;
        self.pad(multiple)
    }

    /// Accepts plaintext on read, until the whole column has been encrypted.
    #[must_use]
    pub const fn migrating(mut self) -> Self {
        self.migrating = true;
        self
    }

    /// Stores values as text, in base64 (RFC 4648, section 4), for a database column that can't
    /// become one of bytes.
    #[must_use]
    pub const fn base64(mut self) -> Self {
        self.base64 = true;
        self
    }

    /// How much the database's column holds, in bytes, or in characters where it's
    /// [`Self::base64`]: 255 for a `VARBINARY(255)`, 65,535 for MySQL's `BLOB`, 16,777,215 for its
    /// `MEDIUMBLOB`, 4,294,967,295 for its `LONGBLOB`.
    ///
    /// A value that would be longer is refused before it's bound. MySQL can cut such values without
    /// an error, so there every sealed column must have a size. A [`Schema`] refuses a column that
    /// is too small for any value.
    #[must_use]
    pub const fn with_size(mut self, size: u32) -> Self {
        self.size = Some(size);
        self
    }

    /// Whether at least an empty value fits into the column.
    pub(crate) const fn fits_a_value(&self) -> bool {
        match self.size {
            Some(size) => size as usize >= self.size_for(0),
            None => true,
        }
    }

    /// The size that the database's column must have for values of up to `len` encoded bytes
    /// ([the format](crate::guide::format), "Plaintext"; for text its UTF-8), in bytes, or in
    /// characters where it's [`Self::base64`].
    ///
    /// ```
    /// use fieldseal::Column;
    ///
    /// const NAME: Column = Column::new("patients", "name");
    /// assert_eq!(NAME.size_for(100), 145); // VARBINARY(145)
    /// assert_eq!(NAME.pad(32).size_for(100), 173);
    /// assert_eq!(NAME.base64().size_for(100), 196); // VARCHAR(196)
    /// ```
    #[must_use]
    pub const fn size_for(&self, len: usize) -> usize {
        let previous = match self.previous_suite {
            Some(suite) => suite.overhead(),
            None => 0,
        };
        let overhead = self.suite.overhead();
        let framed = self.framed_len(len);
        let sealed = framed.saturating_add(if overhead < previous { previous } else { overhead });
        if self.base64 { crate::format::armor::len(sealed) } else { sealed }
    }

    /// How long the plaintext of a value of `len` encoded bytes is with its frame around it: the
    /// mark of a hidden NULL, and padding.
    pub(crate) const fn framed_len(&self, len: usize) -> usize {
        let len = if self.hide_null { len.saturating_add(1) } else { len };
        match self.pad {
            0 => len,
            multiple => match len.saturating_add(1).checked_next_multiple_of(multiple) {
                Some(padded) => padded,
                None => usize::MAX,
            },
        }
    }

    /// The logical table name.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// The logical column name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The column's name in the database.
    #[must_use]
    pub const fn sql_name(&self) -> &'static str {
        self.sql_name
    }

    /// The kind of the column's values.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The suite that values are sealed under.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The suite that is tried where [`Self::suite`] doesn't open a value.
    #[must_use]
    pub const fn previous_suite(&self) -> Option<Suite> {
        self.previous_suite
    }

    /// Whether a value opens only in the row it was sealed for.
    #[must_use]
    pub const fn is_row_bound(&self) -> bool {
        self.binds_row_under(self.suite)
    }

    /// Whether values of that suite in this column are bound to their row.
    pub(crate) const fn binds_row_under(&self, suite: Suite) -> bool {
        self.row_bound && !matches!(suite, Suite::Aes256Siv)
    }

    /// The multiple that plaintexts are padded to; 0 for none.
    #[must_use]
    pub const fn padding(&self) -> usize {
        self.pad
    }

    /// Whether NULL is sealed like a value.
    #[must_use]
    pub const fn hides_null(&self) -> bool {
        self.hide_null
    }

    /// Whether NULL in the database can't be this model's, because it seals NULL like a value.
    pub(crate) const fn refuses_null(&self) -> bool {
        self.hide_null && !self.migrating
    }

    /// Whether plaintext is accepted on read.
    #[must_use]
    pub const fn is_migrating(&self) -> bool {
        self.migrating
    }

    /// Whether values are stored as base64 text.
    #[must_use]
    pub const fn is_base64(&self) -> bool {
        self.base64
    }

    /// How much the database's column holds, where the model says so.
    #[must_use]
    pub const fn size(&self) -> Option<u32> {
        self.size
    }
}

/// A column of the database that isn't sealed but that sealed values depend on: part of the row id,
/// or the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContextColumn {
    /// The column's name in the database.
    pub name: &'static str,
    /// How the column's values are encoded.
    pub kind: ContextKind,
}

impl ContextColumn {
    /// The column of that name in the database, whose values are of that kind.
    #[must_use]
    pub const fn new(name: &'static str, kind: ContextKind) -> Self {
        Self { name, kind }
    }
}

/// What one model says of one table: its names, its row id, its scope and its sealed columns.
///
/// `#[derive(Encrypt)]` makes it. A program without the derive writes a constant; the order of the
/// settings makes no difference:
///
/// ```
/// use fieldseal::context::ContextKind;
/// use fieldseal::schema::ContextColumn;
/// use fieldseal::value::Kind;
/// use fieldseal::{Column, Schema};
///
/// const NAME: Column = Column::new("patients", "name").with_kind(Kind::TEXT);
/// const PATIENTS: Schema = Schema::new("patients", &[NAME])
///     .with_row(&[ContextColumn::new("id", ContextKind::Int)])
///     .with_scope(ContextColumn::new("clinic", ContextKind::Uuid));
/// assert_eq!(PATIENTS.sql_table, "patients");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schema {
    /// The Rust type, for messages.
    pub model: &'static str,
    /// The table's logical name.
    pub table: &'static str,
    /// The table's name in the database.
    pub sql_table: &'static str,
    /// The columns of the row id, in order; empty where the model is unbound.
    pub row: &'static [ContextColumn],
    /// The column of the scope; `None` for the application's.
    pub scope: Option<ContextColumn>,
    /// The sealed columns, in the order of the fields.
    pub columns: &'static [Column],
}

impl Schema {
    /// A table with that logical name and those sealed columns, without a row id, in the
    /// application's scope. In the database, and in messages about the model, it has the logical
    /// name.
    ///
    /// # Panics
    ///
    /// At compile time in a constant, if a column's [`size`](Column::with_size) is too small for
    /// any value.
    #[must_use]
    pub const fn new(table: &'static str, columns: &'static [Column]) -> Self {
        let schema = Self { model: table, table, sql_table: table, row: &[], scope: None, columns: &[] };
        schema.with_columns(columns)
    }

    /// The Rust type's name, for messages.
    #[must_use]
    pub const fn with_model(mut self, name: &'static str) -> Self {
        self.model = name;
        self
    }

    /// The table's name in the database, where that isn't the logical name.
    #[must_use]
    pub const fn with_sql_table(mut self, name: &'static str) -> Self {
        self.sql_table = name;
        self
    }

    /// The columns of the row id, in the order in which the row id has them. Columns that bind
    /// their values to the row need one.
    #[must_use]
    pub const fn with_row(mut self, columns: &'static [ContextColumn]) -> Self {
        self.row = columns;
        self
    }

    /// The column that holds each row's tenant.
    #[must_use]
    pub const fn with_scope(mut self, column: ContextColumn) -> Self {
        self.scope = Some(column);
        self
    }

    /// Other sealed columns in place of those that the schema has.
    ///
    /// # Panics
    ///
    /// As for [`Self::new`].
    #[must_use]
    pub const fn with_columns(mut self, columns: &'static [Column]) -> Self {
        let mut rest = columns;
        while let [column, others @ ..] = rest {
            assert!(
                column.fits_a_value(),
                "the column's `size` is too small for any sealed value: see `Column::size_for`"
            );
            rest = others;
        }
        self.columns = columns;
        self
    }

    /// The sealed column of that logical name.
    ///
    /// ```
    /// use fieldseal::{Column, Schema};
    ///
    /// const NAME: Column = Column::new("patients", "name").unbound_row();
    /// const SCHEMA: Schema = Schema::new("patients", &[NAME]);
    /// assert_eq!(SCHEMA.column("name").map(|name| name.size_for(100)), Some(145));
    /// ```
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name() == name)
    }
}

/// A struct with sealed fields. `#[derive(Encrypt)]` implements it, and so may a program by hand.
///
/// Methods that are added later will have a default implementation.
pub trait Model {
    /// The model's table and sealed columns.
    const SCHEMA: Schema;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_a_columns_settings_makes_no_difference() {
        type Set = fn(Column) -> Column;
        let sets: [Set; 9] = [
            |column| column.with_sql_name("sealed"),
            |column| column.with_kind(Kind::JSON),
            |column| column.with_suite(Suite::Aes256Gcm),
            |column| column.with_previous_suite(Suite::Aes256Siv),
            Column::unbound_row,
            |column| column.hide_null(64),
            Column::migrating,
            Column::base64,
            |column| column.with_size(132),
        ];
        let there = sets.iter().fold(Column::new("t", "c"), |column, set| set(column));
        let back = sets.iter().rev().fold(Column::new("t", "c"), |column, set| set(column));
        assert_eq!(there, back);
        assert_eq!(there.size_for(0), 132);
    }

    #[test]
    fn the_order_of_a_schemas_settings_makes_no_difference() {
        const ORG: ContextColumn = ContextColumn::new("org", ContextKind::Int);
        const COLUMNS: &[Column] = &[Column::new("t", "c")];
        let there = Schema::new("t", &[]).with_model("T").with_sql_table("s.t").with_row(&[ORG]);
        let there = there.with_scope(ORG).with_columns(COLUMNS);
        let back = Schema::new("t", COLUMNS).with_scope(ORG).with_row(&[ORG]);
        assert_eq!(there, back.with_sql_table("s.t").with_model("T"));
    }

    #[test]
    #[should_panic(expected = "too small for any sealed value")]
    fn a_schema_refuses_a_column_that_fits_no_value() {
        let columns: [Column; 2] = [44, 45].map(|size| Column::new("t", "c").with_size(size));
        let [small, fits] = columns;
        let _ = Schema::new("t", vec![fits].leak());
        let _ = Schema::new("t", vec![small].leak());
    }
}
