//! The Python oracle (`tests/oracle/`), kept running and asked one thing at a time.

#![allow(dead_code, reason = "each test binary uses its part")]

pub mod keys;

use fieldseal::Suite;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use testkit::place::Place;

const PYTHON: &str = "FIELDSEAL_ORACLE_PYTHON";

static RUNNING: Mutex<Option<Oracle>> = Mutex::new(None);

struct Oracle {
    _process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What the oracle calls its refusal: `rejected`, `not_sealed`, `unknown_key`, `malformed`,
/// `bad_context`.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl Oracle {
    fn start() -> Self {
        let python = std::env::var_os(PYTHON).unwrap_or_else(|| {
            panic!(
                "{PYTHON} is not set: it names a Python that has tests/oracle/requirements.txt installed. \
                 `bash tests/all` makes one and sets it"
            )
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/oracle.py");
        let mut process = Command::new(&python)
            .arg(script)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{PYTHON} is {}, which doesn't start: {error}", python.display()));
        let requests = process.stdin.take().expect("its standard input");
        let answers = BufReader::new(process.stdout.take().expect("its standard output"));
        Self { _process: process, requests, answers }
    }

    fn ask(&mut self, request: &Value) -> Value {
        let mut answer = String::new();
        let asked = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        let answered = asked.and_then(|()| self.answers.read_line(&mut answer));
        if !matches!(answered, Ok(1..)) {
            panic!("the oracle ended, see its message above: does {PYTHON} have tests/oracle/requirements.txt?");
        }
        serde_json::from_str(&answer).expect("an answer in JSON")
    }
}

fn running() -> MutexGuard<'static, Option<Oracle>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ask(command: &str, mut request: Value) -> Result<Value, Refusal> {
    request["command"] = command.into();
    let answer = running().get_or_insert_with(Oracle::start).ask(&request);
    match answer["error"].as_str() {
        None => Ok(answer),
        Some("bad_request") => panic!("{request}: {answer}"),
        Some(kind) => Err(Refusal(kind.to_owned())),
    }
}

fn bytes(answer: &Value, field: &str) -> Vec<u8> {
    hex::decode(answer[field].as_str().expect("hex")).expect("hex")
}

/// A data key, as the oracle is told it.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    pub id: u32,
    pub bytes: &'a [u8],
}

fn value_request(place: &Place, key: Key<'_>, field: &str, bytes: &[u8]) -> Value {
    let mut request = serde_json::to_value(place).expect("a place in JSON");
    request["data_key"] = hex::encode(key.bytes).into();
    request["key_id"] = key.id.into();
    request[field] = hex::encode(bytes).into();
    request
}

pub fn open(place: &Place, key: Key<'_>, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    ask("open", value_request(place, key, "sealed", sealed)).map(|answer| bytes(&answer, "plaintext"))
}

/// `plaintext` is what is sealed, framed already.
pub fn seal(place: &Place, key: Key<'_>, plaintext: &[u8]) -> Vec<u8> {
    let answer = ask("seal", value_request(place, key, "plaintext", plaintext));
    bytes(&answer.expect("the oracle seals"), "sealed")
}

/// Google's Tink, with a keyset as text.
pub fn tink_open(keyset: &str, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    ask("tink-open", tink_request(keyset, place, "sealed", sealed)).map(|answer| bytes(&answer, "plaintext"))
}

/// With an encrypted keyset, and the cleartext one of the AEAD that it is encrypted under.
pub fn tink_open_under(kek: &str, keyset: &str, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut request = tink_request(keyset, place, "sealed", sealed);
    request["kek"] = kek.into();
    ask("tink-open", request).map(|answer| bytes(&answer, "plaintext"))
}

/// With a keyset that is encrypted to a KEK file: Tink is given the AEAD that the oracle derives
/// from the file.
pub fn tink_open_with_key_file(
    (kek_file, passphrase): (&Path, Option<&str>),
    keyset: &str,
    place: &Place,
    sealed: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let mut request = tink_request(keyset, place, "sealed", sealed);
    request["kek_file"] = kek_file.to_str().expect("a path in UTF-8").into();
    request["passphrase"] = passphrase.into();
    ask("tink-open", request).map(|answer| bytes(&answer, "plaintext"))
}

/// What Tink makes of those bytes, without associated data.
pub fn tink_encrypt(keyset: &str, suite: Suite, plaintext: &[u8]) -> Vec<u8> {
    let request =
        json!({ "keyset": keyset, "suite": suite.name(), "aad": "", "plaintext": hex::encode(plaintext) });
    bytes(&ask("tink-seal", request).expect("Tink seals"), "sealed")
}

pub fn tink_seal(keyset: &str, place: &Place, plaintext: &[u8]) -> Vec<u8> {
    let answer = ask("tink-seal", tink_request(keyset, place, "plaintext", plaintext));
    bytes(&answer.expect("Tink seals"), "sealed")
}

fn tink_request(keyset: &str, place: &Place, field: &str, bytes: &[u8]) -> Value {
    let mut request = json!({ "keyset": keyset, "suite": place.suite, "aad": hex::encode(place.aad()) });
    request[field] = hex::encode(bytes).into();
    request
}

/// Opens a table of a database file; see `tests/oracle/README.md` for the request and the answer.
pub fn open_database(request: Value) -> Result<Value, Refusal> {
    ask("open-database", request)
}
