"""What all pages for people share: templates, one look for light and dark, and text from outside made safe to show.

```
callbacks, inbox ─> create_environment ─> templates/layout.html, components.html ─> HTML
                        ├─ render_markdown, read_data (a table), times
                        └─ stylesheet ─> static/theme.css, with the colour of the operator's settings
```

The head of `static/theme.css` lists the classes. Templates say `{% extends "pages/layout.html" %}` and
`{% import "pages/components.html" as ui %}`.
"""

from awaken.pages.branding import Branding, branding_from_environment
from awaken.pages.data_table import Cell, CellKind, read_data
from awaken.pages.environment import create_environment
from awaken.pages.markdown import render_markdown
from awaken.pages.stylesheet import hash_of_style, stylesheet
from awaken.pages.times import describe_age, describe_moment, describe_span

__all__ = [
    "Branding",
    "Cell",
    "CellKind",
    "branding_from_environment",
    "create_environment",
    "describe_age",
    "describe_moment",
    "describe_span",
    "hash_of_style",
    "read_data",
    "render_markdown",
    "stylesheet",
]
