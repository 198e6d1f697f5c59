"""Which broker user may publish as which source."""

import pytest

from shared.messaging.accounts import Origins, form_name, form_source, form_user, is_form_name


@pytest.mark.parametrize(
    ("user", "source"),
    [
        ("intake", "/intake"),
        ("qualification", "/qualification/95"),
        ("qualification.95", "/qualification/95"),
        ("form.mairie-info", "/forms/mairie-info"),
        ("party-95", "/qualification/95"),
    ],
)
def test_a_user_owns_its_sources(user: str, source: str) -> None:
    assert Origins({"party-95": ["/qualification/95"]}).owns(user, source)


@pytest.mark.parametrize(
    ("user", "source"),
    [
        (None, "/intake"),
        ("", "/intake"),
        ("intake", "/escalation"),
        ("intake", "/intakes"),
        ("intake", "intake"),
        ("intake", "/"),
        ("intake", "/forms/mairie-info"),
        ("qualification.95", "/qualification"),
        ("qualification.95", "/qualification/78"),
        ("qualification.95", "/qualification/955"),
        ("form.mairie-info", "/forms/mairie"),
        ("form.mairie", "/forms/mairie-info"),
        ("form.mairie-info", "/forms"),
        ("form.mairie-info", "/intake"),
        ("form.", "/forms/"),
        ("form.../intake", "/forms/../intake"),
        ("forms", "/forms/mairie-info"),
        ("operator", "/intake"),
        ("supervisor", "/intake"),
        ("party-95", "/qualification/95"),
    ],
)
def test_a_user_owns_nothing_else(user: str | None, source: str) -> None:
    assert not Origins().owns(user, source)


def test_a_queue_belongs_to_the_user_whose_source_it_is_named_by() -> None:
    origins = Origins()
    assert origins.owns_queue("qualification", "qualification")
    assert origins.owns_queue("qualification", "qualification.95")
    assert origins.owns_queue("qualification.95", "qualification.95")
    assert not origins.owns_queue("qualification.95", "qualification")
    assert not origins.owns_queue("qualification.95", "qualification.78")
    assert not origins.owns_queue("intake", "qualification")
    assert not origins.owns_queue("form.ours", "form.ours")
    assert not origins.owns_queue("form.ours", "forms.ours")


def test_an_instance_speaks_for_its_service() -> None:
    origins = Origins()
    assert origins.speaks_for("qualification.95", "qualification")
    assert not origins.speaks_for("qualification.95", "intake")
    assert not origins.speaks_for("form.ours", "intake")
    assert not origins.speaks_for("form.ours", "forms")


def test_what_is_given_for_a_user_stands_for_what_its_name_says() -> None:
    origins = Origins({"guest": ("/intake", "/escalation"), "intake": ()})
    assert origins.owns("guest", "/escalation")
    assert not origins.owns("intake", "/intake")


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a/b", "a" * 41, "é", "*"])
def test_the_name_of_a_form_is_short_and_plain(name: str) -> None:
    assert not is_form_name(name)
    assert form_name(form_source(name)) is None


def test_the_name_of_a_form_is_found_in_its_source() -> None:
    assert form_user("ours") == "form.ours"
    assert form_source("ours") == "/forms/ours"
    assert form_name("/forms/ours") == "ours"
    assert form_name("/intake") is None
