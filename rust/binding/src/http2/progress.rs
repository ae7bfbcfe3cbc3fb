//! Merges what came on one stream, so that it becomes one Python object.

use awaken_http2::engine::Event;
use awaken_http2::head::ResponseHead;
use bytes::Bytes;

/// The events of one stream.
pub(super) struct Progress {
    pub(super) stream: u32,
    pub(super) head: Option<ResponseHead>,
    pub(super) body: Vec<Bytes>,
    pub(super) is_ended: bool,
    pub(super) reset_code: Option<u32>,
    pub(super) broken_rule: Option<&'static str>,
}

impl Progress {
    fn new(stream: u32) -> Self {
        Self {
            stream,
            head: None,
            body: Vec::new(),
            is_ended: false,
            reset_code: None,
            broken_rule: None,
        }
    }
}

/// What becomes one Python object.
pub(super) enum Merged {
    Progress(Progress),
    Other(Event<ResponseHead>),
}

/// Merges the events of each stream, in the order of their first ones.
pub(super) fn merge(events: Vec<Event<ResponseHead>>) -> Vec<Merged> {
    let mut merged: Vec<Merged> = Vec::with_capacity(events.len());
    for event in events {
        let stream = match &event {
            Event::HeadReceived(stream, _)
            | Event::BodyReceived(stream, _)
            | Event::BodyEnded(stream)
            | Event::StreamClosed(stream, _)
            | Event::StreamBroken(stream, _, _) => *stream,
            _ => {
                merged.push(Merged::Other(event));
                continue;
            }
        };
        let known = merged.iter_mut().rev().find_map(|merged| match merged {
            Merged::Progress(progress) if progress.stream == stream => Some(progress),
            _ => None,
        });
        if let Some(progress) = known {
            note(progress, event);
        } else {
            let mut progress = Progress::new(stream);
            note(&mut progress, event);
            merged.push(Merged::Progress(progress));
        }
    }
    merged
}

fn note(progress: &mut Progress, event: Event<ResponseHead>) {
    match event {
        Event::HeadReceived(_, head) => progress.head = Some(head),
        Event::BodyReceived(_, data) => progress.body.push(data),
        Event::StreamClosed(_, code) => progress.reset_code = Some(code),
        Event::StreamBroken(_, _, reason) => progress.broken_rule = Some(reason),
        _ => progress.is_ended = true,
    }
}
