"""The demo's own material: a sample repository with a failing test, and what its model says."""
