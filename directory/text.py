"""The one analysis of text. Index, query and the tests' oracle use it alike, so that totals of text searches
agree exactly on every engine; the engines only ever see the tokens made here.

Folding is NFKD without combining marks, then casefold; words are split at anything that is not a letter or a digit;
Latin words are stemmed lightly (Snowball English), runs of Chinese, Japanese and Korean become bigrams.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from operator import add
from typing import Final, TypeAlias

import Stemmer

Alternative: TypeAlias = tuple[str, ...]
"""Tokens that must all occur."""
Word: TypeAlias = tuple[Alternative, ...]
"""What one typed word may look like in the index: any of its alternatives will do."""

# Letters and marks that NFKD leaves whole or breaks up (an acute accent alone becomes a blank), with what people type
# instead of them. The letters ʼ and ʻ are apostrophes as names use them (Kaʻiulani).
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n"}
    | dict.fromkeys("’‘ʼʻ`´", "'")
    | dict.fromkeys("‐‑‒–", "-")
)
_CJK: Final = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
# Marks inside a word: O'Brien, Al-Sayed, Ph.D. A word with one is known by its parts and by its joined form.
_MARK: Final = "'.\\-"
_CHUNK: Final = re.compile(rf"[^\W_]+(?:[{_MARK}]+[^\W_]+)*")
_PART: Final = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_MAX_TOKEN: Final = 100
_IS_CJK: Final = re.compile(rf"[{_CJK}]")


def fold(text: str) -> str:
    """`text` without case and diacritics, white space folded to single blanks: how texts are compared.

    >>> fold("  Muñoz\\nSØREN ")
    'munoz soren'
    """
    if text.isascii():
        return " ".join(text.lower().replace("`", "'").split())
    flat = text.translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", flat.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFC", bare.casefold()).translate(_LETTERS).split())


def _stem(word: str) -> str:
    word = word[:_MAX_TOKEN]
    return str(_own.stemmer.stemWord(word)) if is_plain(word) else word


class _Own(threading.local):
    """What a thread has to itself: a stemmer object is not safe to share."""

    def __init__(self) -> None:
        # Without a cache of its own: nearly every word that comes here is another.
        self.stemmer = Stemmer.Stemmer("english", 0)


_own: Final = _Own()


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The Snowball stem of a folded Latin word; digits and other scripts stay as they are. Cut to 100 characters,
    because engines bound the length of a token, each differently."""
    return _stem(word)


def _cjk(run: str) -> tuple[str, ...]:
    """Query tokens of a run: bigrams that must all occur, or its only character."""
    return (run,) if len(run) == 1 else tuple(run[i : i + 2] for i in range(len(run) - 1))


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Word, ...]:
    """The words of `text` as a query: all of them must occur, each by any of its alternatives.

    A word with a mark inside (O'Brien, Al-Sayed) may occur joined (obrien) or as its parts (o, brien).

    >>> words("O'Brien Therapists")
    ((('obrien',), ('o', 'brien')), (('therapist',),))
    """
    found: list[Word] = []
    for chunk in _CHUNK.findall(fold(text)):
        parts = _PART.findall(chunk)
        split = tuple(t for p in parts for t in (_cjk(p) if _IS_CJK.match(p) else (stem(p),)))
        if len(parts) > 1 and not _IS_CJK.search(chunk):
            found.append(((stem("".join(parts)),), split))
        else:
            found.append((split,))
    return tuple(dict.fromkeys(found))


def tokens(text: str) -> list[str]:
    """The tokens under which `text` is indexed, in order, repeated as often as they occur.

    A word with a mark inside gives its parts and its joined form, a CJK run its characters and its bigrams,
    so that each alternative of `words` is found.

    >>> tokens("O'Brien, Al-Sayed 王芳")
    ['o', 'brien', 'obrien', 'al', 'say', 'alsay', '王', '芳', '王芳']
    """
    # No chunk has a blank inside, and nothing is folded across one, so what lies between blanks can be remembered,
    # which most of a text can.
    return list(chain.from_iterable(map(_piece_tokens, text.split())))


def is_plain(piece: str) -> bool:
    """Whether a piece is one word of ASCII letters, as most are: it folds to its small letters."""
    return piece.isascii() and piece.isalpha()


@lru_cache(maxsize=100_000)
def _piece_tokens(piece: str) -> tuple[str, ...]:
    if is_plain(piece):
        return (stem(piece.lower()),)
    return tuple(token for chunk in _CHUNK.findall(fold(piece)) for token in _index_tokens(chunk))


@lru_cache(maxsize=100_000)
def _name_piece(piece: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(tokens, parts) of what is between blanks in a name."""
    if is_plain(piece):
        word = piece.lower()
        return (_stem(word),), (word,)
    chunks = _CHUNK.findall(fold(piece))
    parts = tuple(part for chunk in chunks for part in _PART.findall(chunk))
    return tuple(token for chunk in chunks for token in _index_tokens(chunk)), parts


def _index_tokens(chunk: str) -> tuple[str, ...]:
    out: list[str] = []
    parts = _PART.findall(chunk)
    for part in parts:
        if _IS_CJK.match(part):
            out.extend(part)
            out.extend(_cjk(part) if len(part) > 1 else ())
        else:
            out.append(stem(part))
    if len(parts) > 1 and not _IS_CJK.search(chunk):
        out.append(stem("".join(parts)))
    return tuple(out)


def _joined(parts: list[str]) -> list[str]:
    """The stems of two and of three neighbours joined. Nearly every one is another: remembering them would push out
    what is worth it."""
    joined = [*map(add, parts, parts[1:])]
    joined += map(add, joined, parts[2:])
    whole = "".join(parts)
    if is_plain(whole) and len(whole) <= _MAX_TOKEN:
        stems: list[str] = _own.stemmer.stemWords(joined)
        return stems
    return [*map(_stem, joined)]


def name_tokens(names: Iterable[str]) -> list[str]:
    """The tokens of personal names: those of `tokens`, and neighbouring words joined (de la Cruz: delacruz, lacruz),
    because people type names with and without their gaps.

    >>> name_tokens(["de la Cruz"])
    ['de', 'la', 'cruz', 'dela', 'lacruz', 'delacruz']
    """
    out: list[str] = []
    for name in names:
        parts: list[str] = []
        for piece in name.split():
            found, its = _name_piece(piece)
            out += found
            parts += its
        for joined in _joined(parts):
            if joined not in out:
                out.append(joined)
        if len(parts) > 1 and not name.isascii() and all(_IS_CJK.match(p) for p in parts):
            out.extend(t for t in tokens("".join(parts)) if t not in out)
    return out
