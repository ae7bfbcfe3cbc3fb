//! What an endpoint asks of its runtime: one class per variant.

use awaken_core::AwakeableId;
use awaken_core::introspect;
use awaken_core::invoker::{self, Failed, Recorded};
use awaken_core::journal::{self, Outcome};
use awaken_core::wire::{
    Command,
    generated::{
        self as pb, attach_invocation_command as attach, complete_awakeable_command as awakeable,
        complete_promise_command as promise, get_invocation_output_command as output_of,
        output_command as output, send_signal_command as signal,
    },
    message::name_of,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use pyo3::{PyClass, PyTypeInfo};

use crate::error::invalid_id_error;
use crate::values::outcome_to_python;

/// A command that passed the checks: the next entry of the journal. One subclass for each type.
#[pyclass(frozen, subclass, module = "awaken._core")]
pub(crate) struct RecordedCommand(Recorded);

#[pymethods]
impl RecordedCommand {
    /// 0-based command index; Input is 0.
    #[getter]
    fn index(&self) -> u32 {
        self.0.index
    }

    /// The type code.
    #[getter]
    fn code(&self) -> u16 {
        self.0.code
    }

    /// The payload, byte for byte as it came.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.payload)
    }

    /// The entry name.
    #[getter]
    fn name(&self) -> &str {
        journal::command::entry_name(&self.0.command)
    }

    /// Whether acknowledge_command() has to be called once it is stored.
    #[getter]
    fn is_ack_requested(&self) -> bool {
        self.0.is_ack_requested
    }

    fn __repr__(&self) -> String {
        let Recorded { index, command, .. } = &self.0;
        format!("<entry {index}: {}>", journal::command::describe(command))
    }
}

macro_rules! commands {
    ($($(#[$meta:meta])* $class:ident of $variant:ident {
        $($field:ident: $type:ty = |$py:ident, $command:ident| $value:expr,)*
    })*) => {
        $(
            $(#[$meta])*
            #[pyclass(frozen, extends = RecordedCommand, module = "awaken._core")]
            pub(crate) struct $class;

            #[pymethods]
            #[allow(clippy::unnecessary_wraps, reason = "some fields can fail, and one macro makes them all")]
            impl $class {
                #[classattr]
                #[pyo3(name = "__match_args__")]
                fn match_args(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                    PyTuple::new(py, &[$(stringify!($field)),*] as &[&str])
                }

                $(
                    #[getter]
                    fn $field(slf: PyRef<'_, Self>) -> PyResult<$type> {
                        let $py = slf.py();
                        match &slf.as_super().0.command {
                            Command::$variant($command) => $value,
                            _ => unreachable!("the class is chosen by the variant"),
                        }
                    }
                )*
            }
        )*

        /// A command in the class of its type; reads that their command answers itself have none of their own.
        fn recorded(py: Python<'_>, recorded: Recorded) -> PyResult<Py<PyAny>> {
            match &recorded.command {
                $(Command::$variant(_) => {
                    let base = PyClassInitializer::from(RecordedCommand(recorded));
                    Ok(Py::new(py, base.add_subclass($class))?.into_any())
                })*
                _ => Ok(Py::new(py, RecordedCommand(recorded))?.into_any()),
            }
        }
    };
}

commands! {
    /// How the invocation ends.
    OutputCommand of Output {
        result: Py<PyAny> = |py, c| outcome_to_python(py, match &c.result {
            Some(output::Result::Value(value)) => Outcome::Value(value.content.clone()),
            Some(output::Result::Failure(failure)) => failed(failure),
            None => Outcome::Void,
        }),
    }
    /// A read that its GetLazyState completion answers.
    GetLazyStateCommand of GetLazyState {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        key: String = |_py, c| Ok(text(&c.key)),
    }
    /// Keys that the GetLazyStateKeys completion answers.
    GetLazyStateKeysCommand of GetLazyStateKeys {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
    }
    SetStateCommand of SetState {
        key: String = |_py, c| Ok(text(&c.key)),
        value: Py<PyBytes> = |py, c| {
            Ok(bytes(py, c.value.as_ref().map_or(&[], |value| &value.content)))
        },
    }
    ClearStateCommand of ClearState {
        key: String = |_py, c| Ok(text(&c.key)),
    }
    ClearAllStateCommand of ClearAllState {}
    /// Waits for the promise.
    GetPromiseCommand of GetPromise {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        key: String = |_py, c| Ok(c.key.clone()),
    }
    /// Answered at once.
    PeekPromiseCommand of PeekPromise {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        key: String = |_py, c| Ok(c.key.clone()),
    }
    CompletePromiseCommand of CompletePromise {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        key: String = |_py, c| Ok(c.key.clone()),
        result: Py<PyAny> = |py, c| outcome_to_python(py, match &c.completion {
            Some(promise::Completion::CompletionValue(value)) => {
                Outcome::Value(value.content.clone())
            }
            Some(promise::Completion::CompletionFailure(failure)) => failed(failure),
            None => Outcome::Void,
        }),
    }
    SleepCommand of Sleep {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        wake_up_time_ms: u64 = |_py, c| Ok(c.wake_up_time),
    }
    /// A call whose result is told.
    CallCommand of Call {
        invocation_id_completion_id: u32 = |_py, c| Ok(c.invocation_id_notification_idx),
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        service: String = |_py, c| Ok(c.service_name.clone()),
        handler: String = |_py, c| Ok(c.handler_name.clone()),
        key: String = |_py, c| Ok(c.key.clone()),
        parameter: Py<PyBytes> = |py, c| Ok(bytes(py, &c.parameter)),
        headers: Vec<(String, String)> = |_py, c| Ok(pairs(&c.headers)),
        idempotency_key: Option<String> = |_py, c| Ok(c.idempotency_key.clone()),
        scope: Option<String> = |_py, c| Ok(c.scope.clone()),
        limit_key: Option<String> = |_py, c| Ok(c.limit_key.clone()),
    }
    /// A call whose result is not told; `invoke_time_ms` 0 means now.
    OneWayCallCommand of OneWayCall {
        invocation_id_completion_id: u32 = |_py, c| Ok(c.invocation_id_notification_idx),
        invoke_time_ms: u64 = |_py, c| Ok(c.invoke_time),
        service: String = |_py, c| Ok(c.service_name.clone()),
        handler: String = |_py, c| Ok(c.handler_name.clone()),
        key: String = |_py, c| Ok(c.key.clone()),
        parameter: Py<PyBytes> = |py, c| Ok(bytes(py, &c.parameter)),
        headers: Vec<(String, String)> = |_py, c| Ok(pairs(&c.headers)),
        idempotency_key: Option<String> = |_py, c| Ok(c.idempotency_key.clone()),
        scope: Option<String> = |_py, c| Ok(c.scope.clone()),
        limit_key: Option<String> = |_py, c| Ok(c.limit_key.clone()),
    }
    /// A signal for another invocation; signal 1 cancels it.
    SendSignalCommand of SendSignal {
        invocation_id: String = |_py, c| Ok(c.target_invocation_id.clone()),
        signal: Py<PyAny> = |py, c| Ok(match &c.signal_id {
            Some(signal::SignalId::Name(name)) => name.into_pyobject(py)?.into_any().unbind(),
            Some(signal::SignalId::Idx(index)) => index.into_pyobject(py)?.into_any().unbind(),
            None => py.None(),
        }),
        result: Py<PyAny> = |py, c| outcome_to_python(py, match &c.result {
            Some(signal::Result::Value(value)) => Outcome::Value(value.content.clone()),
            Some(signal::Result::Failure(failure)) => failed(failure),
            Some(signal::Result::Void(_)) | None => Outcome::Void,
        }),
    }
    /// A side effect; its result comes as RunProposed.
    RunCommand of Run {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
    }
    /// Waits for another invocation.
    AttachInvocationCommand of AttachInvocation {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        target: Py<PyAny> = |py, c| match &c.target {
            Some(attach::Target::InvocationId(id)) => invocation(py, id),
            Some(attach::Target::IdempotentRequestTarget(target)) => idempotent(py, target),
            Some(attach::Target::WorkflowTarget(target)) => workflow(py, target),
            None => Ok(py.None()),
        },
    }
    /// Asks for the result of another invocation and does not wait.
    GetInvocationOutputCommand of GetInvocationOutput {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        target: Py<PyAny> = |py, c| match &c.target {
            Some(output_of::Target::InvocationId(id)) => invocation(py, id),
            Some(output_of::Target::IdempotentRequestTarget(target)) => idempotent(py, target),
            Some(output_of::Target::WorkflowTarget(target)) => workflow(py, target),
            None => Ok(py.None()),
        },
    }
    CompleteAwakeableCommand of CompleteAwakeable {
        awakeable_id: String = |_py, c| Ok(c.awakeable_id.clone()),
        invocation_id: String = |_py, c| invocation_of(c),
        signal_index: u32 = |_py, c| Ok(awakeable_id(c)?.index()),
        result: Py<PyAny> = |py, c| outcome_to_python(py, match &c.result {
            Some(awakeable::Result::Value(value)) => Outcome::Value(value.content.clone()),
            Some(awakeable::Result::Failure(failure)) => failed(failure),
            None => Outcome::Void,
        }),
    }
}

macro_rules! targets {
    ($($(#[$meta:meta])* $class:ident { $($field:ident: $type:ty),* })*) => {$(
        $(#[$meta])*
        #[pyclass(frozen, get_all, eq, module = "awaken._core")]
        #[derive(PartialEq)]
        pub(crate) struct $class { $($field: $type),* }

        #[pymethods]
        impl $class {
            #[classattr]
            #[pyo3(name = "__match_args__")]
            fn match_args(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                PyTuple::new(py, [$(stringify!($field)),*])
            }
        }
    )*};
}

targets! {
    /// An invocation by its id.
    InvocationTarget { invocation_id: String }
    /// The run of a workflow key.
    WorkflowTarget { workflow: String, key: String, scope: Option<String> }
    /// The invocation that an idempotency key made.
    IdempotentTarget {
        service: String,
        handler: String,
        idempotency_key: String,
        key: Option<String>,
        scope: Option<String>
    }
}

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
    /// The result of a run: store the notification, then notify() of it.
    RunProposed {
        completion_id: u32,
        /// The type code of the notification.
        code: u16,
        /// The payload of the notification.
        payload: Py<PyBytes>,
    }
    /// What the handler waits for, for people who look.
    AwaitingOn {
        /// JSON text, as introspection shows it.
        future_json: String,
    }
    /// The attempt is over until can_resume().
    AttemptSuspended {
        completions: Vec<u32>,
        signals: Vec<u32>,
        named_signals: Vec<String>,
        /// For can_resume().
        future: Py<PyBytes>,
        /// JSON text, as introspection shows it.
        future_json: String,
    }
    /// The attempt and the invocation are over: the journal has the Output.
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
        /// Whether the endpoint broke the protocol, rather than told an error.
        is_violation: bool,
    }
}

/// The object of a variant.
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

/// The union of what an endpoint asks of its runtime.
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

/// A state key, which the machine has checked.
fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
}

fn failed(failure: &pb::Failure) -> Outcome {
    Outcome::Failure(Box::new(failure.clone()))
}

fn pairs(headers: &[pb::Header]) -> Vec<(String, String)> {
    let pair = |header: &pb::Header| (header.key.clone(), header.value.clone());
    headers.iter().map(pair).collect()
}

fn awakeable_id(command: &pb::CompleteAwakeableCommand) -> PyResult<AwakeableId> {
    let id = command.awakeable_id.parse();
    id.map_err(|error| invalid_id_error(&error))
}

fn invocation_of(command: &pb::CompleteAwakeableCommand) -> PyResult<String> {
    let id = awakeable_id(command)?.invocation();
    id.map(|id| id.to_string())
        .map_err(|error| invalid_id_error(&error))
}

fn invocation(py: Python<'_>, id: &str) -> PyResult<Py<PyAny>> {
    let invocation_id = id.to_owned();
    object(py, InvocationTarget { invocation_id })
}

fn workflow(py: Python<'_>, target: &pb::WorkflowTarget) -> PyResult<Py<PyAny>> {
    object(
        py,
        WorkflowTarget {
            workflow: target.workflow_name.clone(),
            key: target.workflow_key.clone(),
            scope: target.scope.clone(),
        },
    )
}

fn idempotent(py: Python<'_>, target: &pb::IdempotentRequestTarget) -> PyResult<Py<PyAny>> {
    object(
        py,
        IdempotentTarget {
            service: target.service_name.clone(),
            handler: target.handler_name.clone(),
            idempotency_key: target.idempotency_key.clone(),
            key: target.service_key.clone(),
            scope: target.scope.clone(),
        },
    )
}
