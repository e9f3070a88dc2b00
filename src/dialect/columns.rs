//! What a database says of the columns that are sealed.

/// Two pieces of [`column_check`](crate::schema::column_check)'s query. `e` is a column as the
/// model has it: `t` and `c` are the names of table and column, `is_text` and `is_looked_up` are 0
/// or 1, `size` is 0 where the model says none.
pub(crate) struct ColumnCheck {
    /// Joins the database's own description of the columns, as `d`, to the rows of `e`.
    pub(crate) source: &'static str,
    /// A text of what is wrong with the column, or NULL.
    pub(crate) problem: &'static str,
}
