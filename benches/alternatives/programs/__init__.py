"""What runs in the environments of the systems: applications, and programs that call them."""
