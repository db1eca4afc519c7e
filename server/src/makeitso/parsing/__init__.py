"""Output of workers and tools becomes records: framing, pattern library, engine, locations.

Pure: bytes in, records and misses out. No IO, no clock. Nothing here depends on how the bytes were
cut into chunks, and nothing here raises for what the bytes contain.
"""
