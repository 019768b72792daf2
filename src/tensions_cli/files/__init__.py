"""Bytes of files before anyone knows what they mean: encodings, containers, XML."""
