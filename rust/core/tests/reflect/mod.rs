//! Messages by descriptor: a second opinion on the typed messages, read from the `.proto` file itself.

use std::path::Path;
use std::sync::LazyLock;

use awaken_core::wire::message::name_of;
use prost_reflect::{DescriptorPool, MessageDescriptor};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let set = protox::compile(["awaken/service/protocol.proto"], [proto]).unwrap();
    DescriptorPool::from_file_descriptor_set(set).unwrap()
});

/// The kind of a type code in the message table: "control", "command" or "notification".
pub(crate) fn kind_of(code: u16) -> &'static str {
    match code {
        ..0x0400 => "control",
        0x0400..0x8000 => "command",
        0x8000.. => "notification",
    }
}

/// The descriptor of the message with this type code.
pub(crate) fn descriptor(code: u16) -> MessageDescriptor {
    let name = match kind_of(code) {
        "control" => name_of(code).to_owned(),
        "command" => format!("{}Command", name_of(code)),
        _ => "Notification".to_owned(),
    };
    POOL.get_message_by_name(&format!("awaken.service.{name}"))
        .unwrap()
}
