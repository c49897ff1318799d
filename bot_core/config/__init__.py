"""Typed configuration: what `conf/` may say, and reading what was composed from it."""
