"""Works: one a page, and forgotten once no page shows them."""

from tf_deeppaint.studio.work import works
from tf_deeppaint.studio.work.works import Works


def test_a_page_shows_one_work_whatever_keys_it_names(monkeypatch):
    kept = Works()
    keys = [character * 32 for character in "abc"]
    for key in keys:
        kept.get(key, "one page")
    last = kept.get(keys[-1], "one page")
    assert last.pages == {"one page"}
    assert [kept.get(key, "other page") is last for key in keys] == [False, False, True]
    monkeypatch.setattr(works, "IDLE_SECONDS", -1)
    kept.sweep()
    assert set(kept._works) == {keys[-1]}
