"""The compiled kernel of the polynomial method (extra `fast`): machine code written with llvmlite."""
