"""The crisis data is checked when it is read: a mistake stops the start and is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from directory.crisis import read_helplines
from directory.crisis_language import load
from directory.needs_language import load as load_needs
from directory.vocabulary import FOLDER, vocabulary
from directory.vocabulary_files import VocabularyError

LANGUAGE = """\
common: i, to
lists:
  self: myself, himself
  act: |
    kill {self}
    hang {self}
rewrite:
  wanna: want to, wanting to
spelling:
  exact:
    kill: kil, kyll
  two_slips: suicide
  one_slip: myself
  keep: subside
  glued: kill, myself
  censored: kill
turns: but
contexts:
  work:
    patterns: training
masks:
  idiom: |
    kill time
statements:
  meaning to:
    unless: work
    patterns: |
      {act}
      suicide
      wanna (kill
        |hang) it
"""

HELPLINES = """\
helplines:
  - name: Line
    for: anything
    call: "988"
    call_href: "tel:988"
    around_the_clock: yes
    source: example.org
    as_of: 2026-11-23
  - name: Other
    for: anything
    text: text HI to 1
    text_href: "sms:1?&body=HI"
    around_the_clock: no
    source: example.org
    as_of: 2026-11-23
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "data.yaml"
    path.write_text(text, "utf-8")
    return path


def _changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_a_right_file_is_read(tmp_path: Path) -> None:
    language = load(_written(tmp_path, LANGUAGE))
    assert [s.pattern.source for s in language.statements] == ["{act}", "suicide", "wanna (kill |hang) it"]
    assert language.line("I want to kil  my.self") == language.line("i wanna kill myself")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("masks:\n", "mask:\n", 21, "unknown key “mask”"),
        ("turns: but\n", "", 1, "key “turns” is missing"),
        ("    unless: work\n", "    except: work\n", 26, "unknown key “except”"),
        ("  act: |\n", "  self: |\n", 4, "key “self” is there twice"),
        ("myself, himself", "myself, himself, myself", 3, "“myself” is in list “self” twice"),
        ("    hang {self}\n", "    hang {them}\n", 6, "there is no list “them”"),
        ("      {act}\n", "      suicide\n", 29, "“suicide” is already in line 28"),
        ("      {act}\n      suicide\n", "      suicide\n", 4, "list “act” is used nowhere"),
        ("    unless: work\n", "    unless: job\n", 26, "there is no context “job”"),
        ("    kill: kil, kyll\n", "    kill: kil, kil\n", 11, "“kil” already stands for “kill”"),
        ("    kill: kil, kyll\n", "    slay: sly\n", 11, "“slay” is in no pattern"),
        ("    kill: kil, kyll\n", "    kill: hang\n", 11, "“hang” is a word of the patterns itself"),
        ("  two_slips: suicide\n", "  two_slips: suicidal\n", 12, "“suicidal” is in no pattern"),
        ("  keep: subside\n", "  keep: subside, subside\n", 14, "“subside” is there twice"),
        ("    kill time\n", "    (kill time\n", 23, "“)” is missing"),
        ("    kill time\n", "    kill) time\n", 23, "“)” closes nothing"),
        ("    kill time\n", "    kill (|time)\n", 23, "an alternative is empty"),
        ("    kill time\n", "    kill & time\n", 23, "“&” has no meaning here"),
        ("    kill time\n", "    kill? ~2 time?\n", 23, "no word in it is sure to occur"),
        ("    kill time\n", "", 22, "expected text here"),
        ("  idiom: |\n    kill time\n", "  - kill time\n", 22, "expected `key: value` lines here"),
        ("  keep: subside\n", "  keep: [subside\n", 15, ""),
        ("common: i, to\n", "common: i\x07\n", 1, "cannot be read"),
    ],
)
def test_each_mistake_in_the_language_is_named(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    path = _written(tmp_path, _changed(LANGUAGE, old, new))
    with pytest.raises(VocabularyError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"nowhere\.yaml:1: cannot be read"):
        load(tmp_path / "nowhere.yaml")


def test_right_helplines_are_read(tmp_path: Path) -> None:
    first, second = read_helplines(_written(tmp_path, HELPLINES))
    assert (first.call, first.call_href, first.text, first.around_the_clock) == ("988", "tel:988", None, True)
    assert (second.call, second.text_href, second.around_the_clock) == (None, "sms:1?&body=HI", False)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("helplines:\n", "lines:\n", 1, "unknown key “lines”"),
        ("  - name: Other\n", "  - name: Line\n", 9, "“Line” is there twice"),
        ('    call: "988"\n', '    phone: "988"\n', 4, "unknown key “phone”"),
        ('    call: "988"\n', "", 2, "“call” and “call_href” go together"),
        ("tel:988", "https://988", 2, "“call_href” starts with tel:"),
        ('    text: text HI to 1\n    text_href: "sms:1?&body=HI"\n', "", 9, "a helpline is called or texted"),
        ("around_the_clock: no", "around_the_clock: often", 9, "“around_the_clock” is yes or no"),
        ("    text: text HI to 1\n", "    text:\n", 11, "expected text here"),
    ],
)
def test_each_mistake_in_the_helplines_is_named(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    path = _written(tmp_path, _changed(HELPLINES, old, new))
    with pytest.raises(VocabularyError) as caught:
        read_helplines(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_a_date_of_a_helpline_is_a_date(tmp_path: Path) -> None:
    path = _written(tmp_path, HELPLINES.replace("2026-11-23", "last week"))
    with pytest.raises(VocabularyError, match="“as_of” is a date"):
        read_helplines(path)


@pytest.mark.parametrize(
    ("pattern", "said", "found"),
    [
        ("want ~2 die", "i want so much die", True),
        ("want ~2 die", "i want so very much die", False),
        ("want ~2 die", "i want. to die", False),
        ("want die", "i want. die", True),
        ("live !(with|in)", "i live with her", False),
        ("live !(with|in)", "i live", True),
        ("^ die $", "die", True),
        ("^ die $", "no. die. no", True),
        ("^ die $", "we die", False),
        ("took % pills", "took 30 pills", True),
        ("took % pills", "took some pills", False),
        ("give up (on life)? now", "give up now", True),
        ("give up (on life)? now", "give up on life now", True),
        ("(i|we) die", "they die", False),
    ],
)
def test_patterns_mean_what_they_say(tmp_path: Path, pattern: str, said: str, found: bool) -> None:
    text = _changed(LANGUAGE, "      suicide\n", f"      suicide\n      {pattern}\n")
    language = load(_written(tmp_path, text))
    (compiled,) = (s.pattern for s in language.statements if s.pattern.source == pattern)
    line = language.line(said)
    assert (compiled.regex.search(line) is not None) == found
    assert not found or not compiled.anchors.isdisjoint(line)


def test_every_pattern_of_the_files_can_be_searched_for() -> None:
    """Patterns are compiled at their first use: none may fail then."""
    crisis, needs = load(FOLDER / "crisis.yaml"), load_needs(FOLDER / "needs.yaml", vocabulary("concerns"))
    of_contexts = [p for c in crisis.contexts.values() for p in (*c.patterns, *c.cancelled_by)]
    of_crisis = [*of_contexts, *(p for _, p in crisis.masks), *(s.pattern for s in crisis.statements)]
    of_needs = {sign.order: sign.pattern for signs in needs.signs.values() for sign in signs}
    patterns = [*of_crisis, *of_needs.values(), *needs.negation, *needs.past, *needs.masks]
    assert len(patterns) > 2000
    for pattern in patterns:
        assert pattern.regex.search("") is None, pattern.source
