"""Every secret is recognised wherever it stands in a text, and nothing else is."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.return_addresses import ReturnAddresses
from shared import clock
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role
from shared.links import Links
from shared.masking import MASK, covered, hidden, hidden_everywhere
from shared.web.mandates import Mandates

WHO = UUID("019c5f0e-8d6f-7c1e-9f86-0f4d2f3a9b11")
TOKEN = Links("k" * 32, "tracking").token(WHO)
MANDATE = Mandates("m" * 32).give(Actor(role=Role.SAT_AGENT, name="Agent", email="a@b.test"), at=clock.now())
REPLY = ReturnAddresses("reponses.test", "r" * 32).of("reponse", WHO)
AGENT_TOKEN = "Zm9vYmFyLWZvb2Jhci1mb29iYXItZm9vYmFyLWZvb2I"


SURROUNDED = [
    f"https://demandes.test/suivi/{TOKEN}",
    f"https://demandes.test/suivi/{TOKEN}#messages",
    f"<https://demandes.test/suivi/{TOKEN}>",
    f"https://demandes.test/demande/{TOKEN}/contact",
    f"https://sat.test/orientations/{TOKEN}",
    f"https://sat.test/pactes/parties/{TOKEN}",
    f"https://anct.test/prestataires/{TOKEN}",
    f"https://sat.test/api/v1/pact-parties/{TOKEN}/signature",
    f"https://anct.test/api/v1/provider-links/{TOKEN}",
    f"https://demandes.test/documents/{TOKEN}",
    f"Mon code est {TOKEN}, merci.",
    f"> https://demandes.test/suivi/{TOKEN[:30]}\n> {TOKEN[30:]}",
    f"https://demandes.test/suivi/{TOKEN[:40]}=\r\n{TOKEN[40:]}",
    f"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fdemandes.test%2Fsuivi%2F{TOKEN}&data=05",
    f"https://urldefense.com/v3/__https://demandes.test/suivi/{TOKEN}__;!!Abc",
    f"https://urldefense.proofpoint.com/v2/url?u=https-3A__demandes.test_suivi_{TOKEN}&d=Dw",
    f"Répondre à {REPLY}",
    f"Répondre à {REPLY.upper().replace('REPONSE', 'Reponse')}",
    f"https://demandes.test/demande?pour={MANDATE}",
    f"Authorization: Bearer {AGENT_TOKEN}",
    "Secret : whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
]


@pytest.mark.parametrize("written", SURROUNDED, ids=range(len(SURROUNDED)))  # no secret in the names of tests
def test_a_secret_is_masked_in_whatever_surrounds_it(written: str) -> None:
    shown = hidden(f"Bonjour,\n{written}\nMerci.")
    assert shown.startswith("Bonjour,\n")
    assert shown.endswith("\nMerci.")
    assert MASK in shown
    pieces = [TOKEN[27:40], TOKEN[-8:], MANDATE[-30:], REPLY[40:60], AGENT_TOKEN[-20:], "MfKQ9r8GKYq"]
    assert not any(piece.lower() in shown.lower() for piece in pieces)
    assert hidden(shown) == shown


@pytest.mark.parametrize(
    "written",
    [
        "https://www.mairie.test/demande/acte-de-naissance-en-ligne-pour-les-habitants-du-bourg",
        "https://docs.google.com/document/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit",
        "https://sat.test/demandes/019c5f0e-8d6f-7c1e-9f86-0f4d2f3a9b11",
        "https://demandes.test/suivi",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "reponse+1@mairie.test",
        "Le suivi/les demandes : voir documents/2026\n> plan",
    ],
)
def test_what_is_no_secret_stays(written: str) -> None:
    assert hidden(written) == written
    assert covered(written.encode()) == written.encode()


@given(text=st.text(st.sampled_from("abcXYZ019_-/=%\n> .+é"), max_size=400))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert hidden(hidden(text)) == hidden(text)


def test_what_is_shown_keeps_its_length_and_the_reader_s_own_link() -> None:
    other = Links("k" * 32, "colleague").token(clock.new_id())
    page = f'<a href="/suivi/{TOKEN}">é</a> {other} {REPLY}'.encode()
    shown = covered(page, but={TOKEN})
    assert len(shown) == len(page)
    assert TOKEN.encode() in shown
    assert other.encode() not in shown
    assert REPLY.encode() not in shown


def test_the_address_of_a_partner_s_program_stays_whole_unless_it_is_a_link_of_ours() -> None:
    theirs = f"https://partner.test/hooks/{AGENT_TOKEN}"
    assert hidden_everywhere({"url": theirs, "name": theirs})["url"] == theirs
    assert MASK in hidden_everywhere({"url": f"https://demandes.test/suivi/{TOKEN}"})["url"]
    assert MASK in hidden_everywhere({"items": [{"text": [f"voir {TOKEN}"]}]})["items"][0]["text"][0]
