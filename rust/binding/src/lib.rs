//! The extension module `awaken._core`: Python bindings of awaken-core. It converts and decides nothing.
//!
//! | module | what it converts |
//! | --- | --- |
//! | [`error`] | exceptions of `awaken.errors` |
//! | [`values`] | failures, results, the input of a handler, policies |
//! | [`wire`] | the codec, and versions |
//! | [`identifier`] | invocation and awakeable ids |
//! | [`identity`] | request signatures |
//! | [`journal`] | entries that a runtime writes and reads |
//! | [`progress`] | what an await comes to |
//! | [`target`] | the invocations that commands name |
//! | [`command`] | the commands of an endpoint |
//! | [`effect`] | what an endpoint asks of its runtime |
//! | [`endpoint`] | the endpoint machine |
//! | [`invoker`] | the invoker machine |
//! | [`http1`] | the HTTP/1.1 engines |
//! | [`http2`] | the HTTP/2 engines of both sides |
//! | [`file_sync`] | a thread that syncs a file; not on Windows |
//!
//! Each module may use the modules in the rows above it, and no others.
//!
//! Every method releases its machine before it turns results into Python objects: creating objects may run the garbage
//! collector, and with it arbitrary Python code.

#![expect(clippy::doc_markdown, reason = "these are docstrings")]

mod command;
mod effect;
mod endpoint;
mod error;
#[cfg(unix)]
mod file_sync;
mod http1;
mod http2;
mod identifier;
mod identity;
mod invoker;
mod journal;
mod progress;
mod target;
mod values;
mod wire;

/// Types of the compiled protocol core: pure functions of their input, no I/O and no clock, apart from `FileSync`.
#[pyo3::pymodule(gil_used = false)]
mod _core {
    #[pymodule_export]
    use super::command::{
        AttachInvocationCommand, CallCommand, ClearAllStateCommand, ClearStateCommand,
        CompleteAwakeableCommand, CompletePromiseCommand, GetInvocationOutputCommand,
        GetLazyStateCommand, GetLazyStateKeysCommand, GetPromiseCommand, OneWayCallCommand,
        OutputCommand, PeekPromiseCommand, RecordedCommand, RunCommand, SendSignalCommand,
        SetStateCommand, SleepCommand,
    };
    #[pymodule_export]
    use super::effect::{AttemptEnded, AttemptFailed, AttemptSuspended, AwaitingOn, RunProposed};
    #[pymodule_export]
    use super::endpoint::EndpointMachine;
    #[cfg(unix)]
    #[pymodule_export]
    use super::file_sync::FileSync;
    #[pymodule_export]
    use super::http1::{
        Http1Body, Http1ClientEngine, Http1Cut, Http1Refusal, Http1Request, Http1Response,
        Http1ServerEngine,
    };
    #[pymodule_export]
    use super::http2::{
        BodyEnded, BodyReceived, ConnectionFailed, Http2ClientEngine, Http2Engine, Invocation,
        InvocationRoutes, PeerLeaving, PingAcknowledged, RequestReceived, ResponseProgress,
        StreamClosed,
    };
    #[pymodule_export]
    use super::identifier::{
        AwakeableId, format_awakeable_id, format_invocation_id, idempotent_invocation_id,
        parse_awakeable_id, parse_invocation_id, random_invocation_id, random_seed,
        workflow_invocation_id,
    };
    #[pymodule_export]
    use super::identity::{IdentityKeys, RequestSigner};
    #[pymodule_export]
    use super::invoker::InvokerMachine;
    #[pymodule_export]
    use super::journal::{
        Resumption, StoredEntry, can_resume, describe_entry, encode_completion, encode_input,
        encode_signal,
    };
    #[pymodule_export]
    use super::progress::{
        Awaiting, Cancelled, Closed, Completed, InputRequired, RunRequired, Suspended,
    };
    #[pymodule_export]
    use super::target::{IdempotentTarget, InvocationTarget, WorkflowTarget};
    #[pymodule_export]
    use super::values::{Failure, Input, RetryPolicy};
    #[pymodule_export]
    use super::wire::{Decoder, Message, content_type};
    use super::{effect, progress, values};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        use awaken_core::{endpoint, invoker, wire};
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("MIN_PROTOCOL_VERSION", wire::Version::MIN.number())?;
        module.add("MAX_PROTOCOL_VERSION", wire::Version::MAX.number())?;
        module.add("DEFAULT_MAX_MESSAGE_SIZE", wire::DEFAULT_MAX_MESSAGE_SIZE)?;
        module.add(
            "DEFAULT_MAX_JOURNAL_SIZE",
            endpoint::DEFAULT_MAX_JOURNAL_SIZE,
        )?;
        module.add(
            "DEFAULT_MAX_RUNTIME_MESSAGE_SIZE",
            invoker::DEFAULT_MAX_MESSAGE_SIZE,
        )?;
        for (name, need) in progress::Need::NAMES {
            module.add(name, need as u8)?;
        }
        module.add("Progress", progress::progress_type(module.py())?)?;
        module.add("Effect", effect::effect_type(module.py())?)?;
        module.add("Result", values::result_type(module.py())?)?;
        // The stub lists the names; a second list would only go stale.
        module.delattr("__all__")
    }
}
