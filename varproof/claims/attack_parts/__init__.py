"""What several attacks share: ways to make one from a check, from balls or from parts, and drawn objects.

A part is here when two attacks use it, or when it makes an attack on a part of a statement too long for one file.
"""
