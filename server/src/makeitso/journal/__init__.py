"""Events to state: the fold, what follows from it, and how it is shown. Pure."""
