"""Watching a worker's turn: stalls, danger, loops and floods, and what stops them."""
