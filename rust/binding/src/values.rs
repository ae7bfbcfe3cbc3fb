//! Values in both languages: failures, policies, inputs and results.

use awaken_core::endpoint;
use awaken_core::journal::Outcome;
use awaken_core::wire::generated as pb;
use pyo3::PyTypeInfo;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

/// A terminal error on the wire; metadata needs protocol version 6.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct Failure {
    #[pyo3(get)]
    code: u32,
    #[pyo3(get)]
    message: String,
    #[pyo3(get)]
    metadata: Vec<(String, String)>,
}

#[pymethods]
impl Failure {
    #[new]
    #[pyo3(
        signature = (code, message, metadata=Vec::new()),
        text_signature = "(code, message, metadata=())",
    )]
    fn new(code: u32, message: String, metadata: Vec<(String, String)>) -> Self {
        Self {
            code,
            message,
            metadata,
        }
    }

    fn __repr__(&self) -> String {
        if self.metadata.is_empty() {
            return format!("Failure({}, {:?})", self.code, self.message);
        }
        format!(
            "Failure({}, {:?}, {:?})",
            self.code, self.message, self.metadata
        )
    }
}

impl Failure {
    pub(crate) fn to_message(&self) -> pb::Failure {
        pb::Failure {
            code: self.code,
            message: self.message.clone(),
            metadata: self
                .metadata
                .iter()
                .map(|(key, value)| pb::FailureMetadata {
                    key: key.clone(),
                    value: value.clone(),
                })
                .collect(),
        }
    }
}

impl From<pb::Failure> for Failure {
    fn from(failure: pb::Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message,
            metadata: failure
                .metadata
                .into_iter()
                .map(|pair| (pair.key, pair.value))
                .collect(),
        }
    }
}

/// When a failing run is retried. None means no bound, or the default of the field (durations in ms).
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct RetryPolicy(pub(crate) endpoint::RetryPolicy);

#[pymethods]
impl RetryPolicy {
    #[new]
    #[pyo3(signature = (
        *,
        initial_interval_ms=None,
        factor=None,
        max_interval_ms=None,
        max_attempts=None,
        max_duration_ms=None,
    ))]
    fn new(
        initial_interval_ms: Option<u64>,
        factor: Option<f64>,
        max_interval_ms: Option<u64>,
        max_attempts: Option<u32>,
        max_duration_ms: Option<u64>,
    ) -> Self {
        Self(endpoint::RetryPolicy {
            initial_interval_ms,
            factor,
            max_interval_ms,
            max_attempts,
            max_duration_ms,
        })
    }
}

/// The input of the handler, and facts about this attempt.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct Input {
    invocation_id: Box<str>,
    headers: Packed,
    #[pyo3(get)]
    body: Py<PyBytes>,
    #[pyo3(get)]
    random_seed: u64,
    #[pyo3(get)]
    retry_count: u32,
    /// What many invocations do not have.
    named: Option<Box<Named>>,
}

#[derive(Default, PartialEq)]
struct Named {
    key: String,
    scope: Option<String>,
    limit_key: Option<String>,
    idempotency_key: Option<String>,
}

#[pymethods]
impl Input {
    #[getter]
    fn invocation_id(&self) -> &str {
        &self.invocation_id
    }

    /// Key of the object or workflow, else empty.
    #[getter]
    fn key(&self) -> &str {
        self.named.as_ref().map_or("", |named| &named.key)
    }

    #[getter]
    fn scope(&self) -> Option<&str> {
        self.named.as_ref()?.scope.as_deref()
    }

    #[getter]
    fn limit_key(&self) -> Option<&str> {
        self.named.as_ref()?.limit_key.as_deref()
    }

    #[getter]
    fn idempotency_key(&self) -> Option<&str> {
        self.named.as_ref()?.idempotency_key.as_deref()
    }

    /// Request headers in order.
    #[getter]
    fn headers(&self) -> Vec<(&str, &str)> {
        self.headers.pairs()
    }
}

/// Pairs of strings in one allocation for their text: few handlers ask for their headers, and all hold them.
struct Packed {
    text: Box<str>,
    /// Where each string ends.
    ends: Box<[usize]>,
}

impl Packed {
    fn new(pairs: &[(String, String)]) -> Self {
        let mut text = String::with_capacity(pairs.iter().map(|(a, b)| a.len() + b.len()).sum());
        let mut ends = Vec::with_capacity(2 * pairs.len());
        for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
            text.push_str(part);
            ends.push(text.len());
        }
        Self {
            text: text.into_boxed_str(),
            ends: ends.into_boxed_slice(),
        }
    }

    fn pairs(&self) -> Vec<(&str, &str)> {
        let mut begin = 0;
        let mut parts = self.ends.iter().map(|end| {
            let part = self.text.get(begin..*end).unwrap_or_default();
            begin = *end;
            part
        });
        let mut pairs = Vec::with_capacity(self.ends.len() / 2);
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            pairs.push((name, value));
        }
        pairs
    }
}

impl Input {
    pub(crate) fn new(py: Python<'_>, input: endpoint::Input) -> Self {
        let named = Named {
            key: input.key,
            scope: input.scope,
            limit_key: input.limit_key,
            idempotency_key: input.idempotency_key,
        };
        Self {
            invocation_id: input.invocation_id.into_boxed_str(),
            headers: Packed::new(&input.headers),
            body: PyBytes::new(py, &input.body).unbind(),
            random_seed: input.random_seed,
            retry_count: input.retry_count,
            named: (named != Named::default()).then(|| Box::new(named)),
        }
    }
}

/// Converts a result to `None`, `bytes`, `str`, `list` or `Failure`.
pub(crate) fn outcome_to_python(py: Python<'_>, outcome: Outcome) -> PyResult<Py<PyAny>> {
    Ok(match outcome {
        Outcome::Void => py.None(),
        Outcome::Value(value) => PyBytes::new(py, &value).into_any().unbind(),
        Outcome::Failure(failure) => Py::new(py, Failure::from(*failure))?.into_any(),
        Outcome::InvocationId(id) => PyString::new(py, &id).into_any().unbind(),
        Outcome::StateKeys(keys) => PyList::new(py, keys)?.into_any().unbind(),
    })
}

/// Converts a result from `None`, `bytes`, `str`, `list` or `Failure`.
pub(crate) fn outcome_from_python(result: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    if result.is_none() {
        return Ok(Outcome::Void);
    }
    if result.is_instance_of::<PyBytes>() {
        return Ok(Outcome::Value(result.extract()?));
    }
    if let Ok(failure) = result.cast::<Failure>() {
        return Ok(Outcome::Failure(Box::new(failure.get().to_message())));
    }
    if result.is_instance_of::<PyString>() {
        return Ok(Outcome::InvocationId(result.extract()?));
    }
    if result.is_instance_of::<PyList>() {
        return Ok(Outcome::StateKeys(result.extract()?));
    }
    Err(PyTypeError::new_err(format!(
        "a result is None, bytes, str, list or Failure, not {}",
        result.get_type().name()?
    )))
}

/// The union of all results.
pub(crate) fn result_type(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let text = py.get_type::<PyString>();
    let texts = py.get_type::<PyList>().get_item(&text)?;
    py.get_type::<PyBytes>()
        .bitor(text)?
        .bitor(texts)?
        .bitor(Failure::type_object(py))?
        .bitor(py.None())
}

/// Bytes of a header as text: each byte is a character (RFC 9110, section 5.5).
pub(crate) fn latin1<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => PyString::new(py, text),
        _ => PyString::new(
            py,
            &bytes
                .iter()
                .map(|&byte| char::from(byte))
                .collect::<String>(),
        ),
    }
}
