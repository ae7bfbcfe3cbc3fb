"""Puts endpoints and the embedded runtime on the network: servers, worker processes, `awaken dev` in one process."""
