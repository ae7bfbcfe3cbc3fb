//! Writes JSON text.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::wire::generated::{self as pb, CombinatorType};

/// A future in the shape that introspection shows: `{"Unknown":[{"Single":{"SignalIndex":17}},...]}`.
pub fn future(future: &pb::Future) -> String {
    let mut json = String::new();
    write_future(&mut json, future);
    json
}

/// A JSON object, written field by field.
pub(super) struct Object<'a> {
    json: &'a mut String,
    is_empty: bool,
}

impl Object<'_> {
    /// An object as text.
    pub(super) fn text(fill: impl FnOnce(&mut Object<'_>)) -> String {
        let mut json = String::new();
        Self::write(&mut json, fill);
        json
    }

    /// Appends an object.
    pub(super) fn write(json: &mut String, fill: impl FnOnce(&mut Object<'_>)) {
        json.push('{');
        fill(&mut Object {
            json,
            is_empty: true,
        });
        json.push('}');
    }

    /// Adds a field; `write` appends its value.
    pub(super) fn with(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.json.push(',');
        }
        write_text(self.json, name);
        self.json.push(':');
        write(self.json);
    }

    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.with(name, |json| Object::write(json, fill));
    }

    pub(super) fn string(&mut self, name: &str, text: &str) {
        self.with(name, |json| write_text(json, text));
    }

    pub(super) fn number(&mut self, name: &str, number: impl Into<u64>) {
        let number: u64 = number.into();
        self.with(name, |json| {
            let _ = write!(json, "{number}");
        });
    }

    pub(super) fn key(&mut self, key: &Bytes) {
        self.string("key", &String::from_utf8_lossy(key));
    }

    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.with(name, |json| write_bytes(json, bytes));
    }

    pub(super) fn optional(&mut self, name: &str, text: Option<&str>) {
        self.with(name, |json| match text {
            Some(text) => write_text(json, text),
            None => json.push_str("null"),
        });
    }

    pub(super) fn texts(&mut self, name: &str, texts: impl IntoIterator<Item = impl AsRef<str>>) {
        self.with(name, |json| {
            write_list(json, texts, |json, text| write_text(json, text.as_ref()));
        });
    }
}

/// Appends `text` as a JSON string.
pub(super) fn write_text(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(json, "\\u{:04x}", u32::from(control));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}

/// Appends `bytes` as a JSON array of numbers.
fn write_bytes(json: &mut String, bytes: &[u8]) {
    write_list(json, bytes, |json, byte| {
        let _ = write!(json, "{byte}");
    });
}

/// Appends a JSON array.
pub(super) fn write_list<T>(
    json: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    json.push('[');
    for (position, item) in items.into_iter().enumerate() {
        if position > 0 {
            json.push(',');
        }
        write(json, item);
    }
    json.push(']');
}

fn write_future(json: &mut String, future: &pb::Future) {
    let combinator = match future.combinator_type() {
        CombinatorType::Unknown => "Unknown",
        CombinatorType::FirstCompleted => "FirstCompleted",
        CombinatorType::AllCompleted => "AllCompleted",
        CombinatorType::FirstSucceededOrAllFailed => "FirstSucceededOrAllFailed",
        CombinatorType::AllSucceededOrFirstFailed => "AllSucceededOrFirstFailed",
    };
    let leaves = future.waiting_completions.iter().map(Child::Completion);
    let children = leaves
        .chain(future.waiting_signals.iter().map(Child::Signal))
        .chain(future.waiting_named_signals.iter().map(Child::Named))
        .chain(future.nested_futures.iter().map(Child::Node));
    let _ = write!(json, "{{\"{combinator}\":");
    write_list(json, children, |json, child| match child {
        Child::Completion(id) => {
            let _ = write!(json, "{{\"Single\":{{\"CompletionId\":{id}}}}}");
        }
        Child::Signal(id) => {
            let _ = write!(json, "{{\"Single\":{{\"SignalIndex\":{id}}}}}");
        }
        Child::Named(name) => {
            json.push_str("{\"Single\":{\"SignalName\":");
            write_text(json, name);
            json.push_str("}}");
        }
        Child::Node(node) => write_future(json, node),
    });
    json.push('}');
}

enum Child<'a> {
    Completion(&'a u32),
    Signal(&'a u32),
    Named(&'a String),
    Node(&'a pb::Future),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn futures_name_their_combinator_and_leaves() {
        let tree = pb::Future {
            waiting_completions: vec![1],
            waiting_signals: vec![17],
            waiting_named_signals: vec!["a\"b".to_owned()],
            nested_futures: vec![pb::Future {
                waiting_completions: vec![3],
                combinator_type: CombinatorType::AllCompleted.into(),
                ..pb::Future::default()
            }],
            combinator_type: CombinatorType::FirstCompleted.into(),
        };

        assert_eq!(
            future(&tree),
            r#"{"FirstCompleted":[{"Single":{"CompletionId":1}},{"Single":{"SignalIndex":17}},{"Single":{"SignalName":"a\"b"}},{"AllCompleted":[{"Single":{"CompletionId":3}}]}]}"#
        );
    }

    #[test]
    fn flat_lists_are_of_unknown_combination() {
        let lists = pb::Future {
            waiting_signals: vec![17, 1],
            ..pb::Future::default()
        };

        assert_eq!(
            future(&lists),
            r#"{"Unknown":[{"Single":{"SignalIndex":17}},{"Single":{"SignalIndex":1}}]}"#
        );
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in any::<String>()) {
            let mut json = String::new();
            write_text(&mut json, &text);

            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn all_bytes_read_back(bytes in any::<Vec<u8>>()) {
            let mut json = String::new();
            write_bytes(&mut json, &bytes);

            prop_assert_eq!(serde_json::from_str::<Vec<u8>>(&json).unwrap(), bytes);
        }
    }
}
