"""Store: the SQL that changes or locks rows, and the files of documents."""
