"""Bugs in what keeps secret links, documents and mandates to those whom they belong to."""

from typing import Any

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, ignoring, instead, returning, reworded


async def _claimed_again(original: Any, *given: Any, **named: Any) -> bool:
    await original(*given, **named)
    return True


BUGS = (
    bug(
        "secret_links_are_stored_as_they_were_typed",
        "The applicant's link in a message or a reply goes to agents and journals.",
        "secrets",
        "shared.masking:_mask_word",
        instead(lambda found, *, mask, bare=True: found[0]),
        within="shared.masking:hidden",
    ),
    bug(
        "an_unmarked_quotation_is_taken_for_an_answer",
        "Our own quotation marks make an Outlook reply keep the whole mail.",
        "secrets",
        "services.notifications.domain.mail_text:_is_quoted_with_marks",
        returning(True),
    ),
    bug(
        "links_are_shown_to_whoever_looks",
        "Links in texts that were stored before stand on the pages.",
        "secrets",
        "shared.masking:covered",
        instead(lambda content, *, but=(): content),
    ),
    bug(
        "a_mandate_is_used_twice",
        "Whoever has read a mandate files as the agent once more.",
        "secrets",
        "services.intake.store.mandates:claim",
        around(_claimed_again),
    ),
    bug(
        "a_foreign_departement_opens_documents",
        "The perimeter is not part of what finds a document.",
        "secrets",
        "services.qualification.store.cases:departement_of_document",
        reworded("departement = ANY($3)", "TRUE"),
    ),
    bug(
        "a_provider_s_link_that_was_replaced_still_opens",
        "The generation of an orientation's link is not looked at.",
        "secrets",
        "services.qualification.domain.orientation:Orientation.opens",
        around(lambda original, self, generation, **named: original(self, self.link_generation, **named)),
    ),
    bug(
        "an_infected_file_is_kept",
        "The scanner is asked, and its answer is not heard.",
        "scanned",
        "shared.antivirus:Scanner.scan",
        ignoring("shared.antivirus:SignatureFoundError"),
    ),
)
