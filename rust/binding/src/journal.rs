//! Entries that the runtime itself writes and reads.

use awaken_core::introspect::{self, Callee};
use awaken_core::journal::{self, Notification, encode, notification};
use awaken_core::wire;
use bytes::Bytes;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::remote_protocol_error;
use crate::values::outcome_from_python;

type Entry<'py> = (u16, Bound<'py, PyBytes>);

/// Return code and payload of an Input command.
#[pyfunction]
pub(crate) fn encode_input(
    py: Python<'_>,
    headers: Vec<(String, String)>,
    body: Bytes,
) -> PyResult<Entry<'_>> {
    let input = encode::Input::new(headers, body);
    let payload = PyBytes::new_with(py, input.size(), |memory| {
        input
            .write(memory)
            .map_err(|error| PyValueError::new_err(error.to_string()))
    })?;
    Ok((encode::INPUT, payload))
}

/// Return code and payload of the notification that completes a command.
///
/// kind: `GetLazyState`, `GetLazyStateKeys`, `GetPromise`, `PeekPromise`, `CompletePromise`, `Sleep`, `Call`,
/// `CallInvocationId`, `Run`, `AttachInvocation` or `GetInvocationOutput`.
///
/// Raises:
///     ValueError: the kind is unknown, or cannot carry this result.
#[pyfunction]
pub(crate) fn encode_completion<'py>(
    py: Python<'py>,
    kind: &str,
    completion_id: u32,
    result: &Bound<'py, PyAny>,
) -> PyResult<Entry<'py>> {
    let (code, _) = wire::Notification::CODES
        .iter()
        .find(|(_, name)| *name == kind)
        .ok_or_else(|| PyValueError::new_err(format!("unknown completion {kind:?}")))?;
    entry(
        py,
        Notification::completion(*code, completion_id, outcome_from_python(result)?),
    )
}

/// Return code and payload of a signal, given by its name, or by its index if it is built in or an awakeable.
///
/// Raises:
///     ValueError: a signal cannot carry this result.
#[pyfunction]
pub(crate) fn encode_signal<'py>(
    py: Python<'py>,
    signal: &Bound<'py, PyAny>,
    result: &Bound<'py, PyAny>,
) -> PyResult<Entry<'py>> {
    let id = match signal.cast::<PyString>() {
        Ok(name) => notification::Id::Named(name.extract()?),
        Err(_) => notification::Id::Signal(signal.extract()?),
    };
    entry(py, Notification::signal(id, outcome_from_python(result)?))
}

/// Whether an invocation that suspended on `future` can continue.
///
/// unseen: code and payload of the notifications that the attempt did not receive, in journal order. Leave out those it
/// received, or a CANCEL that it has seen would resume it again and again. Other entries are skipped.
///
/// Raises:
///     RemoteProtocolError: future or a notification cannot be decoded.
#[pyfunction]
pub(crate) fn can_resume(future: Bytes, unseen: Vec<(u16, Bytes)>) -> PyResult<bool> {
    let future = encode::read_future(future).map_err(|error| remote_protocol_error(&error))?;
    let unseen = unseen
        .into_iter()
        .filter(|(code, _)| *code >= wire::message::FIRST_NOTIFICATION)
        .map(|(code, payload)| Notification::decode(code, payload))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| remote_protocol_error(&error))?;
    Ok(journal::can_resume(&future, &unseen))
}

/// What a suspended invocation waits for, and what of it has come.
#[pyclass(module = "awaken._core")]
pub(crate) struct Resumption(journal::Resumption);

#[pymethods]
impl Resumption {
    /// Raises:
    ///     RemoteProtocolError: future cannot be decoded.
    #[new]
    fn new(future: Bytes) -> PyResult<Self> {
        let future = encode::read_future(future).map_err(|error| remote_protocol_error(&error))?;
        Ok(Self(journal::Resumption::new(future)))
    }

    /// Add a notification that the attempt did not receive, in journal order. Returns whether `is_ready` may have
    /// changed. Other entries are skipped.
    ///
    /// Raises:
    ///     RemoteProtocolError: it cannot be decoded.
    fn add(&mut self, code: u16, payload: Bytes) -> PyResult<bool> {
        if code < wire::message::FIRST_NOTIFICATION {
            return Ok(false);
        }
        let notification =
            Notification::decode(code, payload).map_err(|error| remote_protocol_error(&error))?;
        Ok(self.0.add(&notification))
    }

    /// Whether the invocation can continue.
    fn is_ready(&self) -> bool {
        self.0.is_ready()
    }
}

/// A stored entry, in the shape of `sys_journal`.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct StoredEntry(introspect::Entry);

#[pymethods]
impl StoredEntry {
    /// For example `Command: Run` or `Notification: Signal`.
    #[getter]
    fn entry_type(&self) -> String {
        self.0.entry_type()
    }

    /// The entry name, which only commands have.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.0.name()
    }

    /// The completion ids that a command took, or the one that a notification answers.
    #[getter]
    fn completion_ids(&self) -> Vec<u32> {
        self.0.completion_ids()
    }

    /// JSON text with payloads as arrays of bytes.
    #[getter]
    fn json(&self) -> String {
        self.0.json()
    }

    /// JSON text without payloads.
    #[getter]
    fn lite_json(&self) -> String {
        self.0.lite_json()
    }
}

/// Describe a stored entry. For a call, pass what is known about its target.
///
/// service_type: `Service`, `VirtualObject` or `Workflow`. handler_type: `Exclusive`, `Shared` or `Workflow`.
///
/// Raises:
///     RemoteProtocolError: it is neither a command nor a notification.
#[pyfunction]
#[pyo3(signature = (code, payload, *, callee_id=None, service_type=None, handler_type=None))]
pub(crate) fn describe_entry(
    code: u16,
    payload: Bytes,
    callee_id: Option<String>,
    service_type: Option<String>,
    handler_type: Option<String>,
) -> PyResult<StoredEntry> {
    let callee = Callee {
        invocation_id: callee_id,
        service_type,
        handler_type,
    };
    introspect::Entry::decode(code, payload, callee)
        .map(StoredEntry)
        .map_err(|error| remote_protocol_error(&error))
}

fn entry(
    py: Python<'_>,
    notification: Result<Notification, journal::notification::Error>,
) -> PyResult<Entry<'_>> {
    let notification = notification.map_err(|error| PyValueError::new_err(error.to_string()))?;
    let code = notification.code;
    Ok((code, PyBytes::new(py, &notification.encode())))
}
