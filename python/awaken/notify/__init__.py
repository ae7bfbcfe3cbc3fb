"""Ways to tell people about approvals: pass one to `ctx.approve(notify=...)`. Any other callable will do as well.

```
ctx.approve ─> ApprovalMessage ─> Email ─> an SMTP server
                              └─> Slack ─> Slack's Web API ─> buttons ─> awaken.callbacks
```

Each is called inside a run, once for each person and message. What it raises is retried, unless it is a terminal error.
"""

from awaken.notify.mail import Email
from awaken.notify.slack import Slack

__all__ = ["Email", "Slack"]
