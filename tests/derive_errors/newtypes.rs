use fieldseal::EncryptValue;

#[derive(EncryptValue)]
struct Tuple(String, String);

#[derive(EncryptValue)]
struct Named {
    street: String,
    city: String,
}

#[derive(EncryptValue)]
struct Unit;

#[derive(EncryptValue)]
enum Enum {
    A,
}

#[derive(EncryptValue)]
struct Generic<T>(T);

#[derive(EncryptValue)]
#[encrypt(table = "emails")]
struct Email(#[encrypt] String);

struct Inner;

#[derive(EncryptValue)]
struct Outer(Inner);

fn main() {}
