"""A room answers many learners from one machine: recordings at once, the model in turn, strangers never."""

import contextlib
import threading
import time

import dspy
import pytest
from scripted import ScriptedEngine
from typer.testing import CliRunner

import kit
from kit.engines import lms
from kit.engines.hosted import RoomEngine
from kit.engines.llama import LlamaEngine
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine, Rollouts
from kit.engines.server import Server
from kit.workshop import room as rooms
from kit.workshop.cli import app
from kit.workshop.room import Load, Room

TOKEN = "harbour-light"
NAME = "qwen2.5-coder-0.5b"


def lm_over(live, folder):
    for name in ("supports_response_schema", "supported_params"):
        setattr(live, name, getattr(LlamaEngine, name))
    engine = ReplayEngine(live, Recordings(folder))
    return dspy.LM(f"offline/{NAME}", engine=engine, cache=False, callbacks=[Rollouts()])


@pytest.fixture
def live():
    return ScriptedEngine('{"colour": "blue"}')


@pytest.fixture
def room(live, tmp_path):
    """Return a room with one model and no recordings."""
    lm = lm_over(live, tmp_path / "replies")
    with Room("127.0.0.1", 0, TOKEN, {"small": lm, NAME: lm}) as room:
        yield room


@pytest.fixture
def joined(room, monkeypatch):
    """Set the one variable that participants set."""
    name, _, value = room.invitation.partition("=")
    monkeypatch.setenv(name, value)


def ask(thing="sky"):
    with dspy.context(lm=kit.lm("small"), adapter=dspy.JSONAdapter()):
        return dspy.Predict("thing -> colour")(thing=thing).colour


def test_one_variable_leads_participants_to_the_room(room, joined, live):
    """With KIT_ROOM set, what has no recording is answered there, schema and settings included."""
    assert ask() == "blue"
    (request,) = live.requests
    assert request.model == f"offline/{NAME}"
    assert request.config.temperature == 0.0
    assert request.config.response_format is not None
    assert (room.load.live, room.load.callers) == (1, {"127.0.0.1"})


def test_a_room_and_its_guest_may_live_in_one_process(tmp_path, live):
    """The guest waits for the room; the room does not wait for the guest, though both ask the same."""
    lm = lm_over(live, tmp_path / "replies")
    with Server(lm.engine, lm.model, key=TOKEN) as server:
        guest = RoomEngine(NAME, server.address.replace("//", f"//{TOKEN}@"))
        asking = dspy.LM(lm.model, engine=ReplayEngine(guest, lm.engine.recordings), cache=False)
        answers = []
        thread = threading.Thread(target=lambda: answers.extend(asking("What colour?")), daemon=True)
        thread.start()
        thread.join(timeout=30)
    assert answers == ['{"colour": "blue"}']


def test_what_was_recorded_here_is_replayed_there(tmp_path, live, monkeypatch):
    """A request that came over the network has the key under which it was recorded on this machine."""
    lm = lm_over(live, tmp_path / "replies")
    with dspy.context(lm=lm.copy(temperature=0.0, max_tokens=1000), adapter=dspy.JSONAdapter()):
        dspy.Predict("thing -> colour")(thing="sky")
    with Room("127.0.0.1", 0, TOKEN, {NAME: lm}) as room:
        monkeypatch.setenv("KIT_ROOM", room.invitation.partition("=")[2])
        assert ask() == "blue"
        assert (room.load.replayed, room.load.live) == (1, 0)
    assert len(live.requests) == 1


def test_a_learner_asks_the_same_only_once(joined, live):
    """The reply is remembered on the learner's side too."""
    assert [ask(), ask()] == ["blue", "blue"]
    assert len(live.requests) == 1


def test_what_two_ask_at_the_same_time_is_computed_once(room, live, monkeypatch):
    """Thirty learners who run the same new cell cost one computation."""
    answer = live.complete

    def slowly(request):
        time.sleep(0.3)
        return answer(request)

    monkeypatch.setattr(live, "complete", slowly)
    lms = [
        dspy.LM("openai/small", api_base=f"{room.address}/v1", api_key=TOKEN, cache=False) for _ in range(5)
    ]
    threads = [threading.Thread(target=lm, args=("Sky?",)) for lm in lms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(live.requests) == 1
    assert (room.load.live, room.load.replayed, room.load.waiting) == (1, 4, 0)


def test_who_waits_when_the_room_closes_is_not_asked_for(live, tmp_path, monkeypatch):
    """Ctrl-C waits for the reply that is being computed at most, and for none of those in the queue."""
    answer, begun, go_on = live.complete, threading.Event(), threading.Event()

    def blocked(request):
        begun.set()
        go_on.wait(60)
        return answer(request)

    def wait(lm, thing):
        with contextlib.suppress(dspy.LMError):
            lm(thing)

    monkeypatch.setattr(live, "complete", blocked)
    with Room("127.0.0.1", 0, TOKEN, {"small": lm_over(live, tmp_path / "replies")}) as room:
        lm = dspy.LM("openai/small", api_base=f"{room.address}/v1", api_key=TOKEN, cache=False, num_retries=0)
        threads = [threading.Thread(target=wait, args=(lm, thing)) for thing in ("Sky?", "Sea?", "Sun?")]
        for thread in threads:
            thread.start()
        begun.wait(60)
        while room.load.waiting < 3:
            time.sleep(0.01)
    go_on.set()
    for thread in threads:
        thread.join(60)
    room._asking.shutdown()
    assert len(live.requests) == 1


def test_a_stranger_gets_nothing(room, live):
    """Without the token no model is asked, and it is counted."""
    stranger = dspy.LM("openai/small", api_base=f"{room.address}/v1", api_key="guessed", num_retries=0)
    with pytest.raises(dspy.LMAuthError):
        stranger("Sky?", cache=False)
    assert (room.load.refused, room.load.callers, live.requests) == (1, set(), [])


def test_an_unknown_model_is_answered_with_the_known(room):
    """The message lists what the room serves."""
    lm = dspy.LM("openai/large", api_base=f"{room.address}/v1", api_key=TOKEN, num_retries=0)
    with pytest.raises(dspy.LMError, match=r"No model 'large' here\. Models: small, qwen"):
        lm("Sky?", cache=False)


def test_what_the_room_must_not_answer_is_told(room, joined, monkeypatch):
    """With KIT_LIVE=never on the instructor's machine a prompt without recording comes back as an error."""
    lm = dspy.LM("openai/small", api_base=f"{room.address}/v1", api_key=TOKEN, num_retries=0)
    monkeypatch.setenv("KIT_LIVE", "never")
    with pytest.raises(dspy.LMError, match="No recorded reply"):
        lm("Sky?", cache=False)
    assert room.load.waiting == 0


def test_it_serves_what_kit_lm_serves(monkeypatch):
    """By default there are the offline profile's models, by role and by name, whatever profile is set."""
    monkeypatch.setenv("KIT_PROFILE", "openai")
    found = rooms.offline_models()
    assert list(found)[:3] == ["small", "offline/qwen2.5-coder-0.5b", "qwen2.5-coder-0.5b"]
    assert found["large"].model == "offline/qwen2.5-coder-1.5b"


@pytest.mark.parametrize(
    "value", ["192.168.1.20:8700", "http://192.168.1.20:8700", "http://t@192.168.1.20", "x"]
)
def test_a_wrong_variable_is_explained_without_showing_it(value):
    """The message shows the form, and not the token."""
    with pytest.raises(ValueError, match="http://TOKEN@ADDRESS:PORT") as error:
        RoomEngine(NAME, value)
    assert value not in str(error.value).replace("ADDRESS", "")


def test_its_state_names_the_model_and_not_the_room(joined):
    """A saved program can be loaded elsewhere, and gives no token away."""
    engine = lms.offline_engine(NAME)
    assert repr(engine.live) == f"RoomEngine('{NAME}')"
    assert TOKEN not in str(engine.dump_state())
    assert isinstance(lms.ProjectEngine.load_state(engine.dump_state()).live, RoomEngine)


def test_the_load_is_read_in_a_line(room):
    """What the instructor sees says how many ask, and what they got."""
    load = Load(replayed=40, live=2, callers={"10.0.0.5", "10.0.0.6"})
    assert rooms.summary(load) == (
        "participants: 2 · 42 answered: 40 recorded, 2 live · 0 waiting · 0 refused"
    )
    shown = []

    def stop(text):
        shown.append(text)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rooms.watch(room, stop)
    assert shown[0].startswith("participants: 0")


def test_an_address_of_another_machine_is_refused():
    """A wrong address ends with exit code 1 and the question that helps."""
    result = CliRunner().invoke(app, ["room", "192.0.2.1"])
    assert result.exit_code == 1
    assert "Is it this machine's own address?" in result.output.replace("\n", " ")
