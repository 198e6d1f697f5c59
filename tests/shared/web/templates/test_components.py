"""What components promise to those who write pages: values kept, errors linked, everything escaped, forms protected."""

import re
from datetime import date
from typing import Any

import pytest

from shared.errors import FieldError
from shared.web import assets
from shared.web.paging import Page
from tests.shared.web.templates.gallery import PAGES, THEME, Asked, Query, context, environment, render

IMPORTS = """
{% import "components/forms.html" as forms with context %}{% import "components/fields.html" as fields %}
{% import "components/page.html" as page %}{% import "components/lists.html" as lists %}
{% import "components/thread.html" as thread %}{% import "components/charts.html" as charts %}
"""


def show(source: str, **more: Any) -> str:
    """Render a piece of a page, spaces folded."""
    return re.sub(r"\s+", " ", environment().from_string(IMPORTS + source).render(context(**more)))


def test_what_was_typed_is_shown_again_and_escaped() -> None:
    html = show('{{ fields.text("title", "Intitulé", {"title": "<b>"}, {}) }}')
    assert 'value="&lt;b&gt;"' in html


def test_an_error_is_tied_to_its_field() -> None:
    html = show('{{ fields.text("title", "Intitulé", {}, errors) }}', errors={"title": "Indiquez l’intitulé."})
    assert 'aria-describedby="error-title"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="error-title"' in html


def test_errors_may_be_the_fields_of_a_refusal() -> None:
    html = show("{{ forms.error_summary(errors) }}", errors=[FieldError("title", "Manquant.")])
    assert '<a href="#field-title">Manquant.</a>' in html


def test_an_error_of_no_field_is_told_without_a_link() -> None:
    html = show("{{ forms.error_summary(errors) }}", errors={"": "Le dossier a changé."})
    assert "<li>Le dossier a changé.</li>" in html


def test_without_errors_there_is_no_summary() -> None:
    assert "role" not in show("{{ forms.error_summary({}) }}")


@pytest.mark.parametrize(
    "field",
    [
        'fields.text("x", "X", {}, e)',
        'fields.email("x", "X", {}, e)',
        'fields.tel("x", "X", {}, e)',
        'fields.textarea("x", "X", {}, e, max_length=10)',
        'fields.select("x", "X", {}, e, options=[("a", "A")])',
        'fields.radios("x", "X", {}, e, options=[("a", "A")])',
        'fields.checkboxes("x", "X", {}, e, options=[("a", "A")])',
        'fields.checkbox("x", "X", {}, e)',
        'fields.date("x", "X", {}, e)',
        'fields.amount("x", "X", {}, e)',
        'fields.number("x", "X", {}, e)',
        'fields.file("x", "X", {}, e)',
        'fields.scale("x", "X", {}, e)',
        'fields.territory("x", "X", {}, e)',
    ],
)
def test_the_error_summary_leads_to_every_kind_of_field(field: str) -> None:
    html = show("{{ " + field + " }}", e={"x": "À corriger."})
    assert html.count('id="field-x"') == 1
    assert "À corriger." in html
    assert html.count("aria-describedby") == html.count('aria-describedby="') <= 2


def test_optional_fields_say_so_and_required_ones_are_marked_for_programs() -> None:
    assert "(facultatif)" in show('{{ fields.text("x", "X", {}, {}, required=false) }}')
    assert " required" in show('{{ fields.text("x", "X", {}, {}) }}')


def test_the_chosen_options_stay_chosen() -> None:
    html = show(
        '{{ fields.radios("k", "K", {"k": "b"}, {}, options=[("a", "A"), ("b", "B")]) }}'
        '{{ fields.checkboxes("f", "F", {"f": ["a", "c"]}, {}, options=[("a", "A"), ("b", "B"), ("c", "C")]) }}'
        '{{ fields.select("s", "S", {"s": 2}, {}, options=[("1", "A"), ("2", "B")]) }}'
        '{{ fields.scale("n", "N", {"n": 4}, {}) }}'
    )
    assert re.findall(r'value="(\w)" (?:checked|selected)', html) == ["b", "a", "c", "2", "4"]


def test_a_single_checked_box_given_as_text_is_kept() -> None:
    html = show('{{ fields.checkboxes("f", "F", {"f": "abc"}, {}, options=[("a", "A"), ("abc", "B")]) }}')
    assert re.findall(r'value="(\w+)" checked', html) == ["abc"]


def test_a_longest_text_is_told_before_it_is_reached() -> None:
    html = show('{{ fields.textarea("x", "X", {}, {}, max_length=4000) }}')
    assert 'maxlength="4000"' in html
    assert "4\u00a0000 caractères au plus." in environment().from_string(
        IMPORTS + '{{ fields.textarea("x", "X", {}, {}, max_length=4000) }}'
    ).render(context())


def test_a_textarea_keeps_its_first_empty_line() -> None:
    source = IMPORTS + '{{ fields.textarea("x", "X", {"x": "\\nsuite"}, {}) }}'
    assert ">\n\nsuite</textarea>" in environment().from_string(source).render(context())


def test_every_form_carries_its_token_and_its_one_time_key() -> None:
    for html in (show('{% call forms.form("/x") %}{% endcall %}'), show('{{ forms.action("/x", "Faire") }}')):
        assert 'method="post"' in html
        assert 'name="_csrf_token" value="csrf-of-the-gallery"' in html
        assert 'name="_form_key" value="key-of-the-gallery"' in html


def test_each_form_of_a_page_has_a_key_of_its_own_when_the_server_makes_them() -> None:
    keys = iter("abc")
    html = show('{{ forms.action("/x", "X") }}{{ forms.action("/y", "Y") }}', form_key=lambda: next(keys))
    assert re.findall(r'_form_key" value="(\w)"', html) == ["a", "b"]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (10, "En retard de 2\u00a0jours"),
        (12, "À traiter aujourd’hui"),
        (13, "avant le"),
        (20, "dans 8\u00a0jours"),
    ],
)
def test_a_deadline_is_told_in_words(day: int, said: str) -> None:
    source = IMPORTS + "{{ page.deadline(due, today) }}"
    assert said in environment().from_string(source).render(context(due=date(2027, 1, day)))


def test_pages_keep_the_filters() -> None:
    html = show("{{ lists.pagination(page_asked, 230, request) }}", page_asked=Page(3, 20))
    assert "?q=Cergy&amp;sort=-due&amp;page=4" in html
    assert 'aria-current="page"' in html
    assert "230 résultats, page 3 sur 12" in html


def test_a_list_of_one_page_has_no_links() -> None:
    html = show("{{ lists.pagination(page_asked, 1, request) }}", page_asked=Page(1, 20))
    assert "1 résultat" in html
    assert "<nav" not in html


def test_a_sorted_column_says_so_and_turns_round() -> None:
    source = (
        '{% call(row) lists.table("T", [{"label": "Échéance", "sort": "due"}, {"label": "Montant"}], [1], request) %}'
        '{{ lists.cell("Échéance", row) }}{% endcall %}'
    )
    html = show(source, request=Asked(Query([("sort", "due"), ("page", "2")])))
    assert 'aria-sort="ascending"' in html
    assert 'href="?sort=-due"' in html
    assert html.count("aria-sort") == 1


def test_an_empty_table_says_what_will_come() -> None:
    html = show('{% call(row) lists.table("T", [], [], request, empty=("Rien", "Cela viendra.")) %}{% endcall %}')
    assert "Cela viendra." in html
    assert "<table" not in html


def test_the_thread_says_in_words_what_its_dots_show() -> None:
    html = show(
        '{{ thread.timeline([{"at": none, "label": "Comité", "team": "national", "state": "waiting"},'
        ' {"at": today, "label": "Déposée", "team": "applicant"}], applicant="Vous") }}'
    )
    assert "À venir : </span>Comité" in html
    assert "Équipe nationale de l’ANCT" in html
    assert ">Vous</p>" in html


def test_bars_are_as_long_as_their_share_and_repeated_in_a_table() -> None:
    html = show('{{ charts.bars("T", "S", [("A", 4), ("B", 1), ("C", 0)]) }}')
    assert re.findall(r'class="chart-bar"[^>]* width="([\d.]+%)"', html) == ["100.0%", "25.0%"]
    assert html.count('<th scope="row">') == 3
    assert "Pas encore de données" in show('{{ charts.bars("T", "S", []) }}')


def test_a_shown_value_is_escaped_and_markup_is_not() -> None:
    html = show('{{ page.definitions([("Nom", "<i>"), ("État", page.state("Reçue", "waiting"))]) }}')
    assert "&lt;i&gt;" in html
    assert "<svg" in html


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_carries_inline_script_or_style(name: str) -> None:
    html = render(name)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 415, 418, 429, 500, 502, 503])
def test_every_refusal_has_a_page_that_says_what_to_do_next(status: int) -> None:
    html = (
        environment()
        .get_template("errors/problem.html")
        .render(context(status=status, detail=None, errors=[], request_id="", retry_href=None))
    )
    assert f"Erreur {status}" in html
    assert "Que faire maintenant" in html


def test_every_component_of_the_readme_exists() -> None:
    readme = (THEME.parent / "README.md").read_text()
    told: dict[str, set[str]] = {}
    for section in readme.split("\n## ")[1:]:
        if found := re.search(r'import "(components/\w+\.html)"', section.splitlines()[0]):
            heads = [row.split(" | ")[0] for row in section.splitlines() if row.startswith(("| `", "`bars"))]
            told[found[1]] = {name for head in heads for name in re.findall(r"`(\w+)\(", head)}
    assert len(told) == 6
    for file, names in told.items():
        module = environment().get_template(file).make_module(context())
        assert names
        assert [name for name in sorted(names) if not hasattr(module, name)] == []


def test_only_components_know_bootstrap() -> None:
    known = re.compile(
        r'class="[^"]*\b(btn|form-control|form-select|form-check|alert|badge|table|pagination|breadcrumb)\b'
    )
    pages = [
        *THEME.rglob("*.html"),
        *assets.ROOT.glob("services/*/templates/**/*.html"),
        *assets.ROOT.glob("services/*/web/templates/**/*.html"),
    ]
    outside = [path for path in pages if path.parent != THEME / "components"]
    assert outside
    assert [path.name for path in outside if known.search(path.read_text())] == []
