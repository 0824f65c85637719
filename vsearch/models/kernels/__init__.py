"""C sources of what torch has no single operation for, and the library that they are compiled to."""
