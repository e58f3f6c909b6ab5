"""Benchmarks: each stage compared with a plain implementation."""
