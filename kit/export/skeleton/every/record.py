"""Record: ask the model that MODEL names, keep its replies, and write the README's table and answer again.

    MODEL=openai/gpt-5.6-luna uv run record.py

After a change of a prompt, of the program or of the rows, this makes the tests pass again. Only prompts that
have no recording are asked, so a run that was cut off goes on where it was. Where every prompt has its reply,
or none is sent, it needs no MODEL.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import dspy
import evaluate
from prototype import model, task
from prototype.modules import served

README = Path(__file__).with_name("README.md")


def proof() -> dict[str, Any]:
    """Run the evaluation and the served example; return what they print, and what they cost to ask."""
    table = evaluate.table()
    answer = endpoint()()(**task.EXAMPLE).model_dump(mode="json")
    engine = model.lm().engine
    usages = [engine.recordings[key]["usage"] for key in sorted(engine.used)]
    tokens = {name: sum(usage[name] for usage in usages) for name in ("input_tokens", "output_tokens")}
    return {
        "table": table,
        "answer": answer,
        "used": sorted(engine.used),
        "model": model.lm().model,
        **tokens,
    }


def endpoint() -> type[dspy.Module]:
    """Return the module that is served."""
    (found,) = (
        one
        for one in vars(served).values()
        if isinstance(one, type) and issubclass(one, dspy.Module) and one.__module__ == served.__name__
    )
    return found


def write(found: dict[str, Any]) -> None:
    """Put the table, its cost and the example's answer between their marks in the README."""
    readme = README.read_text(encoding="utf-8")
    readme = between(readme, "table", f"```\n{found['table']}\n```\n\n{cost(found)}")
    readme = between(readme, "example", curl(found["answer"]))
    README.write_text(readme, encoding="utf-8")


def cost(found: dict[str, Any]) -> str:
    """Say in a sentence what an evaluation asks."""
    if not found["used"]:
        return "No program of this table asks a model."
    return (
        f"Recorded from {found['model']}. Live, this evaluation is {len(found['used'])} calls with "
        f"{found['input_tokens']:,} tokens in and {found['output_tokens']:,} out: multiply by your model's "
        "price."
    )


def curl(answer: Any) -> str:
    """Return the request for the example, and its answer."""
    example = json.dumps(task.EXAMPLE).replace("'", "\\u0027")
    headers = '-H "Authorization: Bearer $DSPY_API_KEY" -H "Content-Type: application/json"'
    request = f"curl 127.0.0.1:8000/{endpoint().__name__} {headers} \\\n    -d '{example}'"
    return f"```\n{request}\n{json.dumps(answer)}\n```"


def between(text: str, mark: str, content: str) -> str:
    """Replace what stands between two marks.

    >>> between("a <!-- table --> old <!-- /table --> b", "table", "new").split()
    ['a', '<!--', 'table', '-->', 'new', '<!--', '/table', '-->', 'b']
    """
    start, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    pattern = f"{re.escape(start)}.*?{re.escape(end)}"
    return re.sub(pattern, lambda _: f"{start}\n{content}\n{end}", text, flags=re.DOTALL)


def main() -> None:
    """Record."""
    if live := bool(os.environ.get("MODEL")):
        os.environ["RECORD"] = "1"
    found = proof()
    if live:
        model.lm().engine.keep()
    write(found)
    print(found["table"], cost(found), sep="\n\n")


if __name__ == "__main__":
    main()
