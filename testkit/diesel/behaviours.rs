// diesel in ordinary code: everything a model can do without knowing that it's sealed. Included in
// a module for each connection, which gives: `Conn` and `Db`, its backend; `connect()`;
// `behaviour!`, which makes a test; `helper!`, which makes a function; `done!`, which waits where
// that is asynchronous; `on_conflict!`, what an upsert names; `BYTES`, the type of a column of
// bytes.

testkit::test_keyring!(Keys, &[1, 2]);

diesel::table! {
    patients (id) {
        id -> BigInt,
        org_id -> BigInt,
        name -> Binary,
        diagnosis -> Nullable<Binary>,
        history -> Binary,
        visits -> Integer,
        ssn -> Nullable<Binary>,
        email -> Text,
        remark -> Nullable<Text>,
    }
}

diesel::table! {
    orgs (id) {
        id -> BigInt,
        title -> Text,
    }
}

diesel::joinable!(patients -> orgs (org_id));
diesel::allow_tables_to_appear_in_same_query!(patients, orgs);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Visit {
    day: String,
    cost: f64,
}

#[derive(Clone, PartialEq, Encrypt, Identifiable)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys, size = 255)]
#[diesel(table_name = patients, check_for_backend(Db))]
struct Patient {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: String,
    #[encrypt(pad = 32)]
    diagnosis: Option<String>,
    #[encrypt(json)]
    history: Vec<Visit>,
    visits: i32,
    #[encrypt(base64, suite = "aes-256-siv", unbound_row)]
    email: String,
    #[encrypt(base64)]
    remark: Option<String>,
}

/// Some of the columns, not opened on load.
#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys, size = 255)]
#[diesel(table_name = patients, check_for_backend(Db))]
struct Card {
    id: i64,
    org_id: i64,
    #[encrypt(column = "name")]
    #[diesel(column_name = name)]
    full_name: Sealed<String>,
    #[encrypt]
    ssn: Option<Sealed<String>>,
    #[encrypt(base64)]
    remark: Option<Sealed<String>>,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id, keyring = Keys, size = 255, write_only)]
#[diesel(table_name = patients)]
struct Changes<'a> {
    id: i64,
    org_id: i64,
    #[encrypt]
    name: Option<&'a str>,
    #[encrypt(pad = 32)]
    diagnosis: Option<Option<String>>,
    visits: Option<i32>,
    #[encrypt(base64)]
    remark: Option<Option<&'a str>>,
}

#[derive(Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = orgs)]
struct Org {
    id: i64,
    title: String,
}

helper!(create_tables(conn: &mut Conn) {
    for statement in [
        "CREATE TABLE orgs (id BIGINT PRIMARY KEY, title TEXT NOT NULL)".to_owned(),
        format!(
            "CREATE TABLE patients (id BIGINT PRIMARY KEY, org_id BIGINT NOT NULL, name {BYTES} NOT NULL,
             diagnosis {BYTES}, history {BYTES} NOT NULL, visits INTEGER NOT NULL DEFAULT 0, ssn {BYTES},
             email VARCHAR(255) NOT NULL DEFAULT '', remark TEXT)"
        ),
        "INSERT INTO orgs VALUES (1, 'North'), (2, 'South')".to_owned(),
    ] {
        done!(sql_query(statement).execute(conn)).unwrap();
    }
});

fn patient(id: i64) -> Patient {
    Patient {
        id,
        org_id: 1 + id % 2,
        name: format!("Пациент № {id}"),
        diagnosis: (id % 3 != 0).then(|| format!("diagnosis {id}")),
        history: vec![Visit { day: "2024-02-29".into(), cost: -0.0 }; usize::try_from(id % 4).unwrap()],
        visits: 3,
        email: format!("пациент-{id}@example.org"),
        remark: (id % 3 == 1).then(|| format!("remark {id}")),
    }
}

helper!(load(conn: &mut Conn) -> Vec<Patient> {
    done!(patients::table.order(patients::id).select(Patient::as_select()).load(conn)).unwrap()
});

#[derive(QueryableByName)]
struct Raw {
    #[diesel(sql_type = Binary)]
    name: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    diagnosis: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    remark: Option<String>,
}

helper!(raw(conn: &mut Conn, id: i64) -> Raw {
    let sql = format!("SELECT name, diagnosis, remark FROM patients WHERE id = {id}");
    done!(sql_query(sql).get_result(conn)).unwrap()
});

behaviour!(inserts_by_reference_by_value_and_in_batches, |conn| {
    let all: Vec<_> = (1..=8).map(patient).collect();
    done!(diesel::insert_into(patients::table).values(&all[0]).execute(conn)).unwrap();
    done!(diesel::insert_into(patients::table).values(all[1].clone()).execute(conn)).unwrap();
    done!(diesel::insert_into(patients::table).values(&all[2..4]).execute(conn)).unwrap();
    done!(diesel::insert_into(patients::table).values(&all[4..6].to_vec()).execute(conn)).unwrap();
    done!(diesel::insert_into(patients::table).values(all[6..8].to_vec()).execute(conn)).unwrap();
    assert!(done!(load(conn)) == all);
    let stored = done!(raw(conn, 1));
    assert_eq!(stored.name.len(), all[0].name.len() + 45);
    assert_eq!(stored.name[0], 1);
    assert_eq!(stored.diagnosis.unwrap().len(), 32 + 45);
    assert_eq!(stored.remark.unwrap().len(), ("remark 1".len() + 45).div_ceil(3) * 4);
    let stored = done!(raw(conn, 3));
    assert_eq!((stored.diagnosis, stored.remark), (None, None), "NULL stays NULL");
});

behaviour!(upserts_and_updates, |conn| {
    let mut one = patient(1);
    done!(diesel::insert_into(patients::table).values(&one).execute(conn)).unwrap();
    one.name = "Новое имя".into();
    one.email = "новый@example.org".into();
    let upsert = diesel::insert_into(patients::table).values(&one).on_conflict(on_conflict!());
    done!(upsert.do_update().set(&one).execute(conn)).unwrap();
    assert!(done!(load(conn)) == [one.clone()]);
    one.diagnosis = Some("changed".into());
    one.remark = Some("changed".into());
    assert_eq!(done!(diesel::update(&one).set(&one).execute(conn)).unwrap(), 1);
    assert!(done!(load(conn)) == [one.clone()]);
    assert_eq!(done!(diesel::delete(&one).execute(conn)).unwrap(), 1);
    assert!(done!(load(conn)).is_empty());
});

behaviour!(changesets_skip_none_and_set_null_on_request, |conn| {
    done!(diesel::insert_into(patients::table).values(patient(1)).execute(conn)).unwrap();
    let before = done!(raw(conn, 1));
    let changes = Changes { id: 1, org_id: 2, name: None, diagnosis: None, visits: Some(9), remark: None };
    done!(diesel::update(patients::table.find(1)).set(&changes).execute(conn)).unwrap();
    let after = done!(raw(conn, 1));
    assert_eq!(after.name, before.name, "None is skipped");
    assert_eq!(after.diagnosis, before.diagnosis, "None is skipped");
    assert_eq!(after.remark, before.remark, "None is skipped");
    let (name, null) = (Some("neu"), Some(None));
    let changes = Changes { id: 1, org_id: 2, name, diagnosis: Some(None), visits: None, remark: null };
    done!(diesel::update(patients::table.find(1)).set(changes).execute(conn)).unwrap();
    let expected = Patient { name: "neu".into(), diagnosis: None, visits: 9, remark: None, ..patient(1) };
    assert!(done!(load(conn)) == [expected]);
});

behaviour!(one_value_is_sealed_and_opened_by_itself, |conn| {
    done!(diesel::insert_into(patients::table).values(patient(1)).execute(conn)).unwrap();
    let set = (
        patients::name.eq(Patient::seal_name(&2, &1, "by itself")),
        patients::diagnosis.eq(Patient::seal_diagnosis(&2, &1, Some("flu"))),
        patients::history.eq(Patient::seal_history(&2, &1, &vec![Visit { day: "d".into(), cost: 1.5 }])),
        patients::email.eq(Patient::seal_email(&2, "x@example.org")),
        patients::remark.eq(Patient::seal_remark(&2, &1, None)),
    );
    done!(diesel::update(patients::table.find(1)).set(set).execute(conn)).unwrap();
    let loaded = done!(load(conn));
    let [loaded] = &loaded[..] else { panic!() };
    assert_eq!((loaded.name.as_str(), loaded.diagnosis.as_deref()), ("by itself", Some("flu")));
    assert_eq!((loaded.email.as_str(), loaded.remark.as_deref()), ("x@example.org", None));
    assert_eq!(loaded.history.len(), 1);
    let stored = done!(raw(conn, 1));
    assert_eq!(Patient::open_name(&2, &1, &stored.name).unwrap(), "by itself");
    assert_eq!(Patient::open_diagnosis(&2, &1, stored.diagnosis.as_ref()).unwrap().as_deref(), Some("flu"));
    let elsewhere = Patient::open_name(&2, &7, &stored.name).unwrap_err();
    assert_eq!((elsewhere.table(), elsewhere.column()), (Some("patients"), Some("name")));
    assert_eq!(*elsewhere.kind(), ErrorKind::Rejected);
});

behaviour!(joins_tuples_and_optional_sides, |conn| {
    done!(diesel::insert_into(patients::table).values(patient(1)).execute(conn)).unwrap();
    let inner = patients::table.inner_join(orgs::table).select((Patient::as_select(), Org::as_select()));
    let joined: Vec<(Patient, Org)> = done!(inner.load(conn)).unwrap();
    assert!(joined == [(patient(1), Org { id: 2, title: "South".into() })]);
    let outer = orgs::table.left_join(patients::table).order(orgs::id);
    let outer = outer.select((Org::as_select(), Option::<Patient>::as_select()));
    let outer: Vec<(Org, Option<Patient>)> = done!(outer.load(conn)).unwrap();
    assert!(outer[0].1.is_none());
    assert!(outer[1].1 == Some(patient(1)));
    let tuple = patients::table.select((patients::id, Patient::as_select()));
    let tuple: (i64, Patient) = done!(tuple.first(conn)).unwrap();
    assert!(tuple == (1, patient(1)));
    let by_name: Vec<Patient> = done!(sql_query("SELECT * FROM patients").load(conn)).unwrap();
    assert!(by_name == [patient(1)]);
});

behaviour!(models_over_one_table_agree_and_sealed_fields_stay_sealed, |conn| {
    done!(diesel::insert_into(patients::table).values(patient(1)).execute(conn)).unwrap();
    let card: Card = done!(patients::table.select(Card::as_select()).first(conn)).unwrap();
    assert_eq!(card.full_name.open().unwrap(), patient(1).name);
    assert_eq!(card.remark.as_ref().unwrap().open().unwrap(), patient(1).remark.unwrap());
    assert!(card.ssn.is_none());
    let stored = done!(raw(conn, 1));
    assert_eq!(card.full_name.ciphertext().unwrap(), stored.name);
    assert_eq!(card.remark.as_ref().unwrap().ciphertext().unwrap(), stored.remark.unwrap().as_bytes());

    let ssn = Some(Sealed::new("123-45".to_owned()));
    done!(diesel::update(patients::table.find(1)).set(&Card { ssn, ..card }).execute(conn)).unwrap();
    let card: Card = done!(patients::table.select(Card::as_select()).first(conn)).unwrap();
    assert_eq!(card.ssn.as_ref().unwrap().open().unwrap(), "123-45");

    // Into another row it must be sealed anew, and is.
    let copy = Card { id: 3, ..card };
    done!(diesel::insert_into(patients::table).values(patient(3)).execute(conn)).unwrap();
    done!(diesel::update(patients::table.find(3)).set(&copy).execute(conn)).unwrap();
    let card: Card = done!(patients::table.find(3).select(Card::as_select()).first(conn)).unwrap();
    assert_eq!(card.full_name.open().unwrap(), patient(1).name);
    assert_eq!(card.remark.unwrap().open().unwrap(), patient(1).remark.unwrap());
});

behaviour!(rows_are_found_by_a_deterministic_column, |conn| {
    done!(diesel::insert_into(patients::table).values(&[patient(1), patient(2), patient(3)][..]).execute(conn)).unwrap();
    let candidates = Patient::seal_email_under_each_key(&2, &patient(3).email);
    let found = patients::table.filter(patients::email.eq_any(candidates)).select(Patient::as_select());
    assert!(done!(found.load(conn)).unwrap() == [patient(3)]);
    let one = Patient::seal_email(&2, &patient(2).email);
    let found = patients::table.filter(patients::email.eq(one)).select(patients::id);
    assert_eq!(done!(found.load::<i64>(conn)).unwrap(), [0_i64; 0], "it's another tenant's");
});

behaviour!(another_rows_ciphertext_is_refused_with_table_and_column, |conn| {
    done!(diesel::insert_into(patients::table).values(&[patient(1), patient(3)][..]).execute(conn)).unwrap();
    let stored = done!(raw(conn, 1)).name;
    done!(diesel::update(patients::table.find(3)).set(patients::name.eq(stored)).execute(conn)).unwrap();
    let error = done!(patients::table.find(3).select(Patient::as_select()).first(conn)).err().unwrap();
    let error = Error::find_in(&error).expect("a fieldseal error inside diesel's");
    assert_eq!(
        error.to_string(),
        "patients.name: the value was rejected: it was changed, or it was sealed for another table, column, scope or row"
    );
});

behaviour!(a_scope_without_a_key_is_an_error_before_anything_is_written, |conn| {
    let stranger = Patient { org_id: 77, ..patient(1) };
    let batch = [patient(2), stranger];
    let error = done!(diesel::insert_into(patients::table).values(&batch[..]).execute(conn)).unwrap_err();
    let kind = Error::find_in(&error).unwrap().kind().clone();
    assert_eq!(kind, ErrorKind::NoPrimary(Scope::tenant(77).unwrap()));
    assert!(done!(load(conn)).is_empty(), "the whole batch is rolled back");
});

behaviour!(neither_debug_nor_diesels_own_printing_shows_plaintext, |conn| {
    let one = patient(1);
    let debug = format!("{one:?} {one:#?}");
    assert!(debug.contains("name: [redacted]") && !debug.contains("Пациент"));
    let insert = diesel::insert_into(patients::table).values(&one);
    let update = diesel::update(&one).set(&one);
    let find = patients::table.filter(patients::email.eq(Patient::seal_email(&2, &one.email)));
    let mut printed = diesel::debug_query::<Db, _>(&insert).to_string();
    printed += &format!("{0} {0:?} {0:#?}", diesel::debug_query::<Db, _>(&update));
    printed += &format!("{0} {0:?} {0:#?}", diesel::debug_query::<Db, _>(&find));
    assert!(printed.contains("Sealed("), "{printed}");
    done!(insert.execute(conn)).unwrap();
    let twice = done!(diesel::insert_into(patients::table).values(&one).execute(conn)).unwrap_err();
    printed += &format!("{twice} {twice:?} {twice:#?}");
    for plaintext in ["Пациент", "пациент", "diagnosis 1", "remark 1", "2024-02-29"] {
        assert!(!printed.contains(plaintext), "{printed}");
        assert!(!printed.contains(&format!("{:?}", plaintext.as_bytes()).replace(['[', ']'], "")), "{printed}");
    }
});

behaviour!(rotation_keeps_old_rows_readable, |conn| {
    done!(diesel::insert_into(patients::table).values(patient(1)).execute(conn)).unwrap();
    let keyring = Keys::keyring().unwrap();
    let scope = Scope::tenant(2).unwrap();
    let old = keyring.primary(&scope).unwrap();
    let new = keyring.admin().rotate(&scope).unwrap();
    assert_ne!(old, new);
    done!(diesel::insert_into(patients::table).values(patient(3)).execute(conn)).unwrap();
    assert!(done!(load(conn)) == [patient(1), patient(3)]);
    assert_ne!(done!(raw(conn, 1)).name[1..5], done!(raw(conn, 3)).name[1..5]);
});

helper!(write_back(conn: &mut Conn) {
    let card: Card = done!(patients::table.find(4).select(Card::as_select()).first(conn)).unwrap();
    done!(diesel::update(patients::table.find(4)).set(&card).execute(conn)).unwrap();
});

behaviour!(a_sealed_field_that_is_written_back_moves_to_the_new_key, |conn| {
    done!(diesel::insert_into(patients::table).values(patient(4)).execute(conn)).unwrap();
    let before = done!(raw(conn, 4));
    let keyring = Keys::keyring().unwrap();
    let scope = Scope::tenant(1).unwrap();
    done!(write_back(conn));
    let same = done!(raw(conn, 4));
    assert_eq!((&same.name, &same.remark), (&before.name, &before.remark), "the same while the key is the primary");
    keyring.admin().rotate(&scope).unwrap();
    done!(write_back(conn));
    let after = done!(raw(conn, 4));
    assert_ne!(after.name[1..5], before.name[1..5]);
    assert_ne!(after.remark, before.remark);
    assert_eq!(Patient::open_name(&1, &4, &after.name).unwrap(), patient(4).name);
});
