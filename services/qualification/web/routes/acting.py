"""The buttons and short forms of a case's page: each does one thing, once, and comes back to the page."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import BaseModel

from services.qualification.usecases import conversing, deciding, examining, orienting
from services.qualification.web import forms
from services.qualification.web.routes.case import case_page
from services.qualification.web.visit import Visit
from shared import clock
from shared.db import Transaction
from shared.web.forms import Form, read_form

Model = TypeVar("Model", bound=BaseModel)
CASE = "/demandes/{request_id:uuid}"


@post(f"{CASE}/affectation")
async def assign(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Give the case to an agent."""

    async def act(tx: Transaction, form: forms.AssignmentForm) -> object:
        return await examining.assign(tx, request_id, email=form.email, by=visit.agent)

    return await _do(visit, request_id, forms.AssignmentForm, act, "Le responsable du dossier est enregistré.")


@post(f"{CASE}/examen")
async def start_examination(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Begin the examination, or go on with it."""

    async def act(tx: Transaction, _: forms.EmptyForm) -> object:
        return await examining.start_examination(tx, request_id, by=visit.agent, at=clock.now(), rules=visit.desk.rules)

    return await _do(visit, request_id, forms.EmptyForm, act, "L’examen est en cours. Le demandeur en est informé.")


@post(f"{CASE}/informations")
async def request_information(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Ask the applicant to complete."""

    async def act(tx: Transaction, form: forms.InformationForm) -> object:
        return await examining.request_information(
            tx,
            request_id,
            items=form.wanted,
            until=form.until,
            by=visit.agent,
            at=clock.now(),
            rules=visit.desk.rules,
        )

    return await _do(
        visit, request_id, forms.InformationForm, act, "La demande d’informations est envoyée au demandeur."
    )


@post(f"{CASE}/messages")
async def post_message(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Write to the applicant."""

    async def act(tx: Transaction, form: forms.MessageForm) -> object:
        return await conversing.post_message(
            tx, request_id, text=form.message, by=visit.agent, at=clock.now(), rules=visit.desk.rules
        )

    return await _do(visit, request_id, forms.MessageForm, act, "Votre message est envoyé au demandeur.", "#messages")


@post(f"{CASE}/notes")
async def add_note(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Leave an internal note."""

    async def act(tx: Transaction, form: forms.NoteForm) -> object:
        return await conversing.add_note(
            tx, request_id, text=form.note, by=visit.agent, at=clock.now(), rules=visit.desk.rules
        )

    return await _do(visit, request_id, forms.NoteForm, act, "La note interne est enregistrée.", "#notes")


@post(f"{CASE}/reponse")
async def answer(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Answer the national team."""

    async def act(tx: Transaction, form: forms.AnswerForm) -> object:
        return await conversing.answer_national_team(tx, request_id, text=form.answer, by=visit.agent, at=clock.now())

    return await _do(visit, request_id, forms.AnswerForm, act, "Votre réponse est transmise à l’équipe nationale.")


@post(f"{CASE}/lien-acteur")
async def send_orientation_link(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Send the provider a new link; the one before opens nothing any more."""

    async def act(tx: Transaction, form: forms.OrientationLinkForm) -> object:
        return await orienting.replace_link(tx, request_id, email=form.link_email, by=visit.agent, at=clock.now())

    said = "Un nouveau lien est envoyé. L’ancien n’ouvre plus rien."
    return await _do(visit, request_id, forms.OrientationLinkForm, act, said, "#orientations")


@post(f"{CASE}/lien-acteur/reprise")
async def take_orientation_link_back(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Take the provider's link back without sending another."""

    async def act(tx: Transaction, _: forms.EmptyForm) -> object:
        return await orienting.replace_link(tx, request_id, email=None, by=visit.agent, at=clock.now())

    return await _do(visit, request_id, forms.EmptyForm, act, "Le lien n’ouvre plus rien.", "#orientations")


@post(f"{CASE}/validation")
async def validate(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Validate the proposal."""

    async def act(tx: Transaction, _: forms.EmptyForm) -> object:
        return await deciding.validate(tx, request_id, by=visit.agent, at=clock.now(), rules=visit.desk.rules)

    return await _do(visit, request_id, forms.EmptyForm, act, "La réponse est validée et communiquée au demandeur.")


@post(f"{CASE}/rejet")
async def reject(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Reject the proposal."""

    async def act(tx: Transaction, form: forms.RejectionForm) -> object:
        return await deciding.reject(tx, request_id, motive=form.rejection, by=visit.agent, at=clock.now())

    return await _do(
        visit, request_id, forms.RejectionForm, act, "La proposition n’est pas validée\u00a0: l’examen reprend."
    )


async def _do(
    visit: Visit,
    request_id: UUID,
    model: type[Model],
    act: Callable[[Transaction, Model], Awaitable[object]],
    said: str,
    place: str = "",
) -> Response[Any]:
    async def again(form: Form[Any], status: int) -> Response[Any]:
        form.errors = {NAMES.get(name, name): message for name, message in form.errors.items()}
        return await case_page(visit, request_id, form=form, status=status)

    form = await read_form(visit.request, model)
    then = f"/demandes/{request_id}{visit.kept}{place}"
    return await visit.carry_out(form, act, then=then, said=said, again=again)


NAMES = {"motive": "rejection", "text": "message"}
"""What the use cases call a field → what the page calls it."""

ROUTES = (
    assign,
    start_examination,
    request_information,
    post_message,
    add_note,
    answer,
    send_orientation_link,
    take_orientation_link_back,
    validate,
    reject,
)
