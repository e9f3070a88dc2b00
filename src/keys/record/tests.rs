use super::*;
use proptest::prelude::*;

fn kek() -> impl Strategy<Value = KekUri> {
    "\\PC{0,20}".prop_map(KekUri::new)
}

fn wrapped() -> impl Strategy<Value = Vec<WrappedKey>> {
    let blob = prop::collection::vec(any::<u8>(), 0..100);
    prop::collection::vec((kek(), blob).prop_map(|(kek, blob)| WrappedKey { kek, blob }), 0..4)
}

fn records() -> impl Strategy<Value = KeyRecord> {
    let id = (1..=u32::MAX).prop_map(|id| KeyId::new(id).unwrap());
    let scope = "(?s).{0,20}".prop_map(|scope| Scope::from_store(&scope).unwrap());
    let state = prop::sample::select(KeyState::ALL.to_vec());
    let revision = 0..=u64::try_from(i64::MAX).unwrap();
    (id, scope, state, any::<[u8; 32]>(), wrapped(), any::<i64>(), revision).prop_map(
        |(id, scope, state, commitment, wrapped, created, revision)| KeyRecord {
            id,
            scope,
            state,
            commitment: Commitment::from_bytes(commitment),
            wrapped,
            created,
            revision,
        },
    )
}

proptest! {
    #[test]
    fn comes_back_from_json(record in records()) {
        let json = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<KeyRecord>(&json).unwrap(), record);
    }

    #[test]
    fn comes_back_from_columns(record in records()) {
        let wrapped = record.wrapped_json();
        let columns = RecordColumns::new()
            .id(record.id.get().into())
            .scope(record.scope.as_str())
            .state(record.state.name())
            .commitment(record.commitment.as_bytes())
            .wrapped(&wrapped)
            .created(record.created)
            .revision(i64::try_from(record.revision).unwrap());
        prop_assert_eq!(KeyRecord::from_columns(&columns), Ok(record.clone()));
        prop_assert_eq!(record.check_writable(), Ok(()));
    }

    #[test]
    fn hostile_json_is_an_error_and_no_panic(json in "(?s).{0,200}") {
        prop_assert!(serde_json::from_str::<KeyRecord>(&json).is_err());
    }
}

const GOOD: &str = concat!(
    r#"{"id":7,"scope":"a","state":"active","#,
    r#""commitment":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","#,
    r#""wrapped":[{"kek":"local:x","blob":"AQI="}],"created":-1,"revision":3}"#
);

#[test]
fn is_the_documented_json() {
    let record: KeyRecord = serde_json::from_str(GOOD).unwrap();
    assert_eq!(record.id, KeyId::new(7).unwrap());
    assert_eq!(record.scope, Scope::tenant("a").unwrap());
    assert_eq!(record.wrapped, [WrappedKey { kek: KekUri::new("local:x"), blob: vec![1, 2] }]);
    assert_eq!((record.created, record.revision), (-1, 3));
    assert_eq!(serde_json::to_string(&record).unwrap(), GOOD);
}

#[test]
fn refuses_every_field_that_is_not_as_documented() {
    let commitment = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let changes = [
        (
            r#""id":7"#,
            vec![r#""id":0"#, r#""id":-7"#, r#""id":4294967296"#, r#""id":"7""#, r#""id":7.0"#, r#""id":null"#],
        ),
        (r#""scope":"a""#, vec![r#""scope":null"#, r#""scope":1"#, r#""scope":"\ud800""#]),
        (r#""active""#, vec![r#""Active""#, r#""gone""#, r#""""#, "null", "1"]),
        (commitment, vec!["", "00", &commitment[2..], &commitment[1..]]),
        ("0a0b", vec!["0A0b", "0x0b", "+a0b", " a0b"]),
        (r#""AQI=""#, vec![r#""AQI""#, r#""AQJ=""#, r#""AQI=\n""#, r#""A-I=""#, "[1,2]", "null"]),
        (r#""local:x""#, vec!["null", "1"]),
        (r#""kek""#, vec![r#""extra":1,"kek""#, r#""kek":"y","kek""#]),
        (r#""created":-1"#, vec![r#""created":9223372036854775808"#, r#""created":1.5"#, r#""created":"1""#]),
        (r#""revision":3"#, vec![r#""revision":-1"#, r#""revision":18446744073709551616"#]),
        (r#","revision":3"#, vec!["", r#","revision":3,"extra":1"#, r#","revision":3,"id":7"#]),
    ];
    for (part, others) in changes {
        for other in others {
            let hostile = GOOD.replacen(part, other, 1);
            assert_ne!(hostile, GOOD, "{part}");
            assert!(serde_json::from_str::<KeyRecord>(&hostile).is_err(), "{hostile}");
        }
    }
}

#[test]
fn names_the_column_that_is_wrong() {
    let read = |id, scope: &str, state: &str, commitment: &[u8], wrapped: &str, revision| {
        let columns = RecordColumns::new().id(id).scope(scope).state(state).commitment(commitment);
        let columns = columns.wrapped(wrapped).created(0).revision(revision);
        KeyRecord::from_columns(&columns).map_err(|error| error.column.name())
    };
    let (long, wide) = ("x".repeat(65_536), [0; 33]);
    assert!(read(1, "", "active", &[0; 32], "[]", 0).is_ok());
    for id in [0, -1, 4_294_967_296, i64::MIN, i64::MAX] {
        assert_eq!(read(id, "", "active", &[0; 32], "[]", 0), Err("id"));
    }
    assert_eq!(read(1, &long, "active", &[0; 32], "[]", 0), Err("scope"));
    assert_eq!(read(1, "", "ACTIVE", &[0; 32], "[]", 0), Err("state"));
    for commitment in [&wide[..], &wide[..31], &[]] {
        assert_eq!(read(1, "", "active", commitment, "[]", 0), Err("commitment"));
    }
    for wrapped in ["", "{}", "null", "[", "[]]", "[{}]", r#"[{"kek":"k"}]"#, r#"[{"kek":"k","blob":"!"}]"#] {
        assert_eq!(read(1, "", "active", &[0; 32], wrapped, 0), Err("wrapped"), "{wrapped}");
    }
    assert_eq!(read(1, "", "active", &[0; 32], "[]", -1), Err("revision"));
}

#[test]
fn a_wrapped_copy_has_at_most_64_kib() {
    let with_blob = |len| {
        let mut record: KeyRecord = serde_json::from_str(GOOD).unwrap();
        record.wrapped[0].blob = vec![0; len];
        record
    };
    let comes_back =
        |record: &KeyRecord| serde_json::from_str::<KeyRecord>(&serde_json::to_string(record).unwrap());
    let (most, more) = (with_blob(MAX_BLOB), with_blob(MAX_BLOB + 1));
    assert_eq!(comes_back(&most).unwrap(), most);
    assert_eq!(most.check_writable(), Ok(()));
    assert!(comes_back(&more).is_err());
    assert_eq!(more.check_writable().map_err(|error| error.column.name()), Err("wrapped"));
}

#[test]
fn refuses_to_write_what_a_sql_store_could_not_read() {
    let record: KeyRecord = serde_json::from_str(GOOD).unwrap();
    let many = KeyRecord { wrapped: vec![record.wrapped[0].clone(); 40_000], ..record.clone() };
    assert_eq!(many.check_writable().map_err(|error| error.column.name()), Err("wrapped"));
    let late = KeyRecord { revision: u64::MAX, ..record };
    assert_eq!(late.check_writable().map_err(|error| error.column.name()), Err("revision"));
}

#[test]
fn a_column_that_is_not_given_is_malformed() {
    type Give<'a> = fn(RecordColumns<'a>) -> RecordColumns<'a>;
    let all: [(&str, Give<'_>); 7] = [
        ("id", |columns| columns.id(1)),
        ("scope", |columns| columns.scope("")),
        ("state", |columns| columns.state("active")),
        ("commitment", |columns| columns.commitment(&[0; 32])),
        ("wrapped", |columns| columns.wrapped("[]")),
        ("created", |columns| columns.created(0)),
        ("revision", |columns| columns.revision(0)),
    ];
    for (missing, _) in all {
        let given = all.iter().filter(|(name, _)| *name != missing);
        let columns = given.fold(RecordColumns::new(), |columns, (_, give)| give(columns));
        assert_eq!(KeyRecord::from_columns(&columns).unwrap_err().column.name(), missing);
    }
}
