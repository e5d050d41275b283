"""A run is read as a tree and a curve: the same facts as text, as HTML and as a picture."""

import io
from dataclasses import replace

from PIL import Image

from kit.evaluation.run_views import Curve, Tree
from kit.evaluation.runs import Candidate, Run

SORT = "Sort the ticket."


def candidate(number, parents, scores, calls, *lines, **more):
    text = "\n".join([SORT, *lines])
    score = 100 * sum(scores) / len(scores)
    return Candidate(number, parents, "", score, len(scores), calls, {"self": text}, {}, scores, **more)


RUN = Run(
    "GEPA",
    {"seed": 0},
    {"task": "offline/small", "writer": "offline/large"},
    {"train": 8, "validation": 4},
    [
        candidate(0, [], [1.0, 0.0, 0.0, 0.0], 4),
        candidate(1, [0], [0.0, 1.0, 0.0, 0.0], 15, "Look twice."),
        candidate(2, [0], [1.0, 0.0, 1.0, 0.0], 26, "<b>Mind</b> deadlines.", won=True),
        replace(candidate(3, [2, 1], [1.0, 0.0, 0.0, 0.0], 37, "Both."), label="merged"),
    ],
    calls=40,
    input_tokens=2000,
    output_tokens=100,
    seconds=120.0,
)


def test_the_tree_shows_who_came_of_whom():
    """Candidates stand beneath their first parent; the winner is marked; the first new words are quoted."""
    assert repr(RUN).splitlines() == [
        "GEPA · 25.0 → 50.0 on 4 validation rows · 4 candidates",
        "task small, writer large · rows: 8 train, 4 validation · "
        "40 calls, 2,100 tokens, 2.0 minutes, $0.0000",
        "",
        "0 · 25.0 · 'Sort the ticket.'",
        "├─ 1 · 25.0 · 'Look twice.'",
        "└─ 2 · 50.0 · ★ won · '<b>Mind</b> deadlines.'",
        "   └─ 3 · 25.0 · merged with 1 · 'Both.'",
    ]


def test_the_tree_unfolds_without_a_script():
    """In HTML each candidate folds out to what it changed; what a model wrote is text, not markup."""
    page = Tree(RUN)._repr_html_()
    assert page.count("<details>") == 4
    assert "candidate 2 → candidate 3" in page
    assert "<b>Mind</b>" not in page
    assert "<script" not in page


def test_demos_are_counted_where_they_changed():
    """A candidate with other demos than its parent says how many; a part of the rows is named."""
    parts = [
        RUN.seed,
        replace(RUN.candidates[1], demos={"self": [{"text": "a"}]}, rows=2),
        *RUN.candidates[2:],
    ]
    assert "1 · 25.0 · on 2 rows alone · 'Look twice.', 1 demo" in repr(replace(RUN, candidates=parts))


def test_predictors_are_named_where_there_are_several():
    """Of two predictors, the one that changed is named."""
    parts = [
        replace(one, instructions={"draft": "Write.", "sort": one.instructions["self"]})
        for one in RUN.candidates
    ]
    assert "1 · 25.0 · sort: 'Look twice.'" in repr(replace(RUN, candidates=parts))


def test_long_instructions_are_cut_between_words():
    """A line of the tree stays a line."""
    long = [*RUN.candidates[:3], candidate(3, [0], [0.0] * 4, 37, "word " * 200)]
    last = repr(replace(RUN, candidates=long)).splitlines()[-1]
    assert last.endswith("word ...'")
    assert len(last) < 100


def test_the_curve_never_falls():
    """Each candidate stands where its score was known; beside it the best so far."""
    assert repr(RUN.curve).splitlines() == [
        "calls of models  candidate  score  best so far",
        "              4          0   25.0         25.0",
        "             15          1   25.0         25.0",
        "             26          2   50.0         50.0",
        "             37          3   25.0         50.0",
    ]


def test_the_curve_is_a_small_picture_on_white():
    """It reads in a dark theme too, and a notebook with some of them stays small."""
    picture = RUN.curve._repr_png_()
    assert len(picture) < 40_000
    assert Image.open(io.BytesIO(picture)).convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)


def test_scores_over_a_part_of_the_rows_are_not_on_the_curve():
    """A minibatch's score would promise too much."""
    parts = [*RUN.candidates[:3], replace(RUN.candidates[3], rows=2, score=100.0)]
    assert "100.0" not in repr(Curve(replace(RUN, candidates=parts)))


def test_what_was_not_kept_is_said():
    """Without scores there is no curve, and no error either."""
    bare = replace(RUN, candidates=[Candidate(0, []), Candidate(1, [0], won=True)], calls=None)
    assert repr(Curve(bare)) == "No scores over calls were kept."
    assert Curve(bare)._repr_png_() is None
    assert repr(bare).splitlines()[-1] == "└─ 1 · ★ won"
