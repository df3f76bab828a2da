"""What is done with a file or stream: coding it, meeting a bitrate, telling what it holds, editing it."""
