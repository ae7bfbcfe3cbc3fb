"""Signed links, which handlers hand out: anyone who opens one can complete its awakeable, and nothing else.

```
context.callback ─> Link ─> LinkSigner.sign ─> URL ─> mail, chat ─> browser or program ─> callbacks.route
```
"""

from awaken.links.link import BadLinkError, Link
from awaken.links.settings import CallbackSettings, configure_callbacks, configured_settings, current_settings
from awaken.links.signing import LinkSigner, read_keys
from awaken.links.types import (
    add_type_module,
    find_type,
    import_type,
    name_of_type,
    register_callback_type,
)

__all__ = [
    "BadLinkError",
    "CallbackSettings",
    "Link",
    "LinkSigner",
    "add_type_module",
    "configure_callbacks",
    "configured_settings",
    "current_settings",
    "find_type",
    "import_type",
    "name_of_type",
    "read_keys",
    "register_callback_type",
]
