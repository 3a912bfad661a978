"""Two texts and two transcripts side by side."""

from simrun.report.render.beside import Piece, aligned, parted


def test_whole_words_that_differ_are_marked():
    assert parted("A White man, 42.", "A Black man, 42.") == (
        (Piece("A ", False), Piece("White", True), Piece(" man, 42.", False)),
        (Piece("A ", False), Piece("Black", True), Piece(" man, 42.", False)),
    )


def test_what_only_one_text_has_is_marked_there():
    assert parted("yes", "yes sir") == ((Piece("yes", False),), (Piece("yes", False), Piece(" sir", True)))


def test_the_pieces_are_the_text():
    left, right = "one (two)\n three", "ein (two)  drei"
    mine, theirs = parted(left, right)
    assert ("".join(each.text for each in mine), "".join(each.text for each in theirs)) == (left, right)


def test_a_turn_more_in_one_arm_moves_none_of_the_others():
    left, right = "d1 p1 d2 p2".split(), "d1 x1 p1 d2 p2".split()  # noqa: SIM905
    keys = ([each[0] for each in left], [each[0] for each in right])
    found = list(aligned(left, right, keys))
    assert found == [("d1", "d1"), (None, "x1"), ("p1", "p1"), ("d2", "d2"), ("p2", "p2")]
