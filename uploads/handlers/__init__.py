"""Upload handlers, one decision each."""
