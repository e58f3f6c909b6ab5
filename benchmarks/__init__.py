"""Benchmarks: each stage against a plain path."""
