"""Programs that write and show TFRecord shards; README.md specifies the format."""
