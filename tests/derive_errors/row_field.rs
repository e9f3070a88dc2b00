use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = key)]
struct Missing {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = name)]
struct IsSealed {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = org_id)]
struct ScopeMissing {
    id: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id, scope = name)]
struct ScopeIsSealed {
    id: i64,
    #[encrypt]
    name: String,
}

fn main() {}
