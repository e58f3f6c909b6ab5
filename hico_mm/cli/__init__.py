"""The command lines: one module for each, with ``main(argv) -> exit status``."""
