"""The text index of the embedded engine: who holds a token, and BM25, against the formula computed one by one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from directory.engines import embedded_rows, embedded_text
from directory.engines.embedded_text import Holders, TextIndex, TextWriter, bitmap_of, bitmap_where, numbers_of

WEIGHTS = {"names": 4.0, "bio": 1.0}
Texts = Sequence[Mapping[str, Sequence[str]]]

TOKEN = st.sampled_from(("a", "b", "anxieti", "obrien", "王", "王芳", "é", "zz"))
PROVIDER = st.fixed_dictionaries({"names": st.lists(TOKEN, max_size=4), "bio": st.lists(TOKEN, max_size=30)})


def built(folder: Path, texts: Texts) -> TextIndex:
    """The index of `texts`."""
    writer = TextWriter(folder, WEIGHTS)
    for text in texts:
        gathered = embedded_rows.Texts(WEIGHTS)
        gathered.add(text)
        writer.take(gathered)
    writer.finish()
    return TextIndex(folder)


def bm25(texts: Texts, token: str, number: int) -> float:
    """Lucene's BM25 (k1 1.2, b 0.75) of a token over all fields, times their weights."""
    score = 0.0
    for name, weight in WEIGHTS.items():
        found = [list(text.get(name, ())) for text in texts]
        stated = [f for f in found if f]
        times = Counter(found[number])[token]
        if not times:
            continue
        holders = sum(token in f for f in found)
        usual = sum(map(len, stated)) / len(stated)
        rarity = math.log(1 + (len(stated) - holders + 0.5) / (holders + 0.5))
        score += weight * rarity * times / (times + 1.2 * (0.25 + 0.75 * len(found[number]) / usual))
    return score


@given(st.lists(PROVIDER, max_size=12), st.integers(1, 60))
def test_members_and_scores(tmp_path_factory: pytest.TempPathFactory, texts: Texts, held: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # However little is held in memory, the files are the same.
        patch.setattr(embedded_text, "_HELD", held)
        index = built(tmp_path_factory.mktemp("text") / "text", texts)
    everyone = BitMap(range(len(texts)))
    for token in ("a", "anxieti", "obrien", "王", "王芳", "é", "zz", "absent", ""):
        wanted = [n for n, text in enumerate(texts) if any(token in found for found in text.values())]
        holders = index.holders(token)
        assert list(holders.members) == wanted
        expected = [bm25(texts, token, n) for n in range(len(texts))]
        assert scores([holders], everyone) == pytest.approx(expected, rel=1e-3, abs=1e-3)
        assert holders.most == pytest.approx(max(expected, default=0))


def scores(tokens: Sequence[Holders], found: BitMap) -> list[float]:
    """BM25 of each of `found` over all of `tokens`."""
    total = np.zeros(len(found), dtype=np.float32)
    for holders in tokens:
        common, impacts = holders.impacts(found)
        total[np.searchsorted(numbers_of(found), common)] += impacts
    return list(total)


def test_scores_of_few_are_those_of_all(tmp_path: Path) -> None:
    texts = [{"bio": ["a"] * (n % 7 + 1) + ["b"] * (n % 3)} for n in range(500)]
    index = built(tmp_path / "text", texts)
    everyone = np.arange(500, dtype=np.uint32)
    tokens = [index.holders(token) for token in ("a", "b")]
    total = np.array(scores(tokens, bitmap_of(everyone)))
    for some in (everyone, everyone[3:9], everyone[::50], everyone[::3], everyone[:0]):
        assert scores(tokens, bitmap_of(some)) == list(total[some])


def test_many_tokens_are_found(tmp_path: Path) -> None:
    texts = [{"names": [f"name{n}", f"name{n + 1}"]} for n in range(3000)]
    index = built(tmp_path / "text", texts)
    for n in (1, 2, 1500, 2999):
        assert list(index.holders(f"name{n}").members) == [n - 1, n]
    assert not list(index.holders("name3001").members)


@pytest.mark.parametrize("count", [0, 1, 4_096, 4_097, 65_535, 65_536, 65_537, 300_000])
@pytest.mark.parametrize("share", [0, 1e-5, 0.0625, 0.5, 1])
def test_sets_from_columns(count: int, share: float) -> None:
    mask = np.random.default_rng(count).random(count) < share
    made = bitmap_where(mask)
    assert made == BitMap(np.flatnonzero(mask))
    assert len(made) == np.count_nonzero(mask)
    # It goes on as any other set.
    assert made & BitMap(range(0, count, 3)) == BitMap(n for n in range(0, count, 3) if mask[n])


@given(st.sets(st.integers(0, 2**32 - 1)))
def test_sets_from_arrays(members: set[int]) -> None:
    ordered = np.array(sorted(members), dtype=np.uint32)
    assert list(bitmap_of(ordered)) == sorted(members)
    assert list(numbers_of(bitmap_of(ordered))) == sorted(members)
