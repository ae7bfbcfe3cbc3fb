"""The inbox: pages that show what waits for people, let them answer, and draw what each invocation did.

Rendered here, from what the admin API tells; one style sheet and one small script, which only keeps a page current.
"""

from awaken.inbox.app import create_inbox

__all__ = ["create_inbox"]
