"""Questions of others as files: tables, JSON lines, folders, and rows that are no question."""

import json

import pytest

from simrun.scenarios.dialogue.multiple_choice import questions


def given(path, first="auto"):
    found, faults = questions(str(path), "", first, 0, 0)
    return {each.question: each.options[each.answer] for each in found}, [str(each) for each in faults]


@pytest.mark.parametrize(
    ("name", "text", "answers"),
    [
        ("astronomy_test.csv", '"One, or two?",1,2,3,4,B\nWhy?,p,q,r,s,d\n', {"One, or two?": "2", "Why?": "s"}),
        ("head.csv", "question,A,B,C,D,answer\nq?,a,b,c,,C\n", {"q?": "c"}),
        ("semicolon.csv", "q?;a;b;c;d;A\n", {"q?": "a"}),
        ("named.csv", "Question,Option A,Option B,Correct Answer\nq?,None,NA,B\n", {"q?": "NA"}),
        ("listed.csv", "question,choices,answer\nq?,\"['a', 'b']\",1\n", {"q?": "b"}),
    ],
)
def test_tables_with_and_without_header(tmp_path, name, text, answers):
    (tmp_path / name).write_text(text)
    found, faults = given(tmp_path / name)
    assert (found, faults) == (answers, [])


@pytest.mark.parametrize(
    ("row", "right"),
    [
        ({"question": "q", "choices": ["a", "b"], "answer": 1}, "b"),
        ({"question": "q", "choices": ["a", "b"], "answer": "A"}, "a"),
        ({"question": "q", "options": {"A": "a", "B": "b"}, "answer": "b", "answer_idx": "B"}, "b"),
        (
            {
                "question": {"stem": "q", "choices": [{"text": "a", "label": "1"}, {"text": "b", "label": "2"}]},
                "answerKey": "1",
            },
            "a",
        ),
        ({"question_stem": "q", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "B"}, "b"),
        ({"question": "q", "options": ["A)a", "B)b", "C)c"], "correct": "C"}, "c"),
        ({"question": "q", "opa": "a", "opb": "b", "opc": "c", "opd": "d", "cop": 0}, "a"),
        ({"ctx": "q", "endings": ["a", "b", "c", "d"], "label": "3"}, "d"),
        ({"question": "q", "A": "1", "B": "2", "C": "3", "answer": "(b)"}, "2"),
        ({"question": "q", "options": list("abcdefghij"), "answer": "J", "answer_index": 9}, "j"),
    ],
)
def test_json_lines_of_many_makers(tmp_path, row, right):
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(row))
    assert given(file) == ({"q": right}, [])


def test_from_where_answers_count_is_found_out_from_all_of_them(tmp_path):
    rows = [{"sentence": str(nth), "option1": "a", "option2": "b", "answer": nth} for nth in (1, 2)]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    assert given(file) == ({"1": "a", "2": "b"}, [])
    assert given(file, first=0)[0] == {"1": "b"}
    file.write_text(json.dumps({**rows[0], "answer": 0}) + "\n" + json.dumps({**rows[1], "answer": 1}))
    assert given(file) == ({"1": "a", "2": "b"}, [])


def test_a_row_that_is_no_question_is_named_and_the_others_play(tmp_path):
    rows = [
        {"question": "good", "choices": ["a", "b"], "answer": 0},
        {"question": "q", "choices": ["a", "b"], "answer": 7},
        {"question": "q", "choices": ["a", "b"]},
        {"question": "q", "choices": ["a"], "answer": 0},
        {"question": "q", "choices": ["a", "", "b"], "answer": 0},
        {"question": "", "choices": ["a", "b"], "answer": 0},
        {"question": "q", "choices": ["a", "a"], "answer": 0},
        {"question": "either way", "choices": ["2", "1", "0"], "answer": "1"},
        {"question": "q", "choices": ["1", "2", "3"], "answer": "1"},
        {"question": "q", "choices": ["a", "b"], "answer": "c"},
        {"question": "q", "choices": ["a", "b"], "answer": True},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\nnot json\n")
    found, faults = given(file)
    assert found == {"good": "a", "either way": "1"}
    told = (
        "'answer': 7 of 2 options, counted from 0 (scenario.first)",
        "'answer': missing; this row has question, choices",
        "'choices': 1 of them; a question has 2 to 10",
        "'choices': option 2 of 3 is empty",
        "'question': empty",
        "'options': the right one, 'a', stands there twice",
        "'answer': 1 is one option's text and another's number; give its letter",
        "'answer': 'c' is no letter, number or text of the 2 options",
        "'answer': expected one letter, number or option, got a truth value",
        "'-': not JSON",
    )
    lines = (2, 3, 4, 5, 6, 7, 9, 10, 11, 12)
    for fault, line, why in zip(faults, lines, told, strict=True):
        assert fault.startswith(f"{file}:{line}: field {why}")


def test_a_folder_of_files_and_a_folder_of_none(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("college_physics_test", "world_religions_test"):
        (tmp_path / "data" / f"{name}.csv").write_text("q of NAME,a,b,c,d,A\n".replace("NAME", name))
    found, _ = questions(str(tmp_path / "data"), "", "auto", 0, 0)
    assert [each.subject for each in found] == ["college physics", "world religions"]
    (tmp_path / "none").mkdir()
    with pytest.raises(ValueError, match="holds no question; a file of them ends in"):
        questions(str(tmp_path / "none"), "", "auto", 0, 0)


def test_options_that_speak_of_each_other_keep_their_order(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("one?,a,b,All of the above,d,C\ntwo?,a,b,Both A and B,d,C\nthree?,a,E and 7,c,d,C\n")
    by_question = {each.question: each for each in questions(str(file), "", "auto", 0, 0)[0]}
    assert by_question["one?"].orders == by_question["two?"].orders == ((0, 1, 2, 3),)
    first, second = by_question["three?"].orders
    assert (sorted(first), second) == ([0, 1, 2, 3], first[::-1])
