//! What PostgreSQL's error codes mean: appendix A of its manual, which has the names.

use crate::dialect::Fault;

pub(in crate::dialect) fn of_sqlstate(code: &str) -> Fault {
    let is_of = |classes: &[&str]| classes.iter().any(|class| code.starts_with(class));
    match code {
        // insufficient_privilege, read_only_sql_transaction
        "42501" | "25006" => Fault::Denied,
        // undefined_table, undefined_object, invalid_catalog_name, invalid_schema_name
        "42P01" | "42704" | "3D000" | "3F000" => Fault::Missing,
        // undefined_column, undefined_function (of another type than was meant), datatype_mismatch
        "42703" | "42883" | "42804" => Fault::Mismatched,
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => Fault::Corrupt,
        // lock_not_available
        "55P03" => Fault::Busy,
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Fault::Conflict,
        // unique_violation
        "23505" => Fault::Duplicate,
        // too_many_connections
        "53300" => Fault::Lost,
        // insufficient_resources: disk_full, out_of_memory, configuration_limit_exceeded
        _ if is_of(&["53"]) => Fault::Full,
        // invalid_authorization_specification, invalid_password
        _ if is_of(&["28"]) => Fault::Denied,
        // connection_exception; admin_shutdown, crash_shutdown, cannot_connect_now,
        // database_dropped, idle_session_timeout
        _ if is_of(&["08", "57P"]) => Fault::Lost,
        // data_exception, integrity_constraint_violation, and what PL/pgSQL raises
        _ if is_of(&["22", "23", "P0"]) => Fault::Refused,
        // Feature, transaction state and rollback, authorisation, syntax, object state,
        // intervention, system, internal: nothing of a value in them
        _ if is_of(&["0A", "25", "2D", "40", "42", "55", "57", "58", "XX"]) || code.is_empty() => Fault::Other,
        // Limits that a value exceeds, and codes that a trigger made up
        _ => Fault::Refused,
    }
}

/// The messages that libpq and tokio-postgres pass on, of a server that speaks English.
pub(in crate::dialect) fn of_message(message: &str) -> Option<Fault> {
    const SAYS: [(&str, Fault); 8] = [
        ("deadlock detected", Fault::Conflict),
        ("could not serialize access", Fault::Conflict),
        ("lock timeout", Fault::Busy),
        ("permission denied", Fault::Denied),
        ("must be owner of", Fault::Denied),
        ("in a read-only transaction", Fault::Denied),
        ("authentication failed", Fault::Denied),
        ("is not permitted to log in", Fault::Denied),
    ];
    SAYS.iter().find(|(says, _)| message.contains(says)).map(|(_, fault)| *fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_by_itself_or_by_its_class() {
        for (code, fault) in [
            ("42501", Fault::Denied),
            ("28P01", Fault::Denied),
            ("25006", Fault::Denied),
            ("25P02", Fault::Other),
            ("42P01", Fault::Missing),
            ("42703", Fault::Mismatched),
            ("42601", Fault::Other),
            ("55P03", Fault::Busy),
            ("55006", Fault::Other),
            ("40001", Fault::Conflict),
            ("40P01", Fault::Conflict),
            ("23505", Fault::Duplicate),
            ("23514", Fault::Refused),
            ("22001", Fault::Refused),
            ("P0001", Fault::Refused),
            ("54000", Fault::Refused),
            ("ZZ123", Fault::Refused),
            ("53100", Fault::Full),
            ("53300", Fault::Lost),
            ("57P01", Fault::Lost),
            ("57014", Fault::Other),
            ("08006", Fault::Lost),
            ("XX001", Fault::Corrupt),
            ("", Fault::Other),
        ] {
            assert_eq!(of_sqlstate(code), fault, "{code}");
        }
        assert_eq!(of_message("ERROR: permission denied for table fieldseal_keys"), Some(Fault::Denied));
        assert_eq!(of_message("FEHLER: keine Berechtigung"), None);
    }
}
