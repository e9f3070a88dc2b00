//! The test binary, run again as another process: one of its tests does something else when it
//! finds a variable set.

use std::io::Read as _;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

const ROLE: &str = "FIELDSEAL_TEST_ROLE";

/// What this process was started for; `None` in an ordinary run of the tests.
pub fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Starts this binary's test `test` as a process with that role.
pub fn start(test: &str, role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the process, and returns what it printed on lines that begin with `label`.
pub fn finish(child: Child, label: &str) -> Vec<String> {
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{status}\n{stdout}\n{stderr}");
    // The harness prints the test's name without a line break before the test's own output.
    stdout.lines().filter_map(|line| line.split_once(label)).map(|(_, rest)| rest.trim().to_owned()).collect()
}

/// Reads what the process prints until `mark`, and not a byte more.
pub fn wait_for(stdout: &mut ChildStdout, mark: &str) -> String {
    let mut printed = Vec::new();
    while !printed.ends_with(mark.as_bytes()) {
        let mut byte = [0];
        let count = stdout.read(&mut byte).unwrap();
        assert_eq!(count, 1, "the process ended without {mark:?}: {}", String::from_utf8_lossy(&printed));
        printed.extend(byte);
    }
    String::from_utf8_lossy(&printed).into_owned()
}
