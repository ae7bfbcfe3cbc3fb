//! What an engine and the invocations on its streams share.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use awaken_http2::ServerEngine;
use pyo3::prelude::*;

/// The engine of a connection and the invocations on its streams, which refer to it in turn.
pub(super) struct Connection<Invocation> {
    pub(super) engine: ServerEngine,
    /// Those whose response has not ended, by stream.
    pub(super) live: HashMap<u32, Py<Invocation>>,
    /// The streams whose response has ended since they were last asked for, and whose request has not.
    pub(super) finished: HashSet<u32>,
    /// Whether a response or its request has ended, or an invocation was lost, since that was last asked for.
    pub(super) is_active: bool,
    /// Whether the socket takes no bytes.
    pub(super) is_paused: bool,
    /// The streams that wait for the socket.
    pub(super) waiting: BTreeSet<u32>,
    /// Called when there is output, once until it is taken.
    on_output: Option<Py<PyAny>>,
    is_output_noted: bool,
}

/// A connection, as its streams share it. It is never locked while Python code may run, and that includes the end of
/// Python objects.
pub(super) struct Shared<Invocation>(Arc<Mutex<Connection<Invocation>>>);

impl<Invocation> Clone for Shared<Invocation> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Invocation> Shared<Invocation> {
    pub(super) fn new(engine: ServerEngine) -> Self {
        Self(Arc::new(Mutex::new(Connection {
            engine,
            live: HashMap::new(),
            finished: HashSet::new(),
            is_active: false,
            is_paused: false,
            waiting: BTreeSet::new(),
            on_output: None,
            is_output_noted: false,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Connection<Invocation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_on_output(&self, on_output: Py<PyAny>) {
        let replaced = self.lock().on_output.replace(on_output);
        drop(replaced);
    }

    /// Says no more that there is output. What is called refers to the engine, and nothing else would end the cycle.
    pub(super) fn silence(&self) {
        let dropped = self.lock().on_output.take();
        drop(dropped);
    }

    /// Takes bytes for the network.
    pub(super) fn take_output(&self) -> Vec<u8> {
        let mut connection = self.lock();
        connection.is_output_noted = false;
        connection.engine.take_output()
    }

    /// Says that there is output.
    pub(super) fn note_output(&self, py: Python<'_>) -> PyResult<()> {
        let on_output = {
            let mut connection = self.lock();
            if std::mem::replace(&mut connection.is_output_noted, true) {
                return Ok(());
            }
            connection.on_output.as_ref().map(|call| call.clone_ref(py))
        };
        match on_output {
            Some(call) => call.call0(py).map(drop),
            None => Ok(()),
        }
    }
}
