//! The codec: bytes in, messages out.

use awaken_core::wire::{self, Frame, Header, Version};
use bytes::{BufMut, Bytes, BytesMut};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::remote_protocol_error;

/// Return the media type that names this version of the invocation protocol.
///
/// Raises:
///     ValueError: the version is not between MIN_ and MAX_PROTOCOL_VERSION.
#[pyfunction]
pub(crate) fn content_type(version: u32) -> PyResult<&'static str> {
    protocol_version(version).map(Version::content_type)
}

/// The version with this number, or a ValueError.
pub(crate) fn protocol_version(version: u32) -> PyResult<Version> {
    Version::from_number(version).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// One decoded frame.
#[pyclass(frozen, module = "awaken._core")]
pub(crate) struct Message {
    frame: Frame,
    decoded: wire::Message,
}

#[pymethods]
impl Message {
    /// The type code of the header.
    #[getter]
    fn code(&self) -> u16 {
        self.frame.header.code
    }

    /// The name in the message table, for example `Sleep`; empty for an unknown code.
    #[getter]
    fn name(&self) -> &'static str {
        if self.decoded.is_known() {
            self.decoded.name()
        } else {
            ""
        }
    }

    #[getter]
    fn flags(&self) -> u16 {
        self.frame.header.flags.bits()
    }

    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.frame.payload)
    }

    /// Encode the decoded message: header and payload, with fields in ascending order.
    fn encode<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let length = u32::try_from(self.decoded.encoded_len())
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let header = Header {
            length,
            ..self.frame.header
        };
        let mut buffer = BytesMut::new();
        buffer.put_slice(&header.to_bytes());
        self.decoded.encode_raw(&mut buffer);
        Ok(PyBytes::new(py, &buffer))
    }

    fn __repr__(&self) -> String {
        format!(
            "Message({:#06X} {}, {} bytes)",
            self.frame.header.code,
            self.decoded.name(),
            self.frame.payload.len()
        )
    }
}

/// Turns bytes into messages.
#[pyclass(module = "awaken._core")]
pub(crate) struct Decoder {
    frames: wire::Decoder,
    /// The error of the first payload that cannot be decoded; decoding ends there.
    error: Option<awaken_core::Error>,
}

#[pymethods]
impl Decoder {
    #[new]
    #[pyo3(signature = (*, max_message_size=wire::DEFAULT_MAX_MESSAGE_SIZE))]
    fn new(max_message_size: usize) -> Self {
        Self {
            frames: wire::Decoder::new(max_message_size),
            error: None,
        }
    }

    fn receive(&mut self, data: Bytes) {
        if self.error.is_none() {
            self.frames.receive(data);
        }
    }

    /// Return the next complete message, or None if more bytes are needed.
    ///
    /// Raises:
    ///     RemoteProtocolError: unknown code, invalid protobuf, or a frame above the size limit.
    fn take_message(slf: &Bound<'_, Self>) -> PyResult<Option<Message>> {
        let taken = slf.borrow_mut().take();
        taken.map_err(|error| remote_protocol_error(&error))
    }
}

impl Decoder {
    fn take(&mut self) -> awaken_core::Result<Option<Message>> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let Some(frame) = self.frames.take_frame()? else {
            return Ok(None);
        };
        match frame.decode() {
            Ok(decoded) => Ok(Some(Message { frame, decoded })),
            Err(error) => Err(self.error.insert(error).clone()),
        }
    }
}
