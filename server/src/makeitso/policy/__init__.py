"""What is allowed, what must be asked, what must not be seen. Pure."""
