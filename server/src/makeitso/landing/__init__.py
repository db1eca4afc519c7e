"""Accepted hunks into the workspace: merge, editor, journalled transaction."""
