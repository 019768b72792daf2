"""The report: one page, a workbook, or Markdown."""
