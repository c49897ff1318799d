"""bot-core: which model may decide right now, who approved it, and on what evidence? The answer is a file in git."""
