"""Names of the hop's measurements on a large database in the tally; the report reads them in another environment."""

OLD_SNAPSHOT = "an old snapshot held open"
NO_SNAPSHOT = "none held open"

HEALING = "healing: a hundred lost"
AT_REST = "at rest"
DATABASES = "databases"
