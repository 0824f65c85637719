"""Reports and pages: what stands in them, as HTML, Markdown, JSON and CSV."""
