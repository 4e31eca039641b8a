"""The table of forms in docs/models.md has every form, and each still has its right value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.forms import MEASURED, Form, forms
from tests.support.places import ROOT

TOLERANCE = 1e-5


def test_the_table_has_the_forms_that_there_are() -> None:
    rows = json.loads(MEASURED.read_text("utf-8"))
    assert [(row["form"], row["source"]) for row in rows] == [f[:2] for f in forms()]
    assert max(row["difference"] for row in rows) <= TOLERANCE
    page = (ROOT / "docs" / "models.md").read_text("utf-8")
    assert all(f"\n| {row['form']} | {row['source']} | " in page for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("form", list(forms()), ids=lambda form: form.name)
def test_a_form_has_its_right_value(form: Form, tmp_path: Path) -> None:
    assert form.make(tmp_path).difference() <= TOLERANCE
