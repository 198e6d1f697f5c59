"""The faults, by what they affect; `table.py` lists them."""
