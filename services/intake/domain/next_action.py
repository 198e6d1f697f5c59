"""What somebody is to do next with a request, as a code; `shared/french/words.py` has the words for it."""

from enum import StrEnum

from shared.french.words import NEXT_ACTION


class NextAction(StrEnum):
    """What is expected next."""

    REGISTER = "register"
    RESUME_WITH_INFORMATION = "resume_with_information"
    BEGIN_EXAMINATION = "begin_examination"
    EXAMINE = "examine"
    SEND_INFORMATION = "send_information"
    VALIDATE_ANSWER = "validate_answer"
    ANSWER_ORIENTATION = "answer_orientation"
    CONTACT_APPLICANT = "contact_applicant"
    SEEK_OTHER_ANSWER = "seek_other_answer"
    SET_UP_SUPPORT = "set_up_support"
    EXAMINE_FOR_PROGRAMME = "examine_for_programme"
    RECEIVE_DOSSIER = "receive_dossier"
    CONTINUE_WITH_DOSSIER = "continue_with_dossier"
    REGISTER_TRANSFER = "register_transfer"
    SETTLE_ADMISSIBILITY = "settle_admissibility"
    ANSWER_QUESTION = "answer_question"
    SCHEDULE = "schedule"
    RESUME_EXAMINATION = "resume_examination"
    DECIDE = "decide"
    SCHEDULE_AGAIN = "schedule_again"
    MOBILISE = "mobilise"
    ACCOMPANY = "accompany"
    ACCOMPANY_IN_PROGRAMME = "accompany_in_programme"
    EVALUATE = "evaluate"
    EVALUATE_AGAIN = "evaluate_again"
    ANSWER_WITHDRAWAL = "answer_withdrawal"

    @classmethod
    def _missing_(cls, value: object) -> "NextAction | None":
        """Read a row of code that still stored the French words."""
        return next((action for action in cls if NEXT_ACTION[action] == value), None)
