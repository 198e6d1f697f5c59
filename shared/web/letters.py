"""Letters (`shared/letters.py`) as tagged PDF files."""

from shared.letters import AcknowledgementLetter, AnswerLetter
from shared.web.pages import environment
from shared.web.pdf import LAYOUT, pdf_of

Letter = AnswerLetter | AcknowledgementLetter

_TEMPLATES = {AnswerLetter: "letters/answer.html", AcknowledgementLetter: "letters/acknowledgement.html"}


async def letter_pdf(letter: Letter) -> bytes:
    """Return a letter as a PDF, the same in every service. Takes some tenths of a second, in a thread."""
    template = environment(()).get_template(_TEMPLATES[type(letter)])
    return await pdf_of(template.render(letter=letter, layout=LAYOUT))
