"""The program's long functions, cut into the small ones that mistakes replace.

Each long function here computes bit for bit what the function of the same name in `reference`
does. A patch replaces some of its small functions, and so combines with patches of the others.
"""
