"""Prometheus metrics of documents."""

from prometheus_client import Counter, Gauge

UNKNOWN_FILES = Gauge(
    "cousu_documents_unknown_files",
    "Files that no row claims, while the folder of documents knows more than the database; 0 when it does not",
)

INFECTED = Counter(
    "cousu_documents_infected", "Files in which the antivirus found something; they lie in the quarantine"
)
