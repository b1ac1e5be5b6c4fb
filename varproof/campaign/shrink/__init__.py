"""Makes a confirmed violation small: simpler points first, then fewer and rounder numbers."""
