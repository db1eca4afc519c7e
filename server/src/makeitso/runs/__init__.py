"""Runs: the scheduler, and one file per step. Sees ports, never an adapter."""
