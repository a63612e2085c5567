"""Works: one a page, and forgotten once no page shows them."""

from tf_deeppaint.studio.work import works
from tf_deeppaint.studio.work.works import Works


def test_a_page_shows_one_work_whatever_keys_it_names(monkeypatch):
    kept = Works()
    keys = [character * 32 for character in "abc"]
    named = [kept.get(key, "one page") for key in keys]
    assert [work.pages for work in named] == [set(), set(), {"one page"}]
    monkeypatch.setattr(works, "IDLE_SECONDS", -1)
    kept.sweep()
    # What no page shows is forgotten, and made anew when it is asked for.
    again = [kept.get(key, f"page {key}") for key in keys]
    assert [a is b for a, b in zip(again, named, strict=True)] == [False, False, True]
