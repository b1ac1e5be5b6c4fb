"""Layouts of the threshold lemma for gap Hamming, and their deliberate mistakes."""
