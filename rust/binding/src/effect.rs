//! The effects of an invoker machine: one class per variant.

use awaken_core::introspect;
use awaken_core::invoker::{self, Failed};
use awaken_core::journal;
use awaken_core::wire::{generated as pb, message::name_of};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use pyo3::{PyClass, PyTypeInfo};

use crate::command::{RecordedCommand, recorded};

macro_rules! variant {
    ($($(#[$meta:meta])* $class:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[pyclass(frozen, get_all, module = "awaken._core")]
        pub(crate) struct $class { $($(#[$field_meta])* $field: $type),* }

        #[pymethods]
        impl $class {
            #[classattr]
            #[pyo3(name = "__match_args__")]
            fn match_args(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                PyTuple::new(py, &[$(stringify!($field)),*] as &[&str])
            }
        }
    )*};
}

variant! {
    /// The result of a run: store the notification, then pass it to notify().
    RunProposed {
        completion_id: u32,
        /// The type code of the notification.
        code: u16,
        /// The payload of the notification.
        payload: Py<PyBytes>,
    }
    /// What the handler waits for, to be shown by introspection.
    AwaitingOn {
        /// JSON text in the shape of introspection.
        future_json: String,
    }
    /// The attempt is over; start another one once can_resume() returns True.
    AttemptSuspended {
        completions: Vec<u32>,
        signals: Vec<u32>,
        named_signals: Vec<String>,
        /// The argument for can_resume().
        future: Py<PyBytes>,
        /// JSON text in the shape of introspection.
        future_json: String,
    }
    /// The attempt and the invocation are over; the journal has the Output.
    AttemptEnded {}
    /// The attempt failed.
    AttemptFailed {
        code: u32,
        message: String,
        stacktrace: String,
        related_command_index: Option<u32>,
        related_command_name: Option<String>,
        /// The name of its type, for example `Run`.
        related_command_type: Option<&'static str>,
        next_retry_delay_ms: Option<u64>,
        /// `retry`, `pause` or `fail`.
        behavior: &'static str,
        /// Whether the endpoint violated the protocol, instead of reporting an error itself.
        is_violation: bool,
    }
}

/// The object of an effect.
pub(crate) fn effect(py: Python<'_>, effect: invoker::Effect) -> PyResult<Py<PyAny>> {
    match effect {
        invoker::Effect::Recorded(command) => recorded(py, command),
        invoker::Effect::RunProposed {
            completion_id,
            payload,
        } => object(
            py,
            RunProposed {
                completion_id,
                code: journal::RUN_COMPLETION,
                payload: bytes(py, &payload),
            },
        ),
        invoker::Effect::AwaitingOn(future) => {
            let future_json = introspect::future(&future);
            object(py, AwaitingOn { future_json })
        }
        invoker::Effect::Suspended(future) => {
            let future_json = introspect::future(&future);
            let encoded = bytes(py, &journal::encode::future(&future));
            let flat = journal::awaiting::flatten(&future);
            object(
                py,
                AttemptSuspended {
                    completions: flat.waiting_completions,
                    signals: flat.waiting_signals,
                    named_signals: flat.waiting_named_signals,
                    future: encoded,
                    future_json,
                },
            )
        }
        invoker::Effect::Ended => object(py, AttemptEnded {}),
        invoker::Effect::Failed(failed) => object(py, AttemptFailed::from(*failed)),
    }
}

/// The union of all effects.
pub(crate) fn effect_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    RecordedCommand::type_object(py)
        .bitor(RunProposed::type_object(py))?
        .bitor(AwaitingOn::type_object(py))?
        .bitor(AttemptSuspended::type_object(py))?
        .bitor(AttemptEnded::type_object(py))?
        .bitor(AttemptFailed::type_object(py))
}

impl From<Failed> for AttemptFailed {
    fn from(failed: Failed) -> Self {
        Self {
            code: failed.code,
            message: failed.message,
            stacktrace: failed.stacktrace,
            related_command_index: failed.related_index,
            related_command_name: failed.related_name,
            related_command_type: failed
                .related_code
                .and_then(|code| u16::try_from(code).ok())
                .map(name_of),
            next_retry_delay_ms: failed.next_retry_delay_ms,
            behavior: match failed.behavior {
                pb::ErrorBehavior::Retry => "retry",
                pb::ErrorBehavior::Pause => "pause",
                pb::ErrorBehavior::Fail => "fail",
            },
            is_violation: failed.is_violation,
        }
    }
}

fn object<T>(py: Python<'_>, value: T) -> PyResult<Py<PyAny>>
where
    T: PyClass + Into<PyClassInitializer<T>>,
{
    Ok(Py::new(py, value)?.into_any())
}

fn bytes(py: Python<'_>, content: &[u8]) -> Py<PyBytes> {
    PyBytes::new(py, content).unbind()
}
