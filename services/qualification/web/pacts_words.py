"""What people read for the wire values of pacts."""

from typing import Final

PACT_STATE: Final = {
    "preparing": ("En préparation", "waiting"),
    "diagnosis": ("Diagnostic à approuver", "running"),
    "planning": ("Plan d’action à signer", "running"),
    "signed": ("Signé", "done"),
}
"""State → its words and its tone."""

ACTION_STATUS: Final = {
    "planned": ("Prévue", "waiting"),
    "under_way": ("En cours", "running"),
    "done": ("Réalisée", "done"),
    "given_up": ("Abandonnée", "refused"),
}
"""Status of an action → its words and its tone."""

PARTY_KIND: Final = {
    "state": "État",
    "commune": "Commune",
    "epci": "Intercommunalité (EPCI)",
    "departement": "Conseil départemental",
    "region": "Conseil régional",
    "priority": "Territoire prioritaire d’intervention",
    "public_body": "Établissement public",
    "association": "Association",
    "company": "Entreprise",
    "other": "Autre",
}
