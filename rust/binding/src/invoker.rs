//! The invoker machine.

use awaken_core::InvocationId;
use awaken_core::invoker::{self, DEFAULT_MAX_MESSAGE_SIZE, Machine, Start};
use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::effect;
use crate::error::{invalid_id_error, invoker_error};
use crate::wire::protocol_version;

/// Runtime side of one attempt: idle, replaying, open, finished, closed.
///
/// The host makes effects durable in the order in which it takes them, and only then informs the endpoint.
/// Methods that write raise LocalProtocolError if the host calls them at the wrong time or with invalid arguments.
#[pyclass(module = "awaken._core")]
pub(crate) struct InvokerMachine(Machine);

/// Runs `action` on the machine and releases it before any Python code runs.
fn with<T>(
    slf: &Bound<'_, InvokerMachine>,
    action: impl FnOnce(&mut Machine) -> invoker::Result<T>,
) -> PyResult<T> {
    let result = action(&mut slf.borrow_mut().0);
    result.map_err(|error| invoker_error(&error))
}

#[pymethods]
impl InvokerMachine {
    #[new]
    #[pyo3(signature = (version, *, max_message_size=DEFAULT_MAX_MESSAGE_SIZE))]
    fn new(version: u32, max_message_size: usize) -> PyResult<Self> {
        let version = protocol_version(version)?;
        Ok(Self(Machine::new(version, max_message_size)))
    }

    /// Write Start. Exactly known_entries calls of replay() follow.
    ///
    /// Raises:
    ///     InvalidIdError: invocation_id is malformed.
    #[pyo3(signature = (
        invocation_id,
        *,
        known_entries,
        key=String::new(),
        state=Vec::new(),
        is_state_partial=false,
        retry_count=0,
        duration_since_last_stored_entry_ms=0,
        random_seed=None,
        scope=None,
        limit_key=None,
        idempotency_key=None,
    ), text_signature = "(self, invocation_id, *, known_entries, key='', state=(), is_state_partial=False, \
        retry_count=0, duration_since_last_stored_entry_ms=0, random_seed=None, scope=None, limit_key=None, \
        idempotency_key=None)")]
    #[expect(clippy::too_many_arguments, reason = "the fields of Start")]
    fn start(
        slf: &Bound<'_, Self>,
        invocation_id: &str,
        known_entries: u32,
        key: String,
        state: Vec<(String, Bytes)>,
        is_state_partial: bool,
        retry_count: u32,
        duration_since_last_stored_entry_ms: u64,
        random_seed: Option<u64>,
        scope: Option<String>,
        limit_key: Option<String>,
        idempotency_key: Option<String>,
    ) -> PyResult<()> {
        let id: InvocationId = invocation_id
            .parse()
            .map_err(|error| invalid_id_error(&error))?;
        let start = Start {
            known_entries,
            key,
            state,
            is_state_partial,
            retry_count,
            duration_since_last_stored_entry_ms,
            random_seed: random_seed.unwrap_or_else(|| id.random_seed()),
            scope,
            limit_key,
            idempotency_key,
        };
        with(slf, |machine| machine.start(id, start))
    }

    /// Write one recorded entry, in journal order. Does nothing if the endpoint has already failed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "how Python bytes are borrowed"
    )]
    fn replay(slf: &Bound<'_, Self>, code: u16, payload: Bytes) -> PyResult<()> {
        with(slf, |machine| machine.replay(code, &payload))
    }

    /// Do what replay() does, but write only the head of the frame.
    ///
    /// If this returns true, the payload has to be sent right behind the output: it is large, and is not copied.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "how Python bytes are borrowed"
    )]
    fn replay_head(slf: &Bound<'_, Self>, code: u16, payload: Bytes) -> PyResult<bool> {
        with(slf, |machine| machine.replay_head(code, &payload))
    }

    /// Send the endpoint a notification that is now durable. Returns whether it was sent.
    ///
    /// If this attempt proposed the result of a run and asked for an ack, the ack is sent instead. False means that the
    /// input has ended or the attempt is over: pass the notification to can_resume() as unseen.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "how Python bytes are borrowed"
    )]
    fn notify(slf: &Bound<'_, Self>, code: u16, payload: Bytes) -> PyResult<bool> {
        with(slf, |machine| machine.notify(code, &payload))
    }

    /// Acknowledge that a command is stored. Call it only for commands with `is_ack_requested`.
    fn acknowledge_command(slf: &Bound<'_, Self>, index: u32) -> PyResult<()> {
        with(slf, |machine| machine.acknowledge_command(index))
    }

    /// End the request body: nothing more is sent, and the endpoint should suspend.
    fn end_input(&mut self) {
        self.0.end_input();
    }

    fn receive(&mut self, data: Bytes) {
        self.0.receive(data);
    }

    /// End the response. If no terminal frame arrived before, the attempt failed.
    fn receive_end(&mut self) {
        self.0.receive_end();
    }

    /// Return the next effect, or None if more bytes are needed.
    fn take_effect(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        let taken = slf.borrow_mut().0.take_effect();
        taken
            .map(|effect| effect::effect(slf.py(), effect))
            .transpose()
    }

    fn take_output<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyBytes> {
        let output = slf.borrow_mut().0.take_output();
        PyBytes::new(slf.py(), &output)
    }

    fn is_output_pending(&self) -> bool {
        self.0.is_output_pending()
    }

    /// Whether the attempt is over; its last effect may still have to be taken.
    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Whether notifications still reach the endpoint.
    fn is_input_open(&self) -> bool {
        self.0.is_input_open()
    }

    /// One of `idle`, `replaying`, `open`, `finished`, `closed`.
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state().name()
    }

    /// Bytes of an incomplete frame.
    #[getter]
    fn buffered_size(&self) -> usize {
        self.0.buffered_size()
    }
}
