"""The results page says which treatments there is evidence for: from whom, since when, as links, never of providers."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from directory.app import create_app
from directory.config import Settings
from directory.engines.embedded import EmbeddedEngine
from directory.profile import Profile
from tests import conformance


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, today: date) -> FlaskClient:
    folder: Path = tmp_path_factory.mktemp("evidence")
    engine = EmbeddedEngine(folder)
    people = [
        Profile(id="npi:1999900053", name="A One", modalities=("cbt_i", "cbt"), concerns=("insomnia",)),
        Profile(id="npi:1999900061", name="B Two", modalities=("cbt",), age_groups=("child",)),
        Profile(id="npi:1999900079", name="C Three", modalities=("tf_cbt",), age_groups=("child",)),
    ]
    conformance.build(engine, people)
    return create_app(Settings(), engine, lambda: today).test_client()


def _notes(client: FlaskClient, query: str) -> list[str]:
    html = client.get(f"/search?{query}").text
    found = re.findall(r'<div class="evidence".*?</div>', html, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", note).split()) for note in found]


def test_a_note_names_treatment_strength_source_and_date(client: FlaskClient) -> None:
    (note,) = _notes(client, "q=insomnia")
    assert (
        note == "Treatments with evidence for insomnia and sleep: CBT-I 1 strongly recommended ( AASM 2021, Feb 2021 )"
    )


def test_a_treatment_is_a_link_that_filters_and_can_be_taken_off(client: FlaskClient) -> None:
    html = client.get("/search?q=insomnia").text
    link = re.search(r'<a class="chip" href="([^"]*modality=cbt_i)"', html)
    assert link
    chosen = client.get("/search" + link[1].replace("&amp;", "&")).text
    assert "<h1>1 person</h1>" in chosen
    assert re.search(r'<a class="chip" href="[^"]*" aria-current="true">✓ CBT-I', chosen)


def test_what_nobody_offers_is_no_link(client: FlaskClient) -> None:
    html = client.get("/search?q=flashbacks").text
    assert '<span class="soft">EMDR 0</span>' in html
    assert "modality=emdr" not in re.sub(r'<nav class="facets".*?</nav>', "", html, flags=re.DOTALL)


def test_for_children_it_is_what_was_found_for_children(client: FlaskClient) -> None:
    notes = _notes(client, "q=ptsd&age_group=child")
    assert notes[0].startswith(
        "Treatments with evidence for post-traumatic stress disorder (PTSD) in children and teens: TF-CBT 1"
    )


def test_there_is_no_note_without_evidence_or_when_words_are_plain(client: FlaskClient) -> None:
    assert _notes(client, "q=loneliness") == []
    assert _notes(client, "q=insomnia&understand=false") == []
    assert _notes(client, "modality=cbt") == []


def test_the_api_tells_the_same(client: FlaskClient) -> None:
    understood = (client.get("/api/v1/providers?q=insomnia").json or {})["understood"]
    assert [(e["modality"], e["strength"], e["source"]) for e in understood["evidence"]] == [
        ("cbt_i", "strong", "AASM 2021")
    ]
    assert (client.get("/api/v1/providers?q=insomnia&understand=false").json or {})["understood"]["evidence"] == []


def test_who_refuses_a_treatment_is_not_told_of_it(client: FlaskClient) -> None:
    assert "CBT" in " ".join(_notes(client, "q=anxiety"))
    assert "CBT" not in " ".join(_notes(client, "q=anxiety+not+CBT"))
    said = client.get("/api/v1/providers?q=anxiety+not+CBT").json
    assert said is not None
    assert said["understood"]["evidence"] == []
    assert not [w for r in said["results"] for w in r["why"] if w["how"] == "evidence"]
