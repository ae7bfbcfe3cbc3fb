//! Journals as JSON text, for people and for queries.

use std::fmt::Write as _;

use crate::wire::generated::{self as pb, CombinatorType};

/// A future in the shape that introspection shows: `{"Unknown":[{"Single":{"SignalIndex":17}},...]}`.
pub fn future(future: &pb::Future) -> String {
    let mut json = String::new();
    write_future(&mut json, future);
    json
}

/// Appends `text` as a JSON string.
fn write_text(json: &mut String, text: &str) {
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

/// Appends a JSON array.
fn write_list<T>(
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
    }
}
