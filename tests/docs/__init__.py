"""Every block of every page is run or checked. `python -m tests.docs PAGE` runs one page and shows what differs.

```
page.py ─ blocks ─> runner.py ─> folder.py    files that a page writes, copies and shows in part
                              ─> modules.py   untitled Python, executed in a process of its own
                              ─> session.py   one bash, in which a page's commands are typed
                              ─> shapes.py    what is printed, compared with what is shown
                              ─> formats.py   shell scripts, JSON, YAML and TOML
                    typed.py  ─> mypy, once for all pages
```

What a page may contain is described in CONTRIBUTING.md, "Write a page".
"""
