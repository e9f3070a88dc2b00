//! A KMS that answers whatever a test wants, over HTTP.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One request: the operation (`Decrypt`) and its JSON.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) operation: String,
    pub(crate) body: Value,
}

pub(crate) enum Reply {
    Ok(Value),
    /// A status and an error's code and message.
    Error(u16, &'static str, String),
    /// A status and any text.
    Text(u16, &'static str),
    /// A status line that promises a body, and then nothing.
    Stall,
    /// Nothing, for longer than any test waits.
    Hang,
    /// The connection is closed.
    Close,
}

type Handler = dyn Fn(usize, &Request) -> Reply + Send + Sync;

pub(crate) struct Stub {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Stub {
    /// `answer` is given the number of the request, from 0, and the request.
    pub(crate) fn start(answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let (seen, answer): (_, Arc<Handler>) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || serve(&stream.unwrap(), &seen, &*answer));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.operation).collect()
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Vec<Request>>, answer: &Handler) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request.clone());
            seen.len() - 1
        };
        let (status, body) = match answer(number, &request) {
            Reply::Ok(body) => (200, body.to_string()),
            Reply::Error(status, code, message) => {
                (status, json!({"__type": code, "message": message}).to_string())
            }
            Reply::Text(status, text) => (status, text.to_owned()),
            Reply::Stall => {
                write(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
                return thread::sleep(Duration::from_secs(60));
            }
            Reply::Hang => return thread::sleep(Duration::from_secs(60)),
            Reply::Close => return,
        };
        let length = body.len();
        write(
            stream,
            &format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: {length}\r\n\r\n{body}"
            ),
        );
    }
}

fn write(mut stream: &TcpStream, text: &str) {
    // The client may have given up.
    let _ = stream.write_all(text.as_bytes());
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            None if line.trim_end().is_empty() => break,
            Some((name, value)) if name.eq_ignore_ascii_case("x-amz-target") => {
                operation = value.trim_start_matches("TrentService.").to_owned();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { operation, body: serde_json::from_slice(&body).unwrap() })
}
