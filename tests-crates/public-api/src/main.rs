//! `fieldseal-public-api FILE.json`: the public surface that rustdoc's JSON describes, an item a
//! line.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let json = std::env::args_os().nth(1).ok_or("which file? fieldseal-public-api FILE.json")?;
    // What the compiler or a derive implements for every type says nothing of this one.
    let listing = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    print!("{listing}");
    Ok(())
}
