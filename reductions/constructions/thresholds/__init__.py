"""Inner products and gap Hamming by the threshold lemma: layouts, images, look-ups, deliberate mistakes."""
