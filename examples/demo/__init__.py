"""The main job, shown live: a handler waits for the outside world, and outlives its process.

`python -m examples.demo` uses the embedded runtime, or the real server with `--server`. `story` has the steps,
`embedded` and `server` have the processes, and `stage` types the commands as a person would.
"""
