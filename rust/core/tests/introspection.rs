//! Stored entries as JSON, compared with entries captured from a server's introspection.
#![allow(clippy::disallowed_methods, reason = "vectors are files")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken vector ends the test"
)]

use std::collections::BTreeSet;

use awaken_core::introspect::{Callee, Entry};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use serde_json::{Value as Json, json};

fn captured() -> Vec<Json> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/protocol/introspection.json"
    );
    let document: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    document["entries"].as_array().unwrap().clone()
}

fn decode(vector: &Json) -> Entry {
    let text = |field: &Json| field.as_str().map(str::to_owned);
    let callee = Callee {
        invocation_id: text(&vector["callee"]["invocation_id"]),
        service_type: text(&vector["callee"]["service_type"]),
        handler_type: text(&vector["callee"]["handler_type"]),
    };
    let code = vector["code"].as_str().unwrap().trim_start_matches("0x");
    let payload = HEXLOWER.decode(vector["payload"].as_str().unwrap().as_bytes());
    let code = u16::from_str_radix(code, 16).unwrap();
    Entry::decode(code, payload.unwrap().into(), callee).unwrap()
}

fn parse(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

#[test]
fn captured_entries_are_shown_alike() {
    let captured = captured();
    assert_eq!(captured.len(), 42);
    for vector in captured {
        let entry = decode(&vector);

        assert_eq!(json!(entry.entry_type()), vector["entry_type"]);
        assert_eq!(json!(entry.name()), vector["name"], "{vector}");
        assert_eq!(parse(&entry.json()), vector["entry_json"]);
        assert_eq!(parse(&entry.lite_json()), vector["entry_lite_json"]);
    }
}

#[test]
fn completion_ids_are_those_that_are_shown() {
    fn collect(json: &Json, ids: &mut Vec<u64>) {
        for (name, value) in json.as_object().into_iter().flatten() {
            match value.as_u64() {
                Some(id) if name.to_lowercase().ends_with("completion_id") => ids.push(id),
                _ => collect(value, ids),
            }
        }
    }
    for vector in captured() {
        let mut shown = Vec::new();
        collect(&vector["entry_json"], &mut shown);

        let ids = decode(&vector).completion_ids();

        assert_eq!(
            ids.into_iter().map(u64::from).collect::<Vec<_>>(),
            shown,
            "{vector}"
        );
    }
}

#[test]
fn nearly_every_type_was_captured() {
    let captured: BTreeSet<_> = captured()
        .iter()
        .map(|vector| vector["entry_type"].as_str().unwrap().to_owned())
        .collect();
    let missing: Vec<_> = awaken_core::wire::Command::CODES
        .iter()
        .map(|(_, name)| format!("Command: {name}"))
        .chain(
            awaken_core::wire::Notification::CODES
                .iter()
                .map(|(_, name)| format!("Notification: {name}")),
        )
        .filter(|name| !captured.contains(name))
        .collect();

    assert_eq!(
        missing,
        [
            "Command: GetInvocationOutput",
            "Notification: GetInvocationOutput"
        ]
    );
}

#[test]
fn calls_are_shown_without_what_the_runtime_knows() {
    for (payload, target) in [
        (
            "0a0153120168",
            json!({"Service": {"name": "S", "handler": "h", "scope": null}}),
        ),
        (
            "0a01531201682a016b",
            json!({"VirtualObject": {"name": "S", "key": "k", "handler": "h", "scope": null}}),
        ),
    ] {
        let payload = HEXLOWER.decode(payload.as_bytes()).unwrap().into();
        let entry = Entry::decode(0x040D, payload, Callee::default()).unwrap();

        assert_eq!(
            parse(&entry.lite_json())["Command"]["Call"],
            json!({
                "invocation_target": target,
                "invocation_id_completion_id": 0,
                "result_completion_id": 0,
            })
        );
    }
}

#[test]
fn targets_of_attaching_are_shown() {
    for (payload, target) in [
        (
            "22060a0157 12016b".replace(' ', ""),
            json!({"Workflow": {"name": "W", "key": "k", "scope": null}}),
        ),
        (
            "1a09 0a0153 1a0168 220169".replace(' ', ""),
            json!({"IdempotentRequest": {
                "service": "S", "key": null, "handler": "h", "idempotency_key": "i", "scope": null,
            }}),
        ),
    ] {
        for (code, name) in [
            (0x0412, "AttachInvocation"),
            (0x0413, "GetInvocationOutput"),
        ] {
            let payload = HEXLOWER.decode(payload.as_bytes()).unwrap().into();
            let entry = Entry::decode(code, payload, Callee::default()).unwrap();

            assert_eq!(
                parse(&entry.json())["Command"][name],
                json!({"target": target, "completion_id": 0, "name": ""})
            );
        }
    }
}

#[test]
fn metadata_of_failures_is_shown() {
    let payload = HEXLOWER
        .decode(b"7a0e0890031201741a060a0161120162")
        .unwrap();
    let entry = Entry::decode(0x0401, payload.into(), Callee::default()).unwrap();

    assert_eq!(
        parse(&entry.json())["Command"]["Output"]["result"],
        json!({"Failure": {"code": 400, "message": "t", "metadata": {"a": "b"}}})
    );
}

#[test]
fn what_is_no_entry_is_refused() {
    for (code, payload) in [
        (0x0000, &b""[..]),
        (0x0415, b""),
        (0x0401, b"\xff"),
        (0x800C, b""),
    ] {
        let payload = Bytes::from_static(payload);
        assert!(
            Entry::decode(code, payload, Callee::default()).is_err(),
            "{code:#06X}"
        );
    }
}
