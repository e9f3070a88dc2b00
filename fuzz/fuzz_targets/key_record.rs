#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    checks::key_record::check(data);
});
