"""The main job, shown live: a handler waits for the outside world, and outlives the process that waits.

`python -m examples.demo` shows it on the embedded runtime, with `--server` on the real one. `story` is what happens,
`embedded` and `server` are what it happens on, `stage` types the commands a person would type.
"""
