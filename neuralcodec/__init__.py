"""A neural speech codec that people install: pretrained bitrate presets for 16 kHz speech."""
