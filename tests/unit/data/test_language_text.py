"""Texts and tokens: what is stripped, what round-trips, the corpus file, generated text's measures."""

import json

import numpy as np
import pytest
import tiny_text
from score_mlx.data.text import corpus, texts, tokens
from score_mlx.models.language import measures
from score_mlx.models.language.batches import Windows
from score_mlx.system.errors import UserError

BOOK = """\ufeffProject Gutenberg's The Complete Works

*** START OF THIS PROJECT GUTENBERG EBOOK THE COMPLETE WORKS ***

The Complete Works



      Contents



               THE FIRST

               SECOND; OR, WHAT



THE FIRST

SCENE I. A room. The first is told.
  SECOND; OR, WHAT
Words.
*** END OF THIS PROJECT GUTENBERG EBOOK THE COMPLETE WORKS ***
Licence: THE FIRST
"""


def test_a_book_without_its_frame(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text(BOOK, encoding="utf-8")
    text = texts.gutenberg(path)
    assert "Gutenberg" not in text and "Licence" not in text and "\ufeff" not in text
    assert text.startswith("The Complete Works\n") and text.endswith("Words.\n")
    assert [line for line in text.splitlines() if texts.START_OF_PLAY in line] == ["§THE FIRST", "§  SECOND; OR, WHAT"]


@pytest.mark.parametrize(
    ("content", "line"), [("nothing", "no lines '*** START"), (BOOK.replace("Contents", "x"), "no indented titles")]
)
def test_another_edition_is_refused(content, line, tmp_path):
    path = tmp_path / "book.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        texts.gutenberg(path)
    assert str(raised.value).startswith(f"{path}: {line}")


def test_shakespeare_in_gpt4os_tokens(shared_data):
    """The vocabulary is the one found for this edition, and one more for the start of a play."""
    files = {name: shared_data(name) for name in ("gutenberg-100-0.txt", "o200k_base.tiktoken")}
    text = texts.gutenberg(files["gutenberg-100-0.txt"])
    ids, vocabulary = tokens.gpt4o(text, files["o200k_base.tiktoken"])
    assert len(vocabulary) == 23_861
    assert b"".join(vocabulary[i] for i in ids).decode() == text
    plain, bare = tokens.gpt4o(text.replace(texts.START_OF_PLAY, ""), files["o200k_base.tiktoken"])
    assert len(bare) == 23_860


def test_tiny_shakespeare_has_65_characters(shared_data):
    ids, vocabulary = tokens.characters(texts.tiny_shakespeare(shared_data("tinyshakespeare.txt")))
    assert (len(ids), len(vocabulary)) == (1_115_394, 65)


def test_damaged_ranks(tmp_path):
    path = tmp_path / "ranks"
    path.write_text("a\n")
    with pytest.raises(UserError, match="not a file of token ranks"):
        tokens.gpt4o("x", path)
    with pytest.raises(UserError, match="cannot read GPT-4o's token ranks"):
        tokens.gpt4o("x", tmp_path / "missing")


def test_byte_pairs_round_trip():
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghij"), rng.integers(2, 9))) for _ in range(12_000)]
    text = " ".join(words) + " naïve § 12345\n"
    ids, vocabulary = tokens.byte_pairs(text)
    assert len(vocabulary) == tokens.BPE_VOCABULARY and ids.max() < tokens.BPE_VOCABULARY - tokens.DOCUMENT
    assert b"".join(vocabulary[i] for i in ids).decode() == text
    assert len(ids) < len(text) / 2
    assert vocabulary[-tokens.DOCUMENT :] == [b""] * tokens.DOCUMENT


def test_the_chain_has_the_entropy_it_says():
    chain, text = tiny_text.CHAIN, tiny_text.CHAIN.text(50_000)
    letters = np.array([chain.LETTERS.index(letter) for letter in text])
    surprise = -np.log(chain.transitions[letters[:-1], letters[1:]])
    assert surprise.mean() == pytest.approx(chain.entropy_rate, abs=0.02)
    assert chain.entropy_rate == pytest.approx(1.929, abs=0.001)
    np.testing.assert_allclose(chain.stationary @ chain.transitions, chain.stationary, atol=1e-12)
    assert chain.text(100) == text[:100] and chain.text(100, seed=1) != text[:100]


def test_a_corpus_is_what_was_saved(tmp_path):
    made = corpus.make("markov-char", {})
    made.save(tmp_path)
    again = corpus.Corpus.load(tmp_path)
    assert again.info == made.info and again.vocabulary == made.vocabulary
    np.testing.assert_array_equal(again.tokens, made.tokens)
    train, validation = again.divided(0.9)
    assert len(train) == 180_000 and len(validation) == 20_000
    assert again.decode(again.tokens[:5]) == texts.markov()[:5]
    assert again.record().stand_in is True


@pytest.mark.parametrize("damage", ["truncate", "other", "pickle", "missing"])
def test_a_damaged_corpus_is_refused(damage, tmp_path):
    tiny_text.markov().save(tmp_path)
    path = tmp_path / "tokens.npz"
    if damage == "truncate":
        path.write_bytes(path.read_bytes()[:100])
    elif damage == "other":
        info = json.loads((tmp_path / "corpus.json").read_text())
        (tmp_path / "corpus.json").write_text(json.dumps(info | {"sha256": "0" * 64}))
    elif damage == "pickle":
        np.savez(path, tokens=np.array([{}], object), vocabulary=np.zeros(1), ends=np.zeros(1), cut=0)
    else:
        path.unlink()
    with pytest.raises(UserError, match=str(path)):
        corpus.Corpus.load(tmp_path)


def test_an_unknown_corpus():
    with pytest.raises(UserError, match="unknown corpus 'shakespeer-char'.*did you mean 'shakespeare-char'"):
        corpus.sources_of("shakespeer-char")
    assert corpus.sources_of("shakespeare-gpt4o") == ["gutenberg", "o200k_base"]
    assert corpus.sources_of("markov-char") == []


def test_windows_follow_the_text():
    windows = Windows(np.arange(50, dtype=np.int32), 8, [0], "a text")
    inputs, targets = windows.drawn(6, 1, 0)
    np.testing.assert_array_equal(np.array(targets), np.array(inputs) + 1)
    np.testing.assert_array_equal(np.array(windows.drawn(6, 1, 0)[0]), np.array(inputs))
    assert (np.array(windows.drawn(6, 1, 1)[0]) != np.array(inputs)).any()
    in_turn = np.concatenate([np.array(batch[0]) for batch in windows.in_turn(2, 40)])
    np.testing.assert_array_equal(in_turn.ravel(), np.arange(40))
    with pytest.raises(UserError, match="a text has 5 tokens, expected more than context = 8"):
        Windows(np.arange(5), 8, [0], "a text")


def test_measures_of_text():
    corpus_text = "The king's horse, my lord! A horse."
    # five words that count: a zebra is unknown, the last word may be cut off
    assert measures.known_words("A HORSE a king's zebra, lord", corpus_text) == pytest.approx(4 / 5)
    assert measures.known_words("123 ", corpus_text) is None
    assert measures.longest_copy("xx my lord! yy", corpus_text) == len(" my lord! ")
    assert measures.longest_copy("", corpus_text) == 0
