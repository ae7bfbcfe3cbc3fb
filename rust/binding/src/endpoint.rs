//! The endpoint machine.

use awaken_core::endpoint::{self, CallOptions, Machine, Memory, Read, RunFailure, Target};
use awaken_core::journal::Awaiting;
use awaken_core::wire::DEFAULT_MAX_MESSAGE_SIZE;
use bytes::Bytes;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyList};
use std::collections::BTreeMap;

use crate::error::endpoint_error;
use crate::progress;
use crate::values::{Failure, Input, RetryPolicy};
use crate::wire::protocol_version;

type Pairs = Vec<(String, String)>;

/// Service side of one attempt: bootstrapping, replaying, processing, closed.
///
/// Every command method replays or records its command when it is called and returns a handle (an int)
/// where there is a result to await. All of them raise:
///     JournalMismatchError: recorded and attempted command differ; the Error frame (570) is written.
///     AttemptClosedError: the attempt is already over.
///     UnsupportedFeatureError: the negotiated version lacks the feature; the Error frame (573) is written.
#[pyclass(module = "awaken._core")]
pub(crate) struct EndpointMachine(pub(crate) Machine);

/// The receiver of methods that can fail or return objects. They borrow the machine only through [`with`].
type This<'a, 'py> = &'a Bound<'py, EndpointMachine>;

/// Runs `action` on the machine and releases it before any Python code runs.
fn with<T>(slf: This, action: impl FnOnce(&mut Machine) -> endpoint::Result<T>) -> PyResult<T> {
    let result = action(&mut slf.borrow_mut().0);
    result.map_err(|error| endpoint_error(&error))
}

#[pymethods]
impl EndpointMachine {
    #[new]
    #[pyo3(signature = (
        version, *, max_message_size=DEFAULT_MAX_MESSAGE_SIZE, max_journal_size=endpoint::DEFAULT_MAX_JOURNAL_SIZE,
        verify_payloads=true, reveal_payloads=false
    ))]
    fn new(
        version: u32,
        max_message_size: usize,
        max_journal_size: usize,
        verify_payloads: bool,
        reveal_payloads: bool,
    ) -> PyResult<Self> {
        let options = endpoint::Options {
            max_message_size,
            max_journal_size,
            verify_payloads,
            reveal_payloads,
        };
        Ok(Self(Machine::new(protocol_version(version)?, options)))
    }

    fn receive(&mut self, data: Bytes) {
        self.0.receive(data);
    }

    fn receive_end(&mut self) {
        self.0.receive_end();
    }

    fn take_output<'py>(slf: &Bound<'py, Self>) -> Bound<'py, PyBytes> {
        let output = slf.borrow_mut().0.take_output();
        PyBytes::new(slf.py(), &output)
    }

    fn is_output_pending(&self) -> bool {
        self.0.is_output_pending()
    }

    /// Whether all known entries have arrived, so that you can call take_input().
    fn is_ready(&self) -> bool {
        self.0.is_ready()
    }

    /// Whether the terminal frame is written (it may still be in the output).
    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn is_replaying(&self) -> bool {
        self.0.is_replaying()
    }

    fn is_input_open(&self) -> bool {
        self.0.is_input_open()
    }

    /// One of `bootstrapping`, `replaying`, `processing`, `closed`.
    #[getter(state)]
    fn state_name(&self) -> &'static str {
        self.0.state().name()
    }

    /// How many received bytes may stay unacknowledged, if the peer sends at most `window` bytes beyond the others.
    fn unacknowledged_limit(&self, window: usize) -> usize {
        self.0.unacknowledged_limit(window)
    }

    /// Code and message of the Error frame that closed the attempt.
    #[getter]
    fn error(&self) -> Option<(u32, String)> {
        self.0
            .error()
            .map(|(code, message)| (code, message.to_owned()))
    }

    /// From now on, show the values that differ in mismatches; for development.
    fn reveal_payloads(&mut self) {
        self.0.reveal_payloads();
    }

    /// Whether the handler has ended the invocation.
    fn has_output(&self) -> bool {
        self.0.has_output()
    }

    /// How many journal entries the attempt began with; 0 before Start has arrived.
    #[getter]
    fn known_entries(&self) -> u32 {
        self.0.known_entries()
    }

    /// Set what this process remembers of an earlier attempt by the same code, for the texts of mismatches.
    fn remember(&mut self, commands: u32, locations: BTreeMap<u32, String>) {
        self.0.remember(Memory {
            commands,
            locations,
        });
    }

    /// Add to the Error frame where in the handler the error happened; False if the frame was already taken.
    fn explain(&mut self, context: &str, stacktrace: &str) -> bool {
        self.0.explain(context, stacktrace)
    }

    /// The invocation id as text; empty before Start.
    #[getter]
    fn invocation_id(&self) -> String {
        self.0.invocation_id().to_owned()
    }

    /// Index, type name and entry name of the last command, for messages and logs.
    #[getter]
    fn last_command(&self) -> (u32, &'static str, String) {
        let last = self.0.last_command();
        (last.index, last.type_name(), last.name.clone())
    }

    /// Match the Input command and return it. Call it once, when is_ready().
    fn take_input(slf: This) -> PyResult<Input> {
        with(slf, Machine::take_input).map(|input| Input::new(slf.py(), input))
    }

    /// Release the next result of an awaited leaf, or say what has to happen first.
    ///
    /// At most one result is released per call, in journal order. Call it only when the handler cannot continue without
    /// a result.
    fn progress(slf: This, awaited: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let awaited = progress::awaited(awaited)?;
        let result = with(slf, |m| m.progress(&awaited))?;
        progress::progress(slf.py(), result)
    }

    /// Release the result of one awaited handle, or return an int that says what has to happen first.
    ///
    /// This is `progress` for a handler that awaits one handle and nothing else, without an object for the outcome.
    fn take_result(slf: This, handle: u32) -> PyResult<Py<PyAny>> {
        let result = with(slf, |m| m.progress(&Awaiting::Handle(handle)))?;
        progress::result_or_need(slf.py(), result)
    }

    /// Add a handle to those that progress_together() awaits, until its result is released.
    fn join(slf: This, handle: u32) -> PyResult<()> {
        with(slf, |m| m.join(handle))
    }

    /// Remove a handle from those that progress_together() awaits.
    fn leave(&mut self, handle: u32) {
        self.0.leave(handle);
    }

    /// Do what progress() does, for any of the handles that have joined; it costs the same however many there are.
    fn progress_together(slf: This) -> PyResult<Py<PyAny>> {
        let result = with(slf, Machine::progress_together)?;
        progress::progress(slf.py(), result)
    }

    fn run(slf: This, name: &str) -> PyResult<u32> {
        with(slf, |m| m.run(name))
    }

    fn propose_run_value(slf: This, handle: u32, value: Bytes) -> PyResult<()> {
        with(slf, |m| m.propose_run_value(handle, value))
    }

    fn propose_run_failure(slf: This, handle: u32, failure: &Failure) -> PyResult<()> {
        let failure = failure.to_message();
        with(slf, |m| m.propose_run_failure(handle, failure))
    }

    /// Apply the retry policy to a retryable failure of a run.
    ///
    /// Returns True if the policy gives up: the failure is then proposed as terminal, and the run completes with it.
    /// Returns False if the attempt ended with an Error frame that names the run and the delay.
    #[pyo3(signature = (
        handle, code, message, stacktrace, *, attempt_duration_ms, policy=None, next_retry_delay_ms=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    fn retry_run(
        slf: This,
        handle: u32,
        code: u32,
        message: &str,
        stacktrace: &str,
        attempt_duration_ms: u64,
        policy: Option<&RetryPolicy>,
        next_retry_delay_ms: Option<u64>,
    ) -> PyResult<bool> {
        let failure = RunFailure {
            code,
            message,
            stacktrace,
            attempt_duration_ms,
            next_retry_delay_ms,
        };
        let policy = policy.map(|policy| policy.0);
        with(slf, |m| m.retry_run(handle, failure, policy))
    }

    #[pyo3(signature = (wake_up_time_ms, name=""))]
    fn sleep(slf: This, wake_up_time_ms: u64, name: &str) -> PyResult<u32> {
        with(slf, |m| m.sleep(wake_up_time_ms, name))
    }

    /// Sleep until a time. Return the handle, and the time that counts, which on replay is the recorded one.
    #[pyo3(signature = (wake_up_time_ms, name=""))]
    fn timer(slf: This, wake_up_time_ms: u64, name: &str) -> PyResult<(u32, u64)> {
        with(slf, |m| m.timer(wake_up_time_ms, name))
    }

    /// Return the id and the handle of the next awakeable; nothing is journaled.
    fn awakeable(slf: This) -> PyResult<(String, u32)> {
        with(slf, Machine::awakeable)
    }

    fn signal(slf: This, name: &str) -> PyResult<u32> {
        with(slf, |m| m.signal(name))
    }

    /// Raises InvalidIdError before anything is journaled; a legacy `prom_1` id is rejected.
    #[pyo3(signature = (awakeable_id, value, name=""))]
    fn resolve_awakeable(slf: This, awakeable_id: &str, value: Bytes, name: &str) -> PyResult<()> {
        with(slf, |m| m.resolve_awakeable(awakeable_id, value, name))
    }

    #[pyo3(signature = (awakeable_id, failure, name=""))]
    fn reject_awakeable(
        slf: This,
        awakeable_id: &str,
        failure: &Failure,
        name: &str,
    ) -> PyResult<()> {
        let failure = failure.to_message();
        with(slf, |m| m.reject_awakeable(awakeable_id, failure, name))
    }

    #[pyo3(signature = (invocation_id, signal_name, value, name=""))]
    fn resolve_signal(
        slf: This,
        invocation_id: &str,
        signal_name: &str,
        value: Bytes,
        name: &str,
    ) -> PyResult<()> {
        with(slf, |m| {
            m.resolve_signal(invocation_id, signal_name, value, name)
        })
    }

    #[pyo3(signature = (invocation_id, signal_name, failure, name=""))]
    fn reject_signal(
        slf: This,
        invocation_id: &str,
        signal_name: &str,
        failure: &Failure,
        name: &str,
    ) -> PyResult<()> {
        let failure = failure.to_message();
        with(slf, |m| {
            m.reject_signal(invocation_id, signal_name, failure, name)
        })
    }

    #[pyo3(signature = (invocation_id, name=""))]
    fn cancel_invocation(slf: This, invocation_id: &str, name: &str) -> PyResult<()> {
        with(slf, |m| m.cancel_invocation(invocation_id, name))
    }

    /// Return the value if it is known (None if absent), or the handle of a lazy read.
    #[pyo3(signature = (key, name=""))]
    fn get_state(slf: This, key: &str, name: &str) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        Ok(match with(slf, |m| m.get_state(key, name))? {
            Read::Now(Some(value)) => PyBytes::new(py, &value).into_any().unbind(),
            Read::Now(None) => py.None(),
            Read::Later(handle) => PyInt::new(py, handle).into_any().unbind(),
        })
    }

    #[pyo3(signature = (name=""))]
    fn get_state_keys(slf: This, name: &str) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        Ok(match with(slf, |m| m.get_state_keys(name))? {
            Read::Now(keys) => PyList::new(py, keys)?.into_any().unbind(),
            Read::Later(handle) => PyInt::new(py, handle).into_any().unbind(),
        })
    }

    #[pyo3(signature = (key, value, name=""))]
    fn set_state(slf: This, key: &str, value: Bytes, name: &str) -> PyResult<()> {
        with(slf, |m| m.set_state(key, value, name))
    }

    #[pyo3(signature = (key, name=""))]
    fn clear_state(slf: This, key: &str, name: &str) -> PyResult<()> {
        with(slf, |m| m.clear_state(key, name))
    }

    #[pyo3(signature = (name=""))]
    fn clear_all_state(slf: This, name: &str) -> PyResult<()> {
        with(slf, |m| m.clear_all_state(name))
    }

    #[pyo3(signature = (key, name=""))]
    fn get_promise(slf: This, key: &str, name: &str) -> PyResult<u32> {
        with(slf, |m| m.get_promise(key, name))
    }

    #[pyo3(signature = (key, name=""))]
    fn peek_promise(slf: This, key: &str, name: &str) -> PyResult<u32> {
        with(slf, |m| m.peek_promise(key, name))
    }

    #[pyo3(signature = (key, value, name=""))]
    fn resolve_promise(slf: This, key: &str, value: Bytes, name: &str) -> PyResult<u32> {
        with(slf, |m| m.resolve_promise(key, value, name))
    }

    #[pyo3(signature = (key, failure, name=""))]
    fn reject_promise(slf: This, key: &str, failure: &Failure, name: &str) -> PyResult<u32> {
        let failure = failure.to_message();
        with(slf, |m| m.reject_promise(key, failure, name))
    }

    /// Return the handles of the callee's invocation id and of its result.
    #[pyo3(signature = (
        service, handler, parameter, *, key="", headers=Pairs::new(), idempotency_key=None, scope=None,
        limit_key=None, name=""
    ), text_signature = "($self, service, handler, parameter, *, key='', headers=(), idempotency_key=None, \
scope=None, limit_key=None, name='')")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    fn call(
        slf: This,
        service: &str,
        handler: &str,
        parameter: Bytes,
        key: &str,
        headers: Pairs,
        idempotency_key: Option<String>,
        scope: Option<String>,
        limit_key: Option<String>,
        name: &str,
    ) -> PyResult<(u32, u32)> {
        let options = CallOptions {
            key: key.to_owned(),
            headers,
            idempotency_key,
            scope,
            limit_key,
            name: name.to_owned(),
        };
        with(slf, |m| m.call(service, handler, parameter, options))
    }

    /// Return the handle of the callee's invocation id.
    #[pyo3(signature = (
        service, handler, parameter, *, key="", invoke_time_ms=0, headers=Pairs::new(), idempotency_key=None,
        scope=None, limit_key=None, name=""
    ), text_signature = "($self, service, handler, parameter, *, key='', invoke_time_ms=0, headers=(), \
idempotency_key=None, scope=None, limit_key=None, name='')")]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    fn send(
        slf: This,
        service: &str,
        handler: &str,
        parameter: Bytes,
        key: &str,
        invoke_time_ms: u64,
        headers: Pairs,
        idempotency_key: Option<String>,
        scope: Option<String>,
        limit_key: Option<String>,
        name: &str,
    ) -> PyResult<u32> {
        let options = CallOptions {
            key: key.to_owned(),
            headers,
            idempotency_key,
            scope,
            limit_key,
            name: name.to_owned(),
        };
        with(slf, |m| {
            m.send(service, handler, parameter, invoke_time_ms, options)
        })
    }

    #[pyo3(signature = (invocation_id, name=""))]
    fn attach_invocation(slf: This, invocation_id: String, name: &str) -> PyResult<u32> {
        with(slf, |m| m.attach(Target::Invocation(invocation_id), name))
    }

    /// Write Output and End.
    fn succeed(slf: This, value: Bytes) -> PyResult<()> {
        with(slf, |m| m.succeed(value))
    }

    /// Write Output with a terminal failure, and End.
    fn fail(slf: This, failure: &Failure) -> PyResult<()> {
        let failure = failure.to_message();
        with(slf, |m| m.fail(failure))
    }

    /// Write an Error frame: the attempt failed, and the runtime may retry it. Works in every open state.
    #[pyo3(signature = (code, message, stacktrace="", *, next_retry_delay_ms=None, pause=false))]
    fn retry(
        slf: This,
        code: u32,
        message: &str,
        stacktrace: &str,
        next_retry_delay_ms: Option<u64>,
        pause: bool,
    ) -> PyResult<()> {
        with(slf, |m| {
            m.retry(code, message, stacktrace, next_retry_delay_ms, pause)
        })
    }
}
