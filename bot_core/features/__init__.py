"""Features and targets: a history or a stream of bars becomes what models read; event tables pass through."""
