"""What was earned and how: sums, tables, CSV and HTML from executions, funding payments and equity samples."""
