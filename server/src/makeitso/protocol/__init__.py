"""The contract: every message on the wire, every stored record, and the table of `mis/*` methods.

Pure data. JSON Schema, `protocol/methods.md` and the TypeScript types are generated from here.
Instants are `*_at`, integer Unix milliseconds, UTC; durations `*_s` or `*_ms`; sizes `*_bytes`.
"""
