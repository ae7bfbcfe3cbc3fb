"""Puts endpoints and the embedded runtime on the network, and ties them to their process.

For an endpoint, `serve` opens a port until a signal ends the process, with `event_loop` and `signal_handler`, and
`workers` shares the port among processes. For the embedded runtime, `embedded` is the runtime with the applications of
this process, which `dialers` finds by name; `runtime_server` opens its ingress and its admin API over `http_server`,
and `event_lines` prints what happens to its invocations.

Both print through `display`, so that nobody who reads the output holds up the process: `log_lines` what is logged, and
`documents` what is printed for programs.
"""
