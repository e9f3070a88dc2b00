//! Connections that can't be made, without the URL.

use crate::dialect::Fault;
use crate::store::sql::Said;
use std::error::Error;

/// The error of a connection that can't be made. Its text is left out where it may quote the URL
/// with the password: libpq does so with a URL that it can't read.
pub(in crate::store) fn not_connected(error: &dyn Error) -> Said {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    let (why, fault) = why(&text);
    Said::own(fault, format!("no connection could be made: {why}"))
}

/// The part of the error's text that is known to quote no URL.
fn why(text: &str) -> (&str, Fault) {
    const CAUSES: [(&str, &str, Fault); 12] = [
        ("onnection refused", "the server's port refuses connections", Fault::Other),
        ("(111)", "the server's port refuses connections", Fault::Other),
        ("timed out", "it took too long", Fault::Other),
        ("timeout", "it took too long", Fault::Other),
        ("authentication failed", "the server refuses the user's name or password", Fault::Denied),
        ("Access denied", "the server refuses the user's name or password", Fault::Denied),
        ("role \"", "the server knows no such user, or lets it do nothing", Fault::Denied),
        ("does not exist", "the server knows no such user or database", Fault::Other),
        ("Unknown database", "the server knows no such database", Fault::Other),
        ("too many c", "the server has too many connections", Fault::Other),
        ("Too many c", "the server has too many connections", Fault::Other),
        ("starting up", "the server is starting", Fault::Other),
    ];
    let cause = CAUSES.iter().find(|(says, ..)| text.contains(says)).map(|(_, cause, fault)| (*cause, *fault));
    cause.unwrap_or(("its error isn't repeated here, because it may quote a URL with a password; log it where the connection is made", Fault::Other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
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
        assert!(why("connection to server at \"h\", port 1 failed: Connection refused").0.contains("refuses"));
    }
}
