"""The stages of `benchmark.py`: each against a plain path."""
