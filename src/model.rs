//! What a model says of its sealed columns: the schema that the derive fills in.

use crate::suite::Suite;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    table: &'static str,
    name: &'static str,
    sql_name: &'static str,
    kind: &'static str,
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
    /// `table` and `name` are the logical names: they are part of every stored value and must never
    /// change, even where the database's own names do.
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
            kind: "bytes",
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

    /// The column's name in the database, where it isn't the logical one.
    #[must_use]
    pub const fn with_sql_name(mut self, sql_name: &'static str) -> Self {
        self.sql_name = sql_name;
        self
    }

    /// The kind of value ([the format](crate::guide::format), "Plaintext"), for the schema lock.
    #[must_use]
    pub const fn with_kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Under another suite. [`Suite::Aes256Siv`] never binds values to the row.
    #[must_use]
    pub const fn with_suite(mut self, suite: Suite) -> Self {
        self.suite = suite;
        self
    }

    /// With a previous suite, which is tried too until every value has been re-encrypted.
    #[must_use]
    pub const fn with_previous_suite(mut self, suite: Suite) -> Self {
        self.previous_suite = Some(suite);
        self
    }

    /// Values aren't bound to their row: someone who writes the database can move them within the
    /// column and scope.
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

    /// Seals NULL like a value. The column must be padded, so that no length gives NULL away.
    ///
    /// # Panics
    ///
    /// At compile time in a constant, if [`Self::pad`] wasn't called before.
    #[must_use]
    pub const fn hide_null(mut self) -> Self {
        assert!(self.pad > 0, "hide_null needs pad: without it the length tells NULL from a value");
        self.hide_null = true;
        self
    }

    /// Plaintext is accepted on read, until the column has been encrypted.
    #[must_use]
    pub const fn migrating(mut self) -> Self {
        self.migrating = true;
        self
    }

    /// Values are stored as text, in base64 (RFC 4648, section 4), for a database column that can't
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
    /// an error, so there every sealed column must have a size. To be called last: the other
    /// properties say how long the shortest value is.
    ///
    /// # Panics
    ///
    /// At compile time in a constant, if not even an empty value would fit.
    #[must_use]
    pub const fn with_size(mut self, size: u32) -> Self {
        assert!(
            size as usize >= self.size_for(0),
            "the column's `size` is too small for any sealed value: see `size_for`"
        );
        self.size = Some(size);
        self
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

    /// The kind of value.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
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
pub struct ContextColumn {
    /// The column's name in the database.
    pub name: &'static str,
    /// `int`, `text`, `bytes` or `uuid`.
    pub kind: &'static str,
}

/// What one model says of one table: its name, its row id, its scope and its sealed columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The Rust type.
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
    /// The sealed column of that logical name.
    ///
    /// ```
    /// # use fieldseal::{Column, Schema};
    /// # const SCHEMA: Schema = Schema { model: "Patient", table: "patients", sql_table: "patients",
    /// #     row: &[], scope: None, columns: &[Column::new("patients", "name").unbound_row()] };
    /// assert_eq!(SCHEMA.column("name").map(|name| name.size_for(100)), Some(145));
    /// ```
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name() == name)
    }
}

/// A struct with sealed fields. `#[derive(Encrypt)]` implements it.
pub trait Model {
    /// The model's table and sealed columns.
    const SCHEMA: Schema;
}
