"""One file per step of a run. Each records what it decides before it acts, and can be repeated."""
