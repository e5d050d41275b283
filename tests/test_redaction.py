"""No secret survives in a text that is shown, stored or sent, whatever its name, form and spelling."""

import base64
import html
import json
import logging
import time
import urllib.parse

import dspy
import hub
import nbformat
import orjson
import pytest
from opentelemetry.sdk.trace import TracerProvider
from scripted import ScriptedEngine

from kit import notices
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine
from kit.engines.server import Server
from kit.export import files
from kit.redaction import HIDDEN, HoldsSecret, hide, names_secret, refuse
from kit.tracing import trees
from kit.workshop import lessons

ODD = """It's 5%: "q\\z" ü😀"""


@pytest.mark.parametrize(
    "text",
    [
        '{"api_key": "s3cr3t-value"}',
        r'{"kwargs": "{\"api_key\": \"s3cr3t-value\"}"}',
        "{'Authorization': 'Bearer s3cr3t-value'}",
        "aws_secret_access_key=s3cr3t-value, region=eu",
        "azure_ad_token: s3cr3t-value",
        "curl -H 'X: Bearer s3cr3t-value'",
        "Incorrect API key provided: sk-s3cr3t-value.",
        "DB_PASSWORD=s3cr3t-value",
        "spring.datasource.password: s3cr3t-value",
        '{"dbPassword":"s3cr3t-value","port":5432}',
        "{&quot;client_secret&quot;: &quot;s3cr3t-value&quot;}",
        "postgres://reader:s3cr3t-value@db.example.org:5432/notes",
        "https://s3cr3t-value@git.example.org/notes.git",
        "Server=db;User Id=reader;Password=s3cr3t-value;",
        "GET /notes?access_token=s3cr3t-value&page=2",
        "Driver={x};Uid=reader;Pwd=s3cr3t-value;",
        "Cookie: session=s3cr3t-value; theme=dark",
        "LDAP_BIND_PW=s3cr3t-value",
    ],
)
def test_a_secret_is_hidden_however_it_is_written(text):
    """JSON, JSON inside JSON, a dict's repr, HTML, a header, a URL, an error message."""
    assert "s3cr3t-value" not in hide(text)
    assert HIDDEN in hide(text)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('{"password": "a\'b\\"c, d", "port": 1}', '{"password": "(hidden)", "port": 1}'),
        ("{'token': 'it\"s-7-mine', 'port': 1}", "{'token': '(hidden)', 'port': 1}"),
        ('{"x": "{\\"secret\\": \\"a\'b c\\"}", "n": 1}', '{"x": "{\\"secret\\": \\"(hidden)\\"}", "n": 1}'),
        ("postgres://u:a'b@c@host/db", "postgres://u:(hidden)@host/db"),
        ("Authorization: Bearer a'b\"c-7", "Authorization: Bearer (hidden)"),
        ('password="a secret that was cut o', 'password="(hidden)'),
    ],
)
def test_a_quote_within_a_secret_does_not_end_it(text, hidden):
    """The value ends where its own quote closes, and what follows stays readable."""
    assert hide(text) == hidden


@pytest.mark.parametrize(
    "key",
    [
        "sk-ant-api0~3-AbCdEf0123456789",
        "sk_live_0~123456789abcdef",
        "AIzaSyA0123~456789abcdefghijk",
        "ghp_012345~6789abcdefghijklm",
        "github_pat_01~23456789abcdefghijklm",
        "glpat-0123~456789abcdefghij",
        "AKIA0123~456789ABCDEF",
        "xoxb-012~3456789-abcdef",
        "hf_0123456~789abcdefghijklm",
        "gsk_012345~6789abcdefghijklm",
        "eyJhbGciOiJIUzI1NiJ9.~eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY--~---\nMIIEow\n-----END RSA PRIVATE KEY-----",
        "https://hooks.slack.com/~services/T0123/B0123/abcdefghijkl0123",
        "Basic cmVh~ZGVyOmh1bnRlcjI=",
        "AQ.Ab012345678~9abcdefghijklmnopqrstuv",
        "tgp_v1_01234~56789abcdefghijklm",
        "fw_0123456~789abcdefABCDEFgh",
        "dapi0123456789~abcdef0123456789abcdef",
        "csk-012345~6789abcdefghijklm",
        "pa-0123456789abcde~fghijklmnopqrstuvwxyzABCDEFGH",
        "lsv2_pt_0123~456789abcdefghijklm",
        "pcsk_012345~6789abcdefghijklm",
        "llx-012345~6789abcdefghijklm",
        "hvs.01234567~89abcdefghijklmnop",
        "SG.0123456789abcd~efghij.0123456789abcdefghij",
        "123456789:AA012345~6789abcdefghijklmnopqrstuvw",
        "https://x.blob.core.window~s.net/c?sv=2022&sig=0123456789abcdef%2B",
        "https://api.exampl~e/v1?key=0123456789abcdefghij",
        "run --token ~0123456789abcdefghij",
    ],
)
def test_a_key_is_known_by_its_form(key):
    """Where neither a name nor the environment tells, the form of a provider's keys does.

    None of them is a key; each is broken by a "~" here, so that scanners of sources do not take it for one.
    """
    key = key.replace("~", "")
    hidden = hide(f"note {key} end")
    assert hidden.endswith(f"{HIDDEN} end")
    assert key[-12:] not in hidden
    with pytest.raises(HoldsSecret, match="form of a key or a password"):
        refuse(f"note {key} end", "This note")


SPELLINGS = {
    "plain": str,
    "JSON": json.dumps,
    "JSON of letters as they are": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "repr": repr,
    "repr in JSON": lambda text: json.dumps(repr(text)),
    "URL": lambda text: urllib.parse.quote(text, safe=""),
    "query": urllib.parse.quote_plus,
    "URL in URL": lambda text: urllib.parse.quote(urllib.parse.quote(text)),
    "HTML": html.escape,
    "HTML in JSON": lambda text: json.dumps(html.escape(text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "basic": lambda text: base64.b64encode(f"reader:{text}".encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(f"a:{text}:z".encode()).decode(),
}
NAMES = [
    "DB_PASSWORD",
    "SOME_TOKEN",
    "CLIENT_SECRET",
    "LOCAL_SERVER_KEY",
    "PGPASSWORD",
    "apiKey",
    "MYSQL_PWD",
]


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("value", [ODD, "harbour-light-7", "correct horse+battery/staple"])
def test_the_environments_secrets_are_found_in_every_spelling(monkeypatch, value, spelling):
    """A secret that was escaped or encoded on its way is still a secret."""
    monkeypatch.setenv("DB_PASSWORD", value)
    text = f"<{spelling(value)}>"
    assert HIDDEN in hide(text)
    assert spelling(value)[4:-4] not in hide(text)
    with pytest.raises(HoldsSecret, match="the value of DB_PASSWORD"):
        refuse(text, "This text")


@pytest.mark.parametrize("name", NAMES)
def test_the_environments_secrets_are_hidden_anywhere(monkeypatch, name):
    """The value of a variable with such a name goes even where nothing says that it is a secret."""
    monkeypatch.setenv(name, "plain-looking")
    assert hide("refused: plain-looking!") == "refused: (hidden)!"


@pytest.mark.parametrize(
    "value",
    [
        "postgres://reader:plain-looking@db/notes",
        "http://plain-looking@192.0.2.1:8700",
        "Server=db;Password=plain-looking;Port=1",
    ],
)
def test_a_password_within_a_setting_is_a_secret(monkeypatch, value):
    """A connection string with a harmless name holds a password all the same; the rest of it is none."""
    monkeypatch.setenv("NOTES_DATABASE", value)
    assert hide("refused: plain-looking at db") == "refused: (hidden) at db"


@pytest.mark.parametrize(
    "name", ["max_tokens", "PWD", "OLDPWD", "KEYBOARD", "PASSWORD_FILE", "cache_key", "n"]
)
def test_other_names_name_no_secret(name):
    """Token counts, folders and files that hold a secret are none themselves."""
    assert not names_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        '{"max_tokens": 1000, "temperature": 0.0}',
        "the key question: who pays?",
        '{"key": "0123456789abcdef0123", "token": "Hello"}',
        "Basic training: http://127.0.0.1:8000/a@b, mail a.b@example.org",
        "password: null",
        "use sk-learn-style names",
        '{"cache_read_tokens": 102400}',
        "the PDF is encrypted. Give its password: pages(..., password=...).",
        "Send your key: Authorization: Bearer KEY.",
        "The secret: nobody reads it.",
        "I forgot my password: cannot log in",
        "PdfReader(data, password=password)",
        "http://TOKEN@ADDRESS:PORT",
        "",
    ],
)
def test_all_else_stays(text):
    """Token counts, recordings' keys, addresses and plain words are no secrets."""
    assert hide(text) == text


def test_a_key_that_was_cut_ends_with_its_lines():
    """Without its last line a PEM key must not take the rest of the text with it."""
    text = '{"key": "-----BEGIN PRIVATE KEY-----\\nMIIEow+/\\nc2Vj", "note": "The rest stays."}'
    assert hide(text) == '{"key": "(hidden)", "note": "The rest stays."}'


@pytest.mark.parametrize("value", ["not-needed", "localhost", "changeme", "127.0.0.1", "1234567", "required"])
def test_what_is_known_to_all_is_no_secret(monkeypatch, value):
    """Placeholders, addresses and short numbers stand in keys; to hide them everywhere would spoil texts."""
    monkeypatch.setenv("SOME_API_KEY", value)
    text = f"The field {value} is described below."
    assert hide(text) == text
    refuse(text, "This text")


def test_each_line_of_a_key_is_a_secret(monkeypatch):
    """A text may hold the lines of a PEM key one by one, each in a JSON string of its own."""
    monkeypatch.setenv(
        "TLS_KEY", "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhki\nzzqweAsd1234567890\n-----END KEY-----"
    )
    assert hide('["MIIEvQIBADANBgkqhki", "zzqweAsd1234567890"]') == '["(hidden)", "(hidden)"]'


@pytest.mark.parametrize(
    "text",
    ["DB_PASSWORD=Harbour77", '{"client_secret": "Harbour77"}', "postgres://reader:Harbour77@db/notes"],
    ids=["assignment", "JSON", "URL"],  # pytest puts a test's name into the environment
)
def test_a_setting_with_a_password_is_not_stored(text):
    """A setting that is written out is refused though no variable holds it; known, made-up ones may stand."""
    with pytest.raises(HoldsSecret, match="form of a key or a password"):
        refuse(text, "This text")
    refuse(text, "This text", known=text)


@pytest.mark.parametrize(
    "text",
    ["Your password: Harbour77", "api_key=os.environ['KEY_2026']", "password: x"],
    ids=["prose", "code", "short"],
)
def test_a_document_may_speak_of_passwords(text):
    """What people write to each other, and code that reads a setting, is stored."""
    refuse(text, "This text")


def test_short_plain_words_of_the_environment_stay(monkeypatch):
    """A server's key is often "none" or "ollama"; to hide these words everywhere would spoil texts."""
    monkeypatch.setenv("LOCAL_SERVER_KEY", "ollama")
    assert hide("ollama serves it") == "ollama serves it"


@pytest.mark.parametrize(
    "letter",
    [
        "a",
        "A",
        "api",
        "secret",
        "password='",
        "secret=a,",
        "://a:",
        'token="b',
        "password=a(",
        "token=1.",
        "sk-",
        "%41",
    ],
)
def test_a_long_text_takes_little_time(letter):
    """Spans may hold megabytes without a space; each character is looked at a few times at most."""
    began = time.process_time()  # of this process alone: other programs may be busy
    assert hide(letter * (1_000_000 // len(letter))) is not None
    assert time.process_time() - began < 5


# Each writer, with each kind of secret: what it writes or raises is returned as text.


def recording(secret, tmp_path, monkeypatch):
    file = tmp_path / "05.jsonl.part"
    with pytest.raises(HoldsSecret) as refused:
        Recordings(tmp_path, file).add({"key": 20 * "0", "reply": f"The secret is {secret}."})
    assert not file.exists()
    return str(refused.value)


def missing_recording(secret, tmp_path, monkeypatch):
    engine = ReplayEngine(None, Recordings(tmp_path))
    with pytest.raises(dspy.LMError) as missing:
        dspy.LM("offline/x", engine=engine, cache=False, num_retries=0)(f"Log in with {secret}")
    return str(missing.value)


def span(secret, tmp_path, monkeypatch):
    ended = []
    listeners = trees._Listeners()
    listeners.all.append(ended.append)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(listeners)
    with provider.get_tracer("test").start_as_current_span("call") as made:
        made.set_attribute("input.value", json.dumps({"note": secret}))
        made.add_event("failed", {"exception.message": secret})
    return ended[0].to_json()


def published(secret, tmp_path, monkeypatch):
    program = dspy.Predict(dspy.Signature("text -> urgency", f"Log in with {secret}"))
    with pytest.raises(hub.Refused) as refused:
        hub.package("triage", program, type("Card", (), {"to_json": lambda self: b"{}", "model": "x"})())
    return str(refused.value)


def exported(secret, tmp_path, monkeypatch):
    staged = tmp_path / "staged"
    staged.mkdir()
    (staged / "state.json").write_bytes(orjson.dumps({"instructions": secret}))
    with pytest.raises(HoldsSecret) as refused:
        files.put(staged, tmp_path / "project")
    assert not (tmp_path / "project").exists()
    return str(refused.value)


def output(secret, tmp_path, monkeypatch):
    shown = nbformat.v4.new_output("stream", name="stdout", text=f"Log in with {secret}\n")
    cell = nbformat.v4.new_code_cell("print(note)", outputs=[shown])
    with pytest.raises(HoldsSecret) as refused:
        lessons.save(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "05.ipynb")
    assert not (tmp_path / "05.ipynb").exists()
    return str(refused.value)


def noticed(secret, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(logging.getLogger("kit"), "info", said.append)
    notices.notice(f"It failed: {secret}")
    return said[0]


def served(secret, tmp_path, monkeypatch):
    engine = ScriptedEngine(dspy.LMError(f"refused: {secret}"))
    with Server(engine, "test/scripted", "key-of-the-server") as server:
        lm = dspy.LM("openai/local", api_base=server.url, api_key="key-of-the-server", num_retries=0)
        with pytest.raises(dspy.LMError) as refused:
            lm("Sky?", cache=False)
    return str(refused.value)


WRITERS = [
    recording,
    missing_recording,
    span,
    published,
    exported,
    output,
    noticed,
    served,
]
KINDS = {
    "DB_PASSWORD": "mine-of-db-7",
    "PGPASSWORD": "mine-of-pg-7",
    "SOME_TOKEN": """it's-"mine"-7""",
    "LOCAL_SERVER_KEY": "mine/of+server=7",
    "NOTES_URL": "postgres://reader:mine-of-url-7@db/notes",
    "": "sk-mine-0123456789abcdef",
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_no_writer_lets_a_secret_out(write, name, tmp_path, monkeypatch):
    """Whatever its name and its form, a secret is neither in what is written nor in the error."""
    if name:
        monkeypatch.setenv(name, KINDS[name])
    assert "mine" not in write(KINDS[name], tmp_path, monkeypatch)


def test_a_made_up_key_may_be_printed(tmp_path):
    """Lessons show keys that they make up; these stand in the cell's source already."""
    shown = nbformat.v4.new_output("stream", name="stdout", text="sk-made-up-0123456789\n")
    cell = nbformat.v4.new_code_cell('print("sk-made-up-0123456789")', outputs=[shown])
    lessons.save(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "05.ipynb")
    assert (tmp_path / "05.ipynb").exists()


def test_what_is_hidden_stays_as_it_is():
    """Hiding twice adds nothing."""
    assert hide(hide("password: hunter22")) == "password: (hidden)"


def test_a_word_that_is_escaped_for_an_address_is_read():
    """What it says counts, and other words with a percent sign stay."""
    assert hide("at 5%20off api_key%3D0123456789abcdefghij") == f"at 5%20off {HIDDEN}"
