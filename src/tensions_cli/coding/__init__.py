"""Codes that come back from people and from other tools: files of codes → `ReadCodings`."""
