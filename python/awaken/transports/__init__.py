"""The network and nothing else: every transport turns a request into an `awaken.exchange.Exchange`."""
