//! How the contract suites say which promise is broken.

use std::fmt::Debug;
use std::panic::resume_unwind;

/// Does that on so many threads at once. Where one of them finds a promise broken, the test ends
/// with its message.
pub(super) fn on_threads<T: Send>(count: u32, work: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let work = &work;
    std::thread::scope(|threads| {
        let running: Vec<_> = (0..count).map(|thread| threads.spawn(move || work(thread))).collect();
        let done = running.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        done.collect()
    })
}

/// One promise of a trait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promise {
    /// The item whose documentation has it.
    written: &'static str,
    says: &'static str,
}

impl Promise {
    /// A promise of `fieldseal::kms::Kms`, or of one of its methods.
    pub(super) const fn new(written: &'static str, says: &'static str) -> Self {
        Self { written, says }
    }

    /// Ends the test: what was found breaks the promise.
    #[track_caller]
    #[expect(clippy::panic, reason = "that is how a suite fails a test")]
    pub(super) fn broken(self, when: &str, found: &dyn Debug) -> ! {
        let Self { written, says } = self;
        panic!("a promise is broken: {says}\n   when: {when}\n  found: {found:?}\nwritten: at `{written}`")
    }

    #[track_caller]
    pub(super) fn holds(self, kept: bool, when: &str, found: &dyn Debug) {
        if !kept {
            self.broken(when, found)
        }
    }

    #[track_caller]
    pub(super) fn equal<T: PartialEq + Debug + ?Sized>(self, when: &str, found: &T, promised: &T) {
        if found != promised {
            self.broken(when, &format_args!("{found:?}\n    not: {promised:?}"))
        }
    }

    /// What the call gives, which must not fail.
    #[track_caller]
    pub(super) fn succeeds<T, E: Debug>(self, when: &str, result: Result<T, E>) -> T {
        result.unwrap_or_else(|error| self.broken(when, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_promise_and_where_it_is_written() {
        let broken = std::panic::catch_unwind(|| {
            Promise::new("fieldseal::kms::Kms::kek", "it has a name").equal("asked", "", "local:1");
        });
        let text = *broken.unwrap_err().downcast::<String>().unwrap();
        for part in
            ["it has a name", "when: asked", "found: \"\"", "not: \"local:1\"", "at `fieldseal::kms::Kms::kek`"]
        {
            assert!(text.contains(part), "{text}");
        }
    }
}
