"""The command line: `boundary` is the single place where errors become text; one file per command."""
