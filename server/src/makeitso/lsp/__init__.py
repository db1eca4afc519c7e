"""The language server: every feature one file, and the only place that knows pygls."""
