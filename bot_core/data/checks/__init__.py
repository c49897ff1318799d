"""What can be wrong with data: one function per finding, a module per family. Each returns what it found, or None."""
