"""Each concern of the catalogue is one sentence in both languages, whatever the figures are, and leads somewhere."""

import pytest

from services.operations.domain.concerns import NO_RELAY, Concern, What


def a_concern(what: What, **facts: object) -> Concern:
    return Concern.model_validate({"what": what, "where": "escalation", **facts})


@pytest.mark.parametrize("what", What)
@pytest.mark.parametrize("count", [0, 1, 3000])
@pytest.mark.parametrize("urgent", [True, False])
def test_every_concern_is_a_sentence_in_french_and_in_english(what: What, count: int, *, urgent: bool) -> None:
    concern = a_concern(what, count=count, seconds=7200.0, detail="TimeoutError", urgent=urgent)
    assert concern.french.endswith(".")
    assert not set("{}|#") & set(concern.french + concern.english + concern.page.replace("#", "", 1))
    assert concern.page.startswith(("/", "#")) or not concern.page


def test_a_count_has_its_plural_and_a_duration_its_largest_unit() -> None:
    late = a_concern(What.OUTBOX_LATE, count=1, seconds=7200.0)
    assert late.french.startswith("1\u00a0événement à envoyer depuis 2\u00a0h\u00a0: ")
    assert a_concern(What.QUARANTINE, count=2).french.startswith("2\u00a0messages illisibles")
    assert "(3\u00a0messages en attente)" in a_concern(What.NO_CONSUMER, count=3).french
    assert "(" not in a_concern(What.NO_CONSUMER).french


def test_an_outbox_without_relay_leads_to_the_entry_about_relays() -> None:
    alone, slow = (a_concern(What.OUTBOX_LATE, count=2, detail=detail) for detail in (NO_RELAY, ""))
    assert (alone.entry, slow.entry) == ("CousuSansRelais", "CousuEnvoiEnRetard")
    assert "Personne ne les envoie" in alone.french
    assert "Vérifiez que le service tourne" in slow.french


def test_what_is_refused_for_the_mail_server_is_said_when_it_is_urgent() -> None:
    one, many = (a_concern(What.MAIL_FAILED, count=12, urgent=urgent).french for urgent in (False, True))
    assert (one.endswith("cette semaine."), many.endswith("vérifiez le serveur de courriel.")) == (True, True)
