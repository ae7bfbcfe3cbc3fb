//! Frames captured between a real server and a real endpoint: each decodes to its known contents and encodes to the
//! same bytes, in whatever segments it arrives.
#![allow(clippy::disallowed_methods, reason = "vectors are files")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken vector ends the test"
)]

mod reflect;

use std::fs;
use std::path::Path;

use awaken_core::wire::message::name_of;
use awaken_core::wire::{Decoder, Encoder, Frame};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use prost_reflect::{DynamicMessage, Value};
use serde_json::{Value as Json, json};

/// The number of frames, so that the test notices a lost file or a moved folder.
const FILES: usize = 14;
const FRAMES: usize = 147;

#[test]
fn every_frame_decodes_to_its_message_and_fields() {
    for (name, vector) in frames() {
        let bytes = bytes_of(&vector);

        let frame = decode_one(&name, [Bytes::from(bytes.clone())]);

        let code = frame.header.code;
        assert_eq!(name_of(code), vector["message"], "{name}");
        assert_eq!(reflect::kind_of(code), vector["kind"], "{name}");
        assert_eq!(format!("{code:#06X}"), vector["code"], "{name}");
        assert_eq!(
            format!("{:#06X}", frame.header.flags.bits()),
            vector["flags"],
            "{name}"
        );
        assert_eq!(fields_of(&frame), canonical(&vector["fields"]), "{name}");
    }
}

#[test]
fn every_frame_encodes_back_to_its_bytes_however_it_arrives() {
    for (name, vector) in frames() {
        let bytes = bytes_of(&vector);
        let whole = vec![Bytes::from(bytes.clone())];
        let byte_by_byte = bytes.iter().map(|byte| Bytes::from(vec![*byte])).collect();

        for segments in [whole, byte_by_byte] {
            let frame = decode_one(&name, segments);

            assert_eq!(encode(&frame), bytes, "{name}");
        }
    }
}

#[test]
fn trailing_bytes_stay_for_the_next_frame() {
    for (name, vector) in frames() {
        let bytes = bytes_of(&vector);
        let next_header_in_part = [0x80, 0x11, 0x00];
        let mut decoder = Decoder::default();

        decoder.receive([bytes.as_slice(), &next_header_in_part].concat().into());

        let frame = decoder.take_frame().unwrap().unwrap();
        assert_eq!(encode(&frame), bytes, "{name}");
        assert_eq!(decoder.take_frame(), Ok(None), "{name}");
        assert_eq!(decoder.buffered_len(), next_header_in_part.len(), "{name}");
    }
}

#[test]
fn the_frames_of_one_direction_decode_from_one_piece() {
    for (file, vectors) in files() {
        for attempt in vectors["attempts"].as_array().into_iter().flatten() {
            for direction in ["to_endpoint", "to_runtime"] {
                let sent: Vec<Vec<u8>> = attempt["steps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|step| step["direction"] == direction && step.get("hex").is_some())
                    .map(bytes_of)
                    .collect();
                let mut decoder = Decoder::default();

                decoder.receive(sent.concat().into());

                let received: Vec<Vec<u8>> = std::iter::from_fn(|| decoder.take_frame().unwrap())
                    .map(|frame| encode(&frame))
                    .collect();
                assert_eq!(received, sent, "{file} {direction}");
                assert!(decoder.is_empty());
            }
        }
    }
}

/// Every vector file with its content.
fn files() -> Vec<(String, Json)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/protocol/vectors");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let content = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                content,
            )
        })
        .collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(files.len(), FILES);
    files
}

/// Every frame of every file, with a name to find it by.
fn frames() -> Vec<(String, Json)> {
    let mut frames = Vec::new();
    for (file, content) in files() {
        let steps = content["attempts"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|attempt| {
                let steps = attempt["steps"].as_array();
                steps.into_iter().flatten()
            });
        let alone = content["frames"].as_array().into_iter().flatten();
        for vector in steps.chain(alone).filter(|step| step.get("hex").is_some()) {
            frames.push((format!("{file}: {}", vector["hex"]), vector.clone()));
        }
    }
    assert_eq!(frames.len(), FRAMES);
    frames
}

fn bytes_of(vector: &Json) -> Vec<u8> {
    HEXLOWER
        .decode(vector["hex"].as_str().unwrap().as_bytes())
        .unwrap()
}

/// Feeds the segments to the decoder; exactly the last one must complete a frame.
fn decode_one(name: &str, segments: impl IntoIterator<Item = Bytes>) -> Frame {
    let mut decoder = Decoder::default();
    let mut frame = None;
    for segment in segments {
        assert_eq!(frame, None, "{name}");
        decoder.receive(segment);
        frame = decoder.take_frame().unwrap();
    }
    assert!(decoder.is_empty(), "{name}");
    frame.unwrap()
}

fn encode(frame: &Frame) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder
        .encode(&frame.decode().unwrap(), frame.header.flags)
        .unwrap();
    encoder.take_output().into()
}

/// The fields that survive our typed messages, read by descriptor.
fn fields_of(frame: &Frame) -> Json {
    let mut payload = Vec::new();
    frame.decode().unwrap().encode_raw(&mut payload);
    let descriptor = reflect::descriptor(frame.header.code);
    to_json(&DynamicMessage::decode(descriptor, payload.as_slice()).unwrap())
}

fn to_json(message: &DynamicMessage) -> Json {
    let fields = message
        .fields()
        .map(|(field, value)| (field.name().to_owned(), value_to_json(value)));
    Json::Object(fields.collect())
}

fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => json!(value),
        Value::U32(value) => json!(value),
        Value::U64(value) => json!(value),
        Value::String(value) => json!(value),
        Value::Bytes(value) => json!({ "hex": HEXLOWER.encode(value) }),
        Value::EnumNumber(value) => json!(value),
        Value::Message(value) => to_json(value),
        Value::List(values) => values.iter().map(value_to_json).collect(),
        other => panic!("the protocol has no {other:?}"),
    }
}

/// Bytes as `hex` throughout, where the files also have `text`.
fn canonical(json: &Json) -> Json {
    match json {
        Json::Array(items) => items.iter().map(canonical).collect(),
        Json::Object(fields) if fields.contains_key("text") => {
            json!({ "hex": HEXLOWER.encode(fields["text"].as_str().unwrap().as_bytes()) })
        }
        Json::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), canonical(value)));
            Json::Object(fields.collect())
        }
        other => other.clone(),
    }
}
