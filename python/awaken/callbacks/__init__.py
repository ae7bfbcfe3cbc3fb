"""The route behind signed links: it verifies them, shows a question with a form, checks answers, and gives them.

```
browser or program ─> link_route ─> links.verify ─> control.answering ─> a runtime
                          ├─ forms, fields (schema ─> inputs), form_values, submission (what was entered ─> answer)
                          └─ question_view, form_view, page (for people), replies (what became of it)
```

`create_callback_app(...)` is an ASGI application, to be mounted in one of yours; `awaken dev` serves it by itself.
"""

from awaken.callbacks.route import create_callback_app

__all__ = ["create_callback_app"]
