"""The operator's page: is all well, what waits for a decision, and what happened to a request."""

from shared.operations.web.pages import held, journals, overview, parked, quarantine, requests

routes = [
    overview.overview,
    overview.actions,
    held.held_streams,
    held.held_stream,
    held.settle_held,
    quarantine.quarantined,
    quarantine.quarantined_message,
    quarantine.settle_quarantined,
    parked.parked,
    parked.send_parked,
    journals.journals,
    journals.verify_journals,
    requests.find_request,
    requests.one_request,
    requests.resend_events,
]
