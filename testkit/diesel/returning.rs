// For connections whose database returns what it has written. Included after `behaviours.rs`.

behaviour!(what_was_written_is_returned, |conn| {
    let mut one = patient(1);
    done!(diesel::insert_into(patients::table).values(&one).execute(conn)).unwrap();
    one.diagnosis = Some("changed".into());
    let update = diesel::update(&one).set(&one).returning(Patient::as_returning());
    let returned: Patient = done!(update.get_result(conn)).unwrap();
    assert!(returned == one);
    let insert = diesel::insert_into(patients::table).values(patient(2)).returning(Patient::as_returning());
    let two: Patient = done!(insert.get_result(conn)).unwrap();
    assert!(two == patient(2));
    let delete = diesel::delete(patients::table.find(2)).returning(Patient::as_returning());
    let deleted: Patient = done!(delete.get_result(conn)).unwrap();
    assert!(deleted == patient(2));
});
