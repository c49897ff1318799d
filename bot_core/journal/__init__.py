"""The primitive under everything that records: a hash chain in a file, appended under a lock, with heads that prove its end."""
