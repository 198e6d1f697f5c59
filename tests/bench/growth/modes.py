"""How the hop with a history is told apart in the book: the report reads it in another environment."""

OLD_SNAPSHOT = "an old snapshot held open"
NO_SNAPSHOT = "none held open"

HEALING = "healing: a hundred lost"
AT_REST = "at rest"
DATABASES = "databases"
