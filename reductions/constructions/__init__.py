"""What rules are built from, by theme: images, decoding, structure, deliberate mistakes. The rules are in `rules`."""
