//! Connections that can't be made, without the URL.

use crate::store::sql::{Fault, Kind};
use std::error::Error;

/// What its error says is left out where it may quote the URL, with the password: libpq does so with a URL that it can't
/// read.
pub(in crate::store) fn not_connected(error: &dyn Error) -> Fault {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    Fault::own(Kind::Other, format!("no connection could be made: {}", why(&text)))
}

/// What is known to be safe of it.
fn why(text: &str) -> &str {
    const CAUSES: [(&str, &str); 11] = [
        ("onnection refused", "the server's port refuses connections"),
        ("(111)", "the server's port refuses connections"),
        ("timed out", "it took too long"),
        ("timeout", "it took too long"),
        ("authentication failed", "the server refuses the user's name or password"),
        ("Access denied", "the server refuses the user's name or password"),
        ("does not exist", "the server knows no such user or database"),
        ("Unknown database", "the server knows no such database"),
        ("too many c", "the server has too many connections"),
        ("Too many c", "the server has too many connections"),
        ("starting up", "the server is starting"),
    ];
    let cause = CAUSES.iter().find(|(says, _)| text.contains(says)).map(|(_, cause)| *cause);
    cause.unwrap_or("its error isn't repeated here, because it may quote a URL with a password; log it where the connection is made")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Dialect;
    use crate::store::sql::Failed;

    #[test]
    fn what_may_quote_a_url_is_left_out() {
        for text in [
            "invalid percent-encoded token: \"100%secret\"",
            "missing \"=\" after \"secret://u:p@h\" in connection info string",
            "could not translate host name \"secret@h\" to address: Name or service not known",
            "connection to server at \"secret\", port 1 failed: Connection refused",
        ] {
            let error = Failed::from(not_connected(&std::io::Error::other(text))).of("s", Dialect::Postgres);
            assert!(!format!("{error} {error:?} {error:#?}").contains("secret"), "{error}");
        }
        assert!(why("connection to server at \"h\", port 1 failed: Connection refused").contains("refuses"));
    }
}
