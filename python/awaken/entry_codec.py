"""The official SDK's name for `awaken.serde.journal_codec`."""

from awaken.serde.journal_codec import JournalValueCodec, JournalValueCodecProvider

__all__ = ["JournalValueCodec", "JournalValueCodecProvider"]
