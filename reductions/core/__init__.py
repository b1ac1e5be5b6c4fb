"""What a problem, a reduction and an answer are: the types that every rule and every search is written with."""
