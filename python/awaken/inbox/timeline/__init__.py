"""The journal of an invocation as a picture: what it did and waited for, against time.

```
sys_journal, sys_journal_events ─> reading ─> entries, attempts ─> rows (with aims) ─> picture ─> the page
```

Only `reading` asks the runtime; the rest is a function of what it found.
"""
