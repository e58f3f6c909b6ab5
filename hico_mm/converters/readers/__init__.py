"""The built-in readers of recordings, one module for each format."""
