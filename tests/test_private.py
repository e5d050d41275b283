"""Private parts of other packages: each test's name says what an upgrade broke."""

import inspect
import sys
from pathlib import Path

import dspy
import pytest
from dspy.teleprompt.teleprompt import Teleprompter
from dspy.utils.callback import BaseCallback
from openinference.instrumentation.dspy import DSPyInstrumentor
from preflight.rows import has_inputs
from scripted import ScriptedEngine

from kit import private
from kit.documents import pages, texts

ROWS = [dspy.Example(text=f"row {number}", label="a").with_inputs("text") for number in range(20)]
PROGRAM = dspy.Predict("text -> label")


def lm(*replies, **options):
    return dspy.LM("test/private", engine=ScriptedEngine(*replies), num_retries=0, **options)


def test_dspy_keeps_the_calls_of_a_kernel_in_one_list():
    """`kit.usage()` and `kit.prompt()` read the history of all models."""
    before = len(private.history())
    lm("Blue.", cache=False)("Sky?")
    assert private.history()[before:][0].keys() >= {
        "cost",
        "messages",
        "outputs",
        "response",
        "usage",
        "uuid",
    }


def test_an_example_knows_whether_its_inputs_were_set():
    """`with_inputs` leaves a trace on the row."""
    assert has_inputs(ROWS[0])
    assert not has_inputs(dspy.Example(text="Hi"))


def test_the_cache_is_found_by_the_key_of_a_call():
    """A call that was made is found, one that was not is not, in both of DSPy's ways to call."""
    found, model = [], lm("Blue.", "Grey.", cache=True)

    class Looks(BaseCallback):
        def on_lm_start(self, call_id, instance, inputs):
            found.append(private.is_cached(instance, inputs, asynchronous=False))

    with dspy.context(callbacks=[Looks()]):
        for question in ("Sky?", "Sky?", "Sea?"):
            model(question)
    assert found == [False, True, False]


def test_the_callback_of_an_asynchronous_call_is_two_frames_below_its_wrapper():
    """`kit.engines.live` tells `acall` from a plain call by the name of DSPy's wrapper."""
    names = []

    class Looks(BaseCallback):
        def on_lm_start(self, call_id, instance, inputs):
            names.append(sys._getframe(2).f_code.co_name)

    with dspy.context(callbacks=[Looks()]):
        lm("Blue.", cache=False)("Sky?")
    assert names == ["sync_wrapper"]
    source = inspect.getsource(sys.modules["dspy.utils.callback"])
    assert "def async_wrapper(" in source


def test_evaluate_and_optimizers_tell_the_callbacks_of_their_class():
    """The question before many live calls needs to know when a run begins and ends."""
    seen = []

    class Sees(BaseCallback):
        def on_evaluate_start(self, call_id, instance, inputs):
            seen.append(("evaluate", sorted(inputs)[:2]))

        def on_compile_start(self, call_id, instance, inputs):
            seen.append(("compile", sorted(inputs)))

    class Optimizes(Teleprompter):
        def compile(self, student, *, trainset):
            return student

    class Evaluates(dspy.Evaluate):
        pass

    Optimizes.callbacks = Evaluates.callbacks = [Sees()]
    Optimizes().compile(PROGRAM, trainset=ROWS)
    with pytest.raises(ValueError, match="devset"):
        Evaluates(devset=[])(PROGRAM)
    assert seen == [("compile", ["student", "trainset"]), ("evaluate", ["callback_metadata", "devset"])]


def test_pools_carry_settings_into_their_threads():
    """A run is found in the threads of an Evaluate by a setting of its own."""
    found = []

    class Asks(dspy.Module):
        def forward(self, text):
            found.append(dspy.settings.get("kit_test"))
            return dspy.Prediction(label="a")

    with dspy.context(kit_test="here"):
        dspy.Parallel(num_threads=2, disable_progress_bar=True)([(Asks(), row) for row in ROWS[:3]])
    assert found == ["here"] * 3


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (dspy.Evaluate.__call__, {"program", "devset"}),
        (dspy.Parallel.forward, {"exec_pairs"}),
        (Teleprompter.compile, {"student", "trainset", "valset"}),
    ],
)
def test_evaluate_parallel_and_optimizers_name_their_parameters_as_before(function, names):
    """The question before many live calls reads rows and program off these parameters."""
    assert set(inspect.signature(function).parameters) >= names


def test_react_reports_a_tool_that_raised_in_the_same_words():
    """`kit.trajectory` marks a step as failed by how its observation begins."""

    def look(name: str) -> str:
        raise KeyError(name)

    steps = [
        '{"next_thought": "Look.", "next_tool_name": "look", "next_tool_args": {"name": "Wim"}}',
        '{"next_thought": "Done.", "next_tool_name": "finish", "next_tool_args": {}}',
        '{"reasoning": "It failed.", "answer": "nobody"}',
    ]
    with dspy.context(lm=lm(*steps, cache=False), adapter=dspy.JSONAdapter()):
        agent = dspy.ReAct("question -> answer", tools=[look])
        said = agent(question="Who is Wim?").trajectory["observation_0"]
    assert said.startswith(private.TOOL_FAILED)


def test_attachments_reads_unknown_kinds_as_plain_text():
    """Kinds that attachments does not know, and text files, have the same reader."""
    read, is_plain = texts.text_reader(".unknown")
    assert is_plain
    assert read(b"Hello", filename="a.txt")["text"] == "Hello"
    assert not texts.text_reader(".ipynb")[1]


def test_attachments_finds_the_files_of_a_folder_and_says_what_it_left_out(tmp_path):
    """A folder gives name and bytes of each file, and a report on what was skipped."""
    (tmp_path / "a.txt").write_text("Hello", encoding="utf-8")
    (tmp_path / ".env").write_text("KEY=1", encoding="utf-8")
    files, skipped = pages._unpack(tmp_path)
    assert [(Path(name).name, data) for name, data in files] == [("a.txt", b"Hello")]
    assert ".env" in skipped


def test_openinference_notes_what_it_wrapped():
    """Our instrumentor puts each original back from a list of module and name."""
    parameters = list(inspect.signature(DSPyInstrumentor._wrap_object).parameters)
    assert parameters[:3] == ["self", "module", "name"]
    source = inspect.getsource(DSPyInstrumentor)
    assert "self._originals.append((module, name))" in source
