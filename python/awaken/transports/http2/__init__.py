"""The HTTP/2 engines that both ends use: frames and streams, no sockets."""
