"""Files, streams and folders: what is read is open once, what is written is there completely or not at all."""
