"""The rounds of a task: an instruction, the worker's turn, its evidence, the manager's word."""
