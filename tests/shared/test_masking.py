"""Every secret is recognised wherever it stands in a text, and nothing else is."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from time import thread_time
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.return_addresses import ReturnAddresses
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
DESCRIPTIONS = sorted((Path(__file__).resolve().parents[2] / "docs" / "api").glob("*.json"))

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
    f"https://urldefense.proofpoint.com/v2/url?u=https-3A__demandes.test_demande_suivi_{TOKEN}_messages&d=Dw",
    f"https://demandes.test/suivi/{TOKEN}__",
    f"Répondre à {REPLY}",
    f"Répondre à {REPLY.upper().replace('REPONSE', 'Reponse')}",
    f"https://demandes.test/demande?pour={MANDATE}",
    f"https://demandes.test/demande/{MANDATE}#suite",
    f"mandat={MANDATE}&pour%3D{MANDATE}",
    f"Voici ({MANDATE}), merci.",
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
        "https://www.valdoise.gouv.fr/documents/Arrete-prefectoral-DDT-2026-123-du-12-mars-2026.pdf",
        "https://www.mairie.test/demande/Acte-de-naissance-en-ligne-pour-les-habitants-du-Bourg",
        "https://www.mairie.test/parties/Compte-rendu-de-la-Commission-du-12-mars-2026-Annexe-A",
        "https://www.mairie.test/orientations/Plan_Local_d_Urbanisme_intercommunal-Rapport-2026",
        "https://www.mairie.test/fichiers/Dossier_documents_Reunion-publique-du-12-mars-2026-Ordre-du-jour.odt",
        "https://www.mairie.test/Deliberation-du-Conseil-municipal-du-12-mars.pdf",
        "documents/IMG_20260312_Toiture-de-la-Salle-des-Fetes-cote-Nord-apres-les-Travaux-Photo-" + "Longue-" * 20,
        f"https://git.test/suivi/{hashlib.sha1(b'x', usedforsecurity=False).hexdigest()}",
        f"https://git.test/documents/{hashlib.sha256(b'x').hexdigest()}",
        "https://anct.test/demande/ApiV1ProgrammesProgrammeTerritoriesListTerritoriesCovered",
        "documents/" + base64.urlsafe_b64encode("Plan de la salle des fêtes de Moret".encode()).decode(),
        "documents/" + base64.urlsafe_b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 80).decode(),
        "documents/" + base64.urlsafe_b64encode(hashlib.sha512(b"x").digest()).decode(),
        "suivi_" + base64.urlsafe_b64encode(hashlib.sha384(b"x").digest()).decode(),
        base64.b64encode(b"%PDF-1.7\n" + bytes(range(29))).decode(),
    ],
)
def test_what_is_no_secret_stays(written: str) -> None:
    assert hidden(written) == written
    assert covered(written.encode()) == written.encode()


@pytest.mark.parametrize("document", DESCRIPTIONS, ids=lambda document: document.name)
def test_the_descriptions_of_the_api_are_shown_whole(document: Path) -> None:
    assert covered(document.read_bytes()) == document.read_bytes()


@given(
    target=st.one_of(st.uuids(version=4), st.builds(clock.new_id), st.builds(uuid5, st.just(uuid4()), st.text())),
    generation=st.integers(1, 4095),
)
def test_every_token_is_recognised(target: UUID, generation: int) -> None:
    token = Links("k" * 32, "tracking").token(target, generation)
    proofpoint = token.replace("-", "-2D").replace("_", "-5F")  # as it writes letters within an address
    for written in (token, f"/suivi/{token}__", f"__demandes.test_suivi_{token}_x", f"__sat.test_suivi_{proofpoint}"):
        assert token not in hidden(written)
        assert proofpoint not in hidden(written)
        assert token.encode() not in covered(written.encode())


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


HOSTILE = {
    "mandates that begin": "eyJ",
    "mandates that never end": "eyJ..abcdefghijklmnop.",
    "points": "a.",
    "double points": "a..",
    "labels": "suivi_",
    "labels before what is nearly a token": f"suivi_{TOKEN[:-1]}",
    "paths": "documents/",
    "hyphens": "-",
    "words": "a",
    "capitals": "aB",
    "words that are just too short": f"{'a' * 42} ",
    "cut words": f"{'a' * 50}\n",
    "words over short lines": "a\n> > > > > > > > > > ",
    "line ends": "=\r\n",
    "reply addresses": "reponse+",
    "reply addresses cut short": f"reponse+{'a' * 51}.",
    "webhooks": "whsec_",
    "webhooks and nothing": "whsec_ ",
    "slashes": "%2F",
    "slashes written twice": f"%252F{TOKEN[:-1]}",
}


def typed(text: str) -> object:
    return hidden_everywhere({"url": text, "items": [{"text": text}]})


def shown(text: str) -> object:
    return covered(text.encode())


@pytest.mark.parametrize("mask", [hidden, typed, shown])
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_time_grows_with_the_text_and_no_faster(hostile: str, mask: Callable[[str], object]) -> None:
    def taken(length: int) -> float:
        text = (hostile * length)[:length]
        spent = []
        for _ in range(3):
            begun = thread_time()
            mask(text)
            spent.append(thread_time() - begun)
        return min(spent)

    ratios = (taken(4 * length) / taken(length) for length in (20_000, 30_000, 40_000))
    assert any(ratio < 9 for ratio in ratios), "four times the text takes about sixteen times as long"
