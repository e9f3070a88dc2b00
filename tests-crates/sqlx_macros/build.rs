//! sqlx's macros read these while the crate is compiled, and can't tell cargo.

fn main() {
    for variable in ["DATABASE_URL", "SQLX_OFFLINE", "SQLX_OFFLINE_DIR"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    println!("cargo:rerun-if-changed=schema");
    println!("cargo:rerun-if-changed=sqlx.toml");
}
