"""What may identify somebody in a text: found, replaced by codes, listed for a human reader."""
