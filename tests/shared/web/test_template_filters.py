"""Filters and functions of templates read addresses, form values and wire values."""

from datetime import date

from shared.web import template_filters
from tests.shared.web.templates.gallery import Asked, Query, environment


def test_an_address_keeps_its_filters_and_changes_one() -> None:
    request = Asked(Query([("state", "proposed"), ("q", "école & marché"), ("page", "3"), ("blank", "")]))
    assert template_filters.address_with(request, page=4) == "?state=proposed&q=%C3%A9cole+%26+march%C3%A9&page=4"
    assert template_filters.address_with(request, page=None, q=None) == "?state=proposed"


def test_a_value_is_found_in_a_mapping_and_in_an_object() -> None:
    assert template_filters.value_of({"title": "École"}, "title") == "École"
    assert template_filters.value_of(date(2027, 1, 12), "year") == 2027
    assert template_filters.value_of({"title": None}, "title") == ""
    assert template_filters.value_of(None, "title") == ""


def test_the_words_for_wire_values_reach_templates() -> None:
    said = environment().from_string(
        "{{ 'under_examination'|state_word }} {{ team_word('national') }} {{ team_word('CAUE') }}"
    )
    assert said.render() == "En cours d’examen Équipe nationale de l’ANCT CAUE"
