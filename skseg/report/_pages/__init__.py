"""The pages of the report: what each tab shows, as plain data for its template."""
