"""The data sources, contracts and quality checks."""
