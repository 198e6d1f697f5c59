"""Actions on webhook subscriptions: one row for each, from which its form and its API call are made."""

import re
from typing import Final
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from services.notifications.reads import webhooks
from services.notifications.reads.webhooks import WebhookWithSecretView
from services.notifications.usecases import subscriptions
from services.notifications.usecases.subscriptions import Subscribe
from services.notifications.web.context import AgentContext
from shared.commands import NoBody, Nothing
from shared.db import Reader
from shared.web.actions import Action, Answer


class SubscribeForm(Subscribe):
    """The form of a new subscription: départements as they are typed, such as `95, 78`, and events in three groups."""

    intake: list[str] = Field(default_factory=list, max_length=100)
    qualification: list[str] = Field(default_factory=list, max_length=100)
    escalation: list[str] = Field(default_factory=list, max_length=100)

    @field_validator("departements", mode="before")
    @classmethod
    def _listed(cls, typed: list[str]) -> list[str]:
        return [code.upper() for text in typed for code in re.split(r"[\s,;]+", text[:500]) if code]

    @model_validator(mode="after")
    def _together(self) -> "SubscribeForm":
        self.types = [*self.intake, *self.qualification, *self.escalation]
        return self


async def _with_secret(context: AgentContext, reader: Reader, webhook_id: UUID) -> WebhookWithSecretView:
    found = await webhooks.webhook(reader, webhook_id, context.agent)
    secrets = context.parts.secrets
    if secrets is None:
        raise subscriptions.NoWebhooksHere
    return WebhookWithSecretView(**dict(found), secret=secrets.of(webhook_id, found.secret_generation))


async def _with_new_secret(context: AgentContext, reader: Reader, _: object, webhook_id: UUID) -> WebhookWithSecretView:
    return await _with_secret(context, reader, webhook_id)


ON_WEBHOOKS: Final = (
    Action(
        "subscribe",
        subscriptions.Subscribe,
        subscriptions.subscribe,
        path="",
        label="Ouvrir l’abonnement",
        form=SubscribeForm,
        done="L’abonnement est ouvert. Montrez-en le secret et donnez-le au partenaire par une voie sûre.",
        then="/abonnements/{created}",
        creates=True,
        address="",
        answer=Answer(WebhookWithSecretView, _with_secret),
    ),
)
ON_A_WEBHOOK: Final = (
    Action(
        "suspend",
        Nothing,
        subscriptions.suspend,
        path="suspension",
        label="Suspendre",
        done="L’abonnement est suspendu. Rien n’est perdu : l’envoi reprendra où il en est.",
        address="suspension",
    ),
    Action(
        "resume",
        Nothing,
        subscriptions.resume,
        path="reprise",
        label="Reprendre l’envoi maintenant",
        done="L’envoi reprend.",
        address="resumption",
    ),
    Action(
        "replay",
        subscriptions.Replay,
        subscriptions.replay,
        path="renvoi",
        label="Envoyer de nouveau",
        done="L’envoi repart de là. Le partenaire reconnaît à leur identifiant les événements qu’il a déjà.",
    ),
    Action(
        "send_test",
        Nothing,
        subscriptions.send_test,
        path="essai",
        label="Envoyer un événement d’essai",
        done=(
            "Un événement d’essai part maintenant. Rechargez cette page dans quelques secondes : son résultat est en "
            "tête."
        ),
        address="test",
        status=202,
    ),
    Action(
        "renew_secret",
        Nothing,
        subscriptions.renew_secret,
        path="secret",
        label="Changer le secret",
        done="Le secret est changé. L’ancien signe encore pendant un jour, à côté du nouveau.",
        address="secret",
        answer=Answer(WebhookWithSecretView, _with_new_secret),
    ),
    Action(
        "end",
        NoBody,
        subscriptions.end,
        path="fin",
        label="Terminer pour toujours",
        done="L’abonnement est terminé.",
        method="DELETE",
        address="",
    ),
)
