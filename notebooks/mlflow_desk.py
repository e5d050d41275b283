# /// script
# requires-python = ">=3.11,<3.15"
# dependencies = ["dspy==3.4.1", "mlflow==3.17.2"]
# ///
"""The repaired agent of lesson 10, traced by MLflow: `uv run --script mlflow_desk.py sqlite:///mlflow.db`.

uv makes the environment that the first lines ask for, apart from the notebook's. The replies are fixed,
so no model is needed; take your own `dspy.LM` instead. The argument says where MLflow keeps the
traces: a database, or the address of a server, http://127.0.0.1:5000.
"""

import os
import sys

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # before the import

import dspy
import mlflow
from dspy.utils import DummyLM


class Investigate(dspy.Signature):
    """Say where the parcel is. First find the order, then track its parcel, then answer."""

    message: str = dspy.InputField()
    answer: str = dspy.OutputField(desc="one sentence")


def find_order(number: str) -> str:
    """Look up an order by its six-digit number."""
    orders = {"448377": {"item": "desk lamp", "carrier": "Swift", "parcel": "SW-81"}}
    return str(orders.get(number, f"There is no order {number}."))


def track_parcel(parcel: str) -> str:
    """Say where a parcel is, by the parcel's code, e.g. SW-12."""
    parcels = {"SW-81": "in the depot since 28 February, address incomplete"}
    return parcels.get(parcel, f"There is no parcel {parcel}.")


def step(tool: str, thought: str, **arguments: str) -> dict[str, object]:
    """Return what the model replies in one round of the agent."""
    return {"next_thought": thought, "next_tool_name": tool, "next_tool_args": arguments}


replies = [
    step("find_order", "I look up the order.", number="448377"),
    step("track_parcel", "I track its parcel.", parcel="SW-81"),
    step("finish", "I know where it is."),
    {"reasoning": "The parcel is in the depot.", "answer": "SW-81 is in the depot, its address incomplete."},
]

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("order desk")
mlflow.dspy.autolog()

dspy.configure(lm=DummyLM(replies))
investigate = dspy.ReAct(Investigate, tools=[find_order, track_parcel], max_iters=4)
investigate(message="Where is order 448377? I have been waiting for two weeks.")

mlflow.flush_trace_async_logging()  # MLflow sends spans from a thread of its own
trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
for span in trace.data.spans:
    print(f"{span.span_type:<11} {span.name}")
