"""Workers: who carries out a task in a worktree. `port` is what runs see; the rest are adapters."""
