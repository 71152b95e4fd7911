from __future__ import annotations

from tests.compare.page import page
from tests.support.engine_process import REPOSITORY


def test_the_page_in_docs_is_up_to_date():
    path = REPOSITORY / "docs" / "reference" / "uwsgi-compared.md"
    assert path.read_text() == page(), "python -m tests.compare.page > docs/reference/uwsgi-compared.md"
