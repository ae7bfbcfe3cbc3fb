"""The main job, shown live: a handler waits for the outside world, and outlives its process.

`python -m examples.demo` runs on the embedded runtime, with `--server` on the real server. `story` has the steps,
`embedded` and `server` the processes, and `stage` types the commands that a person would type.
"""
