"""The report: what is in the book, as tables and drawings, with every aim beside what was measured."""
