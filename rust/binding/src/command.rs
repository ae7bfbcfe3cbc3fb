//! Commands of an endpoint: one class for each type, with its fields.

use awaken_core::AwakeableId;
use awaken_core::invoker::Recorded;
use awaken_core::journal;
use awaken_core::journal::parts::{Answer, Target, content};
use awaken_core::wire::{
    Command,
    generated::{self as pb, send_signal_command as signal},
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::error::invalid_id_error;
use crate::target::target;
use crate::values::outcome_to_python;

/// A checked command, the next entry of the journal. Each type has its own subclass.
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

    /// The payload, byte for byte as received.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.payload)
    }

    /// Where the value of an Output begins in the payload, if the payload ends with it.
    #[getter]
    fn value_offset(&self) -> Option<usize> {
        self.0.value_offset()
    }

    /// The entry name.
    #[getter]
    fn name(&self) -> &str {
        journal::command::entry_name(&self.0.command)
    }

    /// Whether to call acknowledge_command() once it is stored.
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
            #[allow(clippy::unnecessary_wraps, reason = "one macro makes all fields, and some can fail")]
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

        /// The object of a command. Eager reads have no class of their own, since their command has the answer.
        pub(crate) fn recorded(py: Python<'_>, recorded: Recorded) -> PyResult<Py<PyAny>> {
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
        result: Py<PyAny> = |py, c| answer(py, c.into()),
    }
    /// A read of one key, answered by a GetLazyState completion.
    GetLazyStateCommand of GetLazyState {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        key: String = |_py, c| Ok(text(&c.key)),
    }
    /// A read of all keys, answered by a GetLazyStateKeys completion.
    GetLazyStateKeysCommand of GetLazyStateKeys {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
    }
    SetStateCommand of SetState {
        key: String = |_py, c| Ok(text(&c.key)),
        value: Py<PyBytes> = |py, c| Ok(bytes(py, content(c.value.as_ref()))),
    }
    ClearStateCommand of ClearState {
        key: String = |_py, c| Ok(text(&c.key)),
    }
    ClearAllStateCommand of ClearAllState {}
    /// Waits for a promise.
    GetPromiseCommand of GetPromise {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        key: String = |_py, c| Ok(c.key.clone()),
    }
    /// Reads a promise without waiting for it.
    PeekPromiseCommand of PeekPromise {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        key: String = |_py, c| Ok(c.key.clone()),
    }
    CompletePromiseCommand of CompletePromise {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        key: String = |_py, c| Ok(c.key.clone()),
        result: Py<PyAny> = |py, c| answer(py, c.into()),
    }
    SleepCommand of Sleep {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        wake_up_time_ms: u64 = |_py, c| Ok(c.wake_up_time),
    }
    /// A call whose result the caller receives.
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
    /// A call without a result; `invoke_time_ms` 0 means now.
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
        result: Py<PyAny> = |py, c| answer(py, c.into()),
    }
    /// A side effect; RunProposed carries its result.
    RunCommand of Run {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
    }
    /// Waits for another invocation.
    AttachInvocationCommand of AttachInvocation {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        target: Py<PyAny> = |py, c| target(py, Target::of_attach(c)),
    }
    /// Reads the result of another invocation without waiting for it.
    GetInvocationOutputCommand of GetInvocationOutput {
        completion_id: u32 = |_py, c| Ok(c.result_completion_id),
        target: Py<PyAny> = |py, c| target(py, Target::of_get_output(c)),
    }
    CompleteAwakeableCommand of CompleteAwakeable {
        awakeable_id: String = |_py, c| Ok(c.awakeable_id.clone()),
        invocation_id: String = |_py, c| invocation_of(c),
        signal_index: u32 = |_py, c| Ok(awakeable_id(c)?.index()),
        result: Py<PyAny> = |py, c| answer(py, c.into()),
    }
}

fn answer(py: Python<'_>, answer: Answer<'_>) -> PyResult<Py<PyAny>> {
    outcome_to_python(py, answer.to_outcome())
}

fn bytes(py: Python<'_>, content: &[u8]) -> Py<PyBytes> {
    PyBytes::new(py, content).unbind()
}

/// A state key, which the machine has already checked.
fn text(key: &[u8]) -> String {
    String::from_utf8_lossy(key).into_owned()
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
