"""The pages that applicants see."""

from services.intake.web.pages import figures, form, form_documents, public, tracking, tracking_acts

routes = [
    public.routes,
    figures.routes,
    form.beginning,
    form.routes,
    form_documents.routes,
    tracking.routes,
    tracking.behind_the_link,
    tracking_acts.routes,
]
