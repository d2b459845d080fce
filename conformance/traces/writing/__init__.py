"""What a program writes: records, joined to steps, and the numbers in them."""
