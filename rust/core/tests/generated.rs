//! Checks that the committed protobuf code matches the `.proto` file.
//! `AWAKEN_REGENERATE=1 cargo test -p awaken-core --test generated` regenerates it.

#![allow(clippy::disallowed_methods, reason = "reads and writes a source file")]

use std::{env, fs, path::Path};

#[test]
fn committed_protobuf_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let proto_dir = root.join("../../proto");
    let committed = root.join("src/wire/generated/awaken.service.rs");
    let out_dir = Path::new(env!("CARGO_TARGET_TMPDIR"));

    let descriptors = protox::compile(["awaken/service/protocol.proto"], [&proto_dir]).unwrap();
    prost_build::Config::new()
        .out_dir(out_dir)
        .bytes(["."])
        .compile_fds(descriptors)
        .unwrap();
    let fresh = fs::read_to_string(out_dir.join("awaken.service.rs")).unwrap();

    if env::var_os("AWAKEN_REGENERATE").is_some() {
        fs::write(&committed, fresh).unwrap();
        return;
    }
    assert_eq!(
        fs::read_to_string(&committed).unwrap(),
        fresh,
        "{} is stale; run `AWAKEN_REGENERATE=1 cargo test -p awaken-core --test generated`",
        committed.display()
    );
}
