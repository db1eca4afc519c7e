"""The terminal: one file a verb. The only room that prints."""
