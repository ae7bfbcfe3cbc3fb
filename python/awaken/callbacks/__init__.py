"""The route behind signed links: it verifies them, shows a form, validates answers, and completes awakeables.

```
browser or program ─> route ─> links.verify ─> answers (validate) ─> control.completing ─> a runtime
                        └─ page, forms (for people)
```

`create_callback_app(...)` is an ASGI application, to be mounted in one of yours; `awaken dev` serves it by itself.
"""

from awaken.callbacks.route import create_callback_app

__all__ = ["create_callback_app"]
