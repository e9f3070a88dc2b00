// For connections whose database replaces rows. Included after `behaviours.rs`.

behaviour!(rows_are_replaced, |conn| {
    done!(diesel::insert_into(patients::table).values(patient(1)).execute(conn)).unwrap();
    let other = Patient { id: 1, org_id: 1, ..patient(3) };
    done!(diesel::replace_into(patients::table).values(&other).execute(conn)).unwrap();
    assert!(done!(load(conn)) == [other]);
});
