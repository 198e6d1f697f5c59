"""Store of operations: the record of operators' actions."""
