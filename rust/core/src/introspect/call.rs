//! Calls as JSON: the request, and what the runtime knows about the callee.

use crate::journal::parts::Request;
use crate::wire::generated as pb;

use super::answer::Detail;
use super::json::{Object, write_list};

/// What the runtime knows about the target of a call; `None` if unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callee {
    /// Its invocation id.
    pub invocation_id: Option<String>,
    /// `Service`, `VirtualObject` or `Workflow`.
    pub service_type: Option<String>,
    /// `Exclusive`, `Shared` or `Workflow`.
    pub handler_type: Option<String>,
}

/// Writes the request of a call, and what is known about its target.
pub(super) fn show(
    fields: &mut Object<'_>,
    request: &Request<'_>,
    callee: &Callee,
    detail: Detail,
) {
    if detail == Detail::Lite {
        return show_target(fields, request, callee);
    }
    fields.object("request", |fields| {
        show_target(fields, request, callee);
        fields.bytes("parameter", request.parameter);
        fields.with("headers", |json| write_headers(json, request.headers));
        fields.optional("idempotency_key", request.idempotency_key);
    });
}

fn show_target(fields: &mut Object<'_>, request: &Request<'_>, callee: &Callee) {
    if let Some(id) = &callee.invocation_id {
        fields.string("invocation_id", id);
    }
    let inferred = if request.key.is_empty() {
        "Service"
    } else {
        "VirtualObject"
    };
    let service_type = callee.service_type.as_deref().unwrap_or(inferred);
    fields.object("invocation_target", |outer| {
        outer.object(service_type, |target| {
            target.string("name", request.service);
            if service_type != "Service" {
                target.string("key", request.key);
            }
            target.string("handler", request.handler);
            if let Some(handler_type) = &callee.handler_type {
                target.string("handler_ty", handler_type);
            }
            target.optional("scope", request.scope);
        });
    });
}

pub(super) fn write_headers(json: &mut String, headers: &[pb::Header]) {
    write_list(json, headers, |json, header| {
        Object::write(json, |pair| {
            pair.string("name", &header.key);
            pair.string("value", &header.value);
        });
    });
}
