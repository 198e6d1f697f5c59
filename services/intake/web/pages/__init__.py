"""The pages that applicants see."""

from services.intake.web.pages import form, public, tracking, tracking_acts

routes = [public.routes, form.routes, tracking.routes, tracking.behind_the_link, tracking_acts.routes]
