"""Pages and pictures from documents. Pure: documents in, text out; no file, no clock, no network."""
