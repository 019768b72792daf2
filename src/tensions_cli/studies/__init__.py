"""What one asks of a tagged corpus: comparison, report, extracts. Only these modules know the order of statistics."""
