"""What a person wrote is told apart from what their mail program quotes; nothing that was written is dropped."""

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.deliveries import takes_no_mail
from services.notifications.domain.mail_text import WRITE_ABOVE, above

OURS = f"{WRITE_ABOVE}\n\nBonjour,\n\nLe service vous a écrit.\n"
QUOTED = "\n".join(f"> {line}" for line in OURS.splitlines())


@pytest.mark.parametrize(
    "introduced",
    [
        f"Le mar. 24 nov. 2026 à 10:12, Cousu-main <ne-pas-repondre@cousu.test> a\nécrit :\n\n{QUOTED}",
        f"Le 24/11/2026 à 10:12, Cousu-main a écrit\u00a0:\n{QUOTED}",
        f"On Tue, Nov 24, 2026 at 10:12 AM Cousu-main <a@b.test> wrote:\n{QUOTED}",
        f"De : Cousu-main <a@b.test>\nEnvoyé : mardi 24 novembre 10:12\nÀ : x@y.test\nObjet : Un message\n\n{OURS}",
        f"________________________________\nDe : Cousu-main\nEnvoyé\u00a0: mardi\nObjet\u00a0: Un message\n\n{OURS}",
        f"-----Message d’origine-----\nDe : Cousu-main\nEnvoyé : mardi\n\n{OURS}",
        f"*De :* Cousu-main\n*Envoyé :* mardi\n*Objet :* Un message\n\n{OURS}",
        QUOTED,
        QUOTED.replace("cette ligne", "cette\n> ligne"),
        f"> > {WRITE_ABOVE}\n> > Bonjour",
        OURS,
    ],
)
def test_mail_programs_introduce_what_they_quote_in_many_ways(introduced: str) -> None:
    assert above(f"Mardi nous convient.\n\nLa mairie\n\n{introduced}\n") == "Mardi nous convient.\n\nLa mairie"


@pytest.mark.parametrize(
    "text",
    [
        "Le 3 mars, réunion à la mairie. On a écrit :\nmon point de vue",
        "> cité par moi-même\nma réponse",
        "De : la mairie\nÀ : vous\nMerci beaucoup.",
    ],
)
def test_without_our_line_all_stays(text: str) -> None:
    assert above(text) == text


def test_who_answers_between_quoted_lines_keeps_them() -> None:
    text = f"Voir plus bas.\n{QUOTED}\nOui pour mardi.\n> Une autre question\nNon."
    assert above(text) == text


OURS_THAT_QUOTES = f"{OURS}\n> Pouvez-vous nous appeler ?\n\nLire et répondre\u00a0:\nhttps://d.test/suivi/x\n"
OUTLOOK = "De : Cousu-main <a@b.test>\nEnvoyé : mardi\nÀ : x@y.test\nObjet : Un message\n\n"


def test_what_our_own_mail_quotes_is_no_answer_between_lines() -> None:
    assert above(f"D’accord pour mardi.\n\n{OUTLOOK}{OURS_THAT_QUOTES}") == "D’accord pour mardi."
    marked = "\n".join(f"> {line}" for line in OURS_THAT_QUOTES.splitlines())
    assert above(f"D’accord pour mardi.\n\nLe 24 nov. 2026, Cousu-main a écrit :\n{marked}") == "D’accord pour mardi."


@pytest.mark.parametrize("reply", ["Re: Un message du service", "RE : Un message  du service", "Un message du service"])
def test_the_title_of_our_page_is_dropped_with_the_headers_above_it(reply: str) -> None:
    quoted = f"{OUTLOOK}Un message du service\n\n{OURS}"
    assert above(f"D’accord.\n\nJeanne\n\n{quoted}", title=reply) == "D’accord.\n\nJeanne"


@pytest.mark.parametrize("line", ["service", "Autre chose", "Un message"])
def test_a_last_line_that_is_no_title_stays(line: str) -> None:
    assert above(f"D’accord.\n{line}\n{OURS}", title="Re: Un message du service") == f"D’accord.\n{line}"


@given(typed=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=300))
def test_what_is_typed_above_stays_whole(typed: str) -> None:
    written = f"Bonjour {typed} merci"
    assert above(f"{written}\n\nLe 24 nov. 2026, Cousu-main a écrit :\n{QUOTED}\n") == written.strip()


HOSTILE = st.sampled_from(
    ["De:", "De :", "\n", " ", "\u00a0", ">", "*", "-----", "Le ", "a écrit", "wrote", ":", "Pour", "x"]
)


def lines_run(text: str) -> int:
    """Read a text, and count the lines of code that this takes."""
    count = 0

    def trace(_frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        above(text)
    finally:
        sys.settrace(before)
    return count


@given(pieces=st.lists(HOSTILE, max_size=40), times=st.integers(1, 200), ours=st.booleans())
def test_a_hostile_text_takes_steps_in_proportion_to_its_lines(pieces: list[str], times: int, ours: bool) -> None:
    text = "Bonjour\n" + "".join(pieces) * times + (f"\nmerci\n{OURS}" if ours else "")
    assert lines_run(text) <= 100 + 20 * (text.count("\n") + 1)


def test_headers_repeated_on_one_line_are_read_at_once() -> None:
    text = "Bonjour\n" + "De:" * 100_000 + "\nmerci"
    assert above(f"{text}\n{OURS}") == text


def test_only_the_sentence_that_introduces_the_quotation_is_dropped() -> None:
    text = "Le maire est d’accord.\nLe 24 nov. 2026, Cousu-main a écrit :"
    assert above(f"{text}\n{QUOTED}") == "Le maire est d’accord."


@pytest.mark.parametrize(
    ("answer", "flagged"),
    [
        ("550 5.1.1 unknown", True),
        ("550 no such user", True),
        ("551 gone", True),
        ("550 5.7.1 blocked", False),
        ("552 5.2.2 mailbox full", False),
        ("554 spam", False),
        ("5.1.10 no such domain", True),
        ("450 4.1.1 later", False),
    ],
)
def test_a_server_says_that_an_address_is_none_by_its_code(answer: str, flagged: bool) -> None:
    assert takes_no_mail(answer) is flagged
