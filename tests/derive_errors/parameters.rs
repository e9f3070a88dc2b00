use fieldseal::Encrypt;

#[derive(Encrypt)]
#[encrypt(table = "patients", row = id)]
struct Patient<T, const N: usize> {
    id: i64,
    #[encrypt]
    name: T,
    more: [u8; N],
}

fn main() {}
