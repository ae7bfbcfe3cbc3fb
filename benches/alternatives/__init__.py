"""awaken beside other systems for durable work, each as its own documentation serves and calls it."""
