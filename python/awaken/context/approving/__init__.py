"""What `ctx.approve` does: it asks people, waits for their answers and for time, and tells everyone what became of it.

```
arguments.py ─> plan.py ─> journal ─> asking.py <─> messages.py
 (checks)       (what counts from then on)  └─> outcome.py
```

What the first attempt planned is in the journal, and every later attempt goes by that: a deploy that changes the list
of people, or a clock that has moved on, does not change an approval that waits.
"""

from awaken.context.approving.arguments import Arguments
from awaken.context.approving.asking import ask

__all__ = ["Arguments", "ask"]
