"""The operator's page: is all well, what waits for a decision, and what happened to a request."""

from services.operations.web.pages import gaps, held, help_page, journals, mails, overview, parked, quarantine, requests

routes = [
    overview.overview,
    overview.actions,
    overview.actions_as_csv,
    held.held_streams,
    held.held_stream,
    held.settle_held,
    held.retry_group,
    gaps.waiting_stream,
    gaps.close_gap,
    quarantine.quarantined,
    quarantine.quarantined_cause,
    quarantine.settle_cause,
    quarantine.quarantined_message,
    quarantine.settle_quarantined,
    mails.undelivered,
    mails.send_refused_again,
    mails.undelivered_mail,
    mails.send_mail_again,
    parked.parked,
    parked.send_parked,
    journals.journals,
    journals.verify_journals,
    requests.find_request,
    requests.one_request,
    requests.resend_events,
    help_page.runbook,
]
