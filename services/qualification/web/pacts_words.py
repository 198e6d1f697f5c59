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
    "ready": "Signatures",
    "signed": "Suivi",
}
"""State → the step of the pact's life at which it is; a plan that is ready waits for signatures."""

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
        "Établir le plan d’action",
        (
            "Choisissez pour chaque action qui la porte, qui la paie et son échéance. Quand le plan est complet, "
            "déclarez-le prêt\u00a0: chaque partie est alors invitée à signer."
        ),
    ),
    "ready": (
        "Recueillir les signatures",
        (
            "Le plan ne change plus. Tant que personne n’a signé, vous pouvez le reprendre\u00a0; ensuite, toute "
            "correction passe par une nouvelle version."
        ),
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

FIELD_LABELS: Final = {
    "title": "Intitulé",
    "departement": "Département",
    "party": "Partie",
    "name": "Nom",
    "kind": "Nature",
    "code": "Code Insee ou Siren",
    "email": "Adresse électronique",
    "strengths": "Atouts",
    "weaknesses": "Faiblesses",
    "value": "Valeur",
    "source": "Source",
    "owner": "Porteur",
    "partners": "Partenaires",
    "budget_cents": "Budget",
    "amount_cents": "Montant",
    "other": "Autre financeur",
    "due_on": "Échéance",
    "indicator": "Indicateur",
    "on": "Date",
    "function": "Fonction",
    "authority": "Habilitation",
    "confirmed": "Confirmation",
    "action_id": "Action",
    "percent": "Avancement",
    "status": "Statut",
    "comment": "Commentaire",
    "held_on": "Revue tenue le",
    "summary": "Ce que les parties ont conclu",
}
"""Last part of the name of a form's field → what it is called, in the summary of errors and where text comes back."""
