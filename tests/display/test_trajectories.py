"""An agent's steps are shown as thought, tool, arguments and observation; failures and lengths are told."""

import json

import dspy
import pytest
from scripted import ScriptedEngine

from kit.display.trajectories import shortened, trajectory


def read(name: str) -> str:
    """Read one person's biography."""
    return {"Wim": "Wim designs cases.", "Tome": "a" * 1_000_000}[name]


def step(thought, tool, **arguments):
    return json.dumps({"next_thought": thought, "next_tool_name": tool, "next_tool_args": arguments})


def act(*replies, **options):
    """Run an agent over scripted replies, the last of which is its answer."""
    lm = dspy.LM("test/model", engine=ScriptedEngine(*replies), cache=False, num_retries=0)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
        return dspy.ReAct("question -> answer", tools=[read], **options)(question="What does Wim do?")


FINISH = step("I know it.", "finish")
ANSWER = '{"reasoning": "It says so.", "answer": "Cases."}'


def test_plain_text_holds_every_part_in_order():
    """Thought, tool, arguments and observation of each step, then the outputs."""
    shown = trajectory(act(step("Look him up.", "read", name="Wim"), FINISH, ANSWER))
    assert repr(shown) == (
        "2 steps\n\n"
        "--- step 1 · read(name='Wim') ---\nthought: Look him up.\nobservation: Wim designs cases.\n\n"
        "--- step 2 · finish() ---\nthought: I know it.\nobservation: Completed.\n\n"
        "--- outputs ---\nreasoning: It says so.\nanswer: Cases."
    )


def test_each_step_can_be_folded():
    """HTML has a foldable block for each step and one for the outputs."""
    html = trajectory(act(step("Look him up.", "read", name="Wim"), FINISH, ANSWER))._repr_html_()
    assert html.startswith("<p><b>2 steps</b></p><details open")
    assert html.count("<summary>") == 3
    assert "<summary><b>step 1 · read(name=&#x27;Wim&#x27;)</b></summary>" in html


def test_markup_is_escaped():
    """A tool's result is data: HTML in it is shown as text and never runs."""
    attack = "<img src=x onerror=alert(1)>"
    shown = trajectory(act(step(attack, "read", name=attack), FINISH, ANSWER))
    assert "<img" not in shown._repr_html_()
    assert attack in repr(shown)


def test_a_failed_tool_is_marked():
    """The error is named and the step marked; the traceback with its file paths stays out."""
    shown = trajectory(act(step("Look.", "read", name="Nobody"), FINISH, ANSWER))
    assert [step.failed for step in shown.steps] == [True, False]
    assert repr(shown).startswith("2 steps, 1 failed\n\n--- step 1 · read(name='Nobody') · FAILED ---")
    assert "Execution error in read: KeyError: 'Nobody'\n[the prompt held the traceback too]" in repr(shown)
    assert __file__ in shown.steps[0].observation
    assert __file__ not in repr(shown) + shown._repr_html_()


def test_a_failure_told_in_one_line_is_shown_whole():
    """A tool may word its failure itself; without a traceback nothing is left out."""
    steps = {"thought_0": "Look.", "tool_name_0": "read", "tool_args_0": {}}
    told = dspy.Prediction(trajectory=steps | {"observation_0": "Execution error in read: no such person"})
    assert "FAILED ---\nthought: Look.\nobservation: Execution error in read: no such person\n" in repr(
        trajectory(told)
    )


def test_an_error_of_an_error_is_named_by_the_last():
    """Of chained exceptions the one that reached the agent is shown, with all lines of its message."""
    trace = (
        "Execution error in read: \nTraceback (most recent call last):\n  File 'a'\nKeyError: 'x'\n\n"
        "During handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n  File 'b'\nValueError: two lines:\nhere and there"
    )
    steps = {"thought_0": "", "tool_name_0": "read", "tool_args_0": {}, "observation_0": trace}
    shown = repr(trajectory(dspy.Prediction(trajectory=steps)))
    assert "observation: Execution error in read: ValueError: two lines:\nhere and there\n[" in shown


def test_a_megabyte_is_shortened_and_its_length_told():
    """A long observation is cut in both forms; the step itself keeps it whole."""
    shown = trajectory(act(step("Read all.", "read", name="Tome"), FINISH, ANSWER))
    assert len(repr(shown)) < 1_500
    assert len(shown._repr_html_()) < 3_000
    assert "aaa ... [1,000,000 characters in all]" in repr(shown)
    assert len(shown.steps[0].observation) == 1_000_000


def test_a_text_of_just_the_longest_length_is_whole():
    """Only what is longer is cut."""
    assert shortened("a" * 600) == "a" * 600
    assert shortened("a" * 601) == "a" * 600 + " ... [601 characters in all]"


def test_an_agent_that_was_stopped_has_no_finish():
    """With the bound reached, the steps taken are shown, and the answer made of them."""
    shown = trajectory(act(step("Look.", "read", name="Wim"), ANSWER, max_iters=1))
    assert [step.tool for step in shown.steps] == ["read"]
    assert repr(shown).startswith("1 step\n")


def test_a_trajectory_whose_oldest_steps_were_cut():
    """ReAct drops its oldest steps when the context is full; the numbers of the rest need not start at 0."""
    steps = {"thought_3": "So?", "tool_name_3": "read", "tool_args_3": {"name": "Wim"}, "observation_3": "x"}
    assert [step.thought for step in trajectory(dspy.Prediction(trajectory=steps)).steps] == ["So?"]


def test_react_v2_is_shown_the_same_way():
    """The experimental agent keeps a history instead of a trajectory; its failed calls are marked too."""
    agent = dspy.ReActV2("question -> answer", tools=[read])
    replies = [
        {"next_thought": "Look.", "tool_calls": {"tool_calls": [{"name": "read", "args": {"name": "Wim"}}]}},
        {"next_thought": "Who?", "tool_calls": {"tool_calls": [{"name": "read", "args": {"name": "Jo"}}]}},
        {
            "next_thought": "Done.",
            "tool_calls": {"tool_calls": [{"name": "submit", "args": {"answer": "C"}}]},
        },
    ]
    engine = ScriptedEngine(*map(json.dumps, replies))
    lm = dspy.LM("test/model", engine=engine, cache=False, num_retries=0)
    with dspy.context(lm=lm, adapter=dspy.JSONAdapter(use_native_function_calling=False)):
        shown = trajectory(agent(question="What does Wim do?"))
    assert [step.call for step in shown.steps] == [
        "read(name='Wim')",
        "read(name='Jo')",
        "submit(answer='C')",
    ]
    assert [step.failed for step in shown.steps] == [False, True, False]
    assert [step.thought for step in shown.steps] == ["Look.", "Who?", "Done."]
    assert shown.outputs == {"answer": "C"}


def test_a_prediction_without_steps_is_refused():
    """The message names what was given and what to give."""
    with pytest.raises(ValueError, match="holds answer, and no agent's steps"):
        trajectory(dspy.Prediction(answer="Cases."))
