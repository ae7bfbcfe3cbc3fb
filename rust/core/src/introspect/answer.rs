//! Results as JSON, in full or in brief.

use crate::journal::parts::Answer;

use super::json::Object;

/// How much of an entry is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Payloads as arrays of bytes, and names.
    Full,
    /// Neither.
    Lite,
}

impl Object<'_> {
    pub(super) fn answer(&mut self, name: &str, answer: Answer<'_>, detail: Detail) {
        match (answer, detail) {
            (Answer::Nothing | Answer::Void, _) => self.string(name, "Void"),
            (Answer::Value(_), Detail::Lite) => self.string(name, "Success"),
            (Answer::Failure(_), Detail::Lite) => self.string(name, "Failure"),
            (Answer::Value(value), Detail::Full) => {
                self.object(name, |outer| outer.bytes("Success", value));
            }
            (Answer::Failure(failure), Detail::Full) => self.object(name, |outer| {
                outer.object("Failure", |fields| {
                    fields.number("code", failure.code);
                    fields.string("message", &failure.message);
                    if !failure.metadata.is_empty() {
                        fields.object("metadata", |pairs| {
                            for pair in &failure.metadata {
                                pairs.string(&pair.key, &pair.value);
                            }
                        });
                    }
                });
            }),
        }
    }
}
