//! `Debug` of errors.

/// `Debug` that is the message, and after it what to try: that is what `unwrap` in a test and `?`
/// in `main` print.
macro_rules! debug_with_hint {
    ($($error:ty),*) => {$(
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}; hint: {}", self.hint())
            }
        }
    )*};
}

pub(crate) use debug_with_hint;
