//! From plain threads and inside either kind of tokio runtime.

use crate::requests::{decrypted, encrypted, wrapped};
use crate::stub::{Reply, Stub};
use crate::{KEY, builder};
use fieldseal::kms::Kms as _;
use fieldseal::testing::kms_contract::{binding, data_key};
use fieldseal_kms_aws::AwsKms;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;

fn server() -> Stub {
    Stub::start(|_, request| match &*request.operation {
        "Encrypt" => encrypted(KEY),
        "DescribeKey" => Reply::Ok(serde_json::json!({"KeyMetadata": {"KeyId": "1234", "Arn": KEY}})),
        _ => decrypted(KEY, &[1; 32]),
    })
}

fn use_it(server: &Stub) -> AwsKms {
    let kms = builder(&server.url).open("alias/app").unwrap();
    kms.wrap(&data_key(1), &binding()).unwrap();
    kms.unwrap(&wrapped(KEY), &binding()).unwrap();
    kms
}

#[test]
fn works_and_ends_inside_every_kind_of_runtime() {
    let server = server();
    drop(use_it(&server));
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.enable_all().build().unwrap();
        // Opened, used and dropped inside; then dropped inside while it was opened outside.
        runtime.block_on(async { drop(use_it(&server)) });
        let kms = use_it(&server);
        runtime.block_on(async move {
            kms.unwrap(&wrapped(KEY), &binding()).unwrap();
            drop(kms);
        });
        // Opened inside, and used after that runtime is gone.
        let kms = runtime.block_on(async { use_it(&server) });
        drop(runtime);
        kms.unwrap(&wrapped(KEY), &binding()).unwrap();
    }
}

#[test]
fn threads_share_one() {
    let server = server();
    let kms: Arc<AwsKms> = Arc::new(use_it(&server));
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let kms = Arc::clone(&kms);
            std::thread::spawn(move || kms.unwrap(&wrapped(KEY), &binding()).unwrap().expose() == &[1; 32])
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
}

#[test]
fn a_call_that_hangs_holds_up_no_other_and_not_the_end() {
    let server = Stub::start(|number, _| if number == 0 { Reply::Hang } else { decrypted(KEY, &[1; 32]) });
    let kms = Arc::new(builder(&server.url).deadline(Duration::from_secs(20)).attempts(1).open(KEY).unwrap());
    let hanging = Arc::clone(&kms);
    std::thread::spawn(move || hanging.unwrap(&wrapped(KEY), &binding()));
    while server.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let begun = Instant::now();
    kms.unwrap(&wrapped(KEY), &binding()).unwrap();
    drop(kms);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
