"""What an approval is, for both sides of it: the handler that asks, and the doors through which people answer.

```
ctx.approve ─> ApprovalFacts, ApprovalDocument ─> journal ─> doors: link, inbox, Slack, API ─> Answered ─> journal
ctx.approve <─ Tally <─ tally <─ Answered <─ journal
```

Nothing here reads a journal, a clock or a network: doors and handlers come to the same decision from the same answers.
"""

from awaken.approvals.answered import Answered, Via, is_answered, read_answered, write_answered
from awaken.approvals.document import ApprovalDocument
from awaken.approvals.facts import ApprovalFacts, Escalation
from awaken.approvals.message import ApprovalLink, ApprovalMessage
from awaken.approvals.tally import (
    Refusal,
    Tally,
    approves,
    describe_refusal,
    find_refusal,
    read_verdict,
    tally,
)
from awaken.approvals.verdict import Approval, Verdict, VerdictAnswer

__all__ = [
    "Answered",
    "Approval",
    "ApprovalDocument",
    "ApprovalFacts",
    "ApprovalLink",
    "ApprovalMessage",
    "Escalation",
    "Refusal",
    "Tally",
    "Verdict",
    "VerdictAnswer",
    "Via",
    "approves",
    "describe_refusal",
    "find_refusal",
    "is_answered",
    "read_answered",
    "read_verdict",
    "tally",
    "write_answered",
]
