"""The pages that applicants see."""

from services.intake.web.pages import form, public, tracking

routes = [public.routes, form.routes, tracking.routes]
