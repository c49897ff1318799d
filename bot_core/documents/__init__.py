"""Documents are the wires: one frozen type per kind, one file per kind, a versioned `schema` field in each.

Nothing here does I/O. `bot_core._parse` reads and writes them; `docs/schemas/` is generated from them.
"""
