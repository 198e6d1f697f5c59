"""Bugs in what keeps secret links, documents and mandates to those whom they belong to."""

from tests.faults.teeth.bug import bug

BUGS = (
    bug(
        "secret_links_are_stored_as_they_were_typed",
        "The applicant's link in a message or a reply goes to agents and journals.",
        "secrets",
        "shared/masking.py",
        "    return _WORD.sub(partial(_mask_word, mask=MASK), text)\n",
        "    return text\n",
    ),
    bug(
        "an_unmarked_quotation_is_taken_for_an_answer",
        "Our own quotation marks make an Outlook reply keep the whole mail.",
        "secrets",
        "services/notifications/domain/mail_text.py",
        "    if marked and _answers_between(",
        "    if _answers_between(",
    ),
    bug(
        "links_are_shown_to_whoever_looks",
        "Links in texts that were stored before stand on the pages.",
        "secrets",
        "shared/masking.py",
        "    if _LONG not in content.translate(_WORD_LETTERS):\n",
        "    if content:\n",
    ),
    bug(
        "a_mandate_is_used_twice",
        "Whoever has read a mandate files as the agent once more.",
        "secrets",
        "services/intake/usecases/mandates.py",
        "        raise MandateOver\n",
        "        pass\n",
    ),
    bug(
        "a_foreign_departement_opens_documents",
        "The perimeter is not part of what finds a document.",
        "secrets",
        "services/qualification/store/cases.py",
        "          AND case_document.id = $2\n          AND ($3::text[] IS NULL OR departement = ANY($3))\n",
        "          AND case_document.id = $2\n          AND ($3::text[] IS NULL OR TRUE)\n",
    ),
    bug(
        "a_provider_s_link_that_was_replaced_still_opens",
        "The generation of an orientation's link is not looked at.",
        "secrets",
        "services/qualification/domain/orientation.py",
        "        return generation == self.link_generation and (",
        "        return (",
    ),
    bug(
        "an_infected_file_is_kept",
        "The scanner is asked, and its answer is not heard.",
        "scanned",
        "shared/antivirus.py",
        "                raise SignatureFoundError(found)\n",
        "                return\n",
    ),
)
