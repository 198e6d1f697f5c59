"""French words and tones of the states of pacts and actions."""

from typing import Final

from services.qualification.reads.pact_views import STATE_LABELS

PACT_STATE: Final = {
    state: (label, tone)
    for (state, label), tone in zip(STATE_LABELS.items(), ("waiting", "running", "running", "done"), strict=True)
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

STEPS: Final = {
    "preparing": "Parties",
    "diagnosis": "Diagnostic",
    "planning": "Plan d’action",
    "signed": "Suivi",
}
"""State → the step of the pact's life at which it is."""

EXPECTED: Final = {
    "preparing": (
        "Écrire le diagnostic partagé",
        "Atouts, faiblesses et indicateurs du territoire\u00a0: chaque partie devra ensuite l’approuver.",
    ),
    "diagnosis": (
        "Approuver le diagnostic",
        "Le plan s’ouvre quand toutes les parties ont approuvé. Si le diagnostic change, chacune approuve de nouveau.",
    ),
    "planning": (
        "Compléter le plan d’action, puis le signer",
        "La première signature fige le diagnostic et les actions. Le suivi commence à la dernière.",
    ),
    "signed": (
        "Suivre les actions",
        "Faites le point à chaque étape, et une revue avec toutes les parties chaque année.",
    ),
}
"""What is expected now, in a line and a sentence."""

EXPECTED_OF_PARTY: Final = {
    "agreements": "Dites si votre collectivité ou votre organisme approuve le diagnostic partagé",
    "signatures": "Lisez le plan d’action, puis signez le pacte",
    "progress": "Faites le point sur vos actions, aussi souvent qu’elles avancent",
}
"""What a party may do by its link → what it is asked for, in a line."""
