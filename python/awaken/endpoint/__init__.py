"""An exchange in, a handler run, an exchange out."""
