"""Converters from raw files to MMAction2's skeleton annotation."""
