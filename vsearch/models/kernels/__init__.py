"""C and Triton sources of what torch has no single operation for, and the library that the C is compiled to."""
