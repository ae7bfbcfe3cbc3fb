"""The documentation site: `python -m scripts.docs build` and `serve`; `make docs` and `make docs-serve`.

```
docs/ ──────> staging.py ──> .site/docs ──> zensical ──> site/ ──> checking.py
repository's own pages ─┘                                  └─ llms.py
docs/reference <── reference/ <── docstrings, the command line, settings, APIs, errors
```
"""
