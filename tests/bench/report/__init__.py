"""The report on the tally: tables and drawings, with every aim and whether it was met."""
