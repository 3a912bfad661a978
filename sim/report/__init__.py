"""What a run found: as a record, as Markdown, and as the one JSON object of `--json`."""
