"""The Codex CLI as a program: find it, make a home for it, speak its protocols, use its sandbox.

Facts in the comments of this room were measured with codex-cli 0.163.0 on Linux.
"""
