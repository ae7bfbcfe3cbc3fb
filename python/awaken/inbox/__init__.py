"""The inbox: pages that show what is waiting for people, let them answer, and draw what each invocation did.

The server renders them from what `Operations` returns. One small script keeps a page current; nothing else needs it.
"""

from awaken.inbox.app import create_inbox

__all__ = ["create_inbox"]
