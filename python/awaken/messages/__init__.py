"""What people are told about an approval: the text and the HTML of its messages. Nothing here sends them.

```
ctx.approve ─> compose_message ─> ApprovalMessage ─> notify (awaken.notify, or any callable)
```
"""

from awaken.messages.composing import compose_message

__all__ = ["compose_message"]
