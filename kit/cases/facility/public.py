"""Meta's public set, under the labels of this house."""

from __future__ import annotations

import json
from pathlib import Path

import dspy

from .guide import Category

PUBLIC: dict[str, Category] = {
    "emergency_repair_services": "emergency",
    "routine_maintenance_requests": "maintenance",
    "quality_and_safety_concerns": "safety",
    "cleaning_services_scheduling": "cleaning",
    "specialized_cleaning_services": "deep_cleaning",
    "sustainability_and_environmental_practices": "sustainability",
    "training_and_support_requests": "training",
    "facility_management_issues": "space",
    "general_inquiries": "question",
    "customer_feedback_and_complaints": "feedback",
}
"""The categories of Meta's public set, and ours beside them."""


def read_public(path: str | Path) -> list[dspy.Example]:
    """Read the public set that DSPy's tutorial uses, its categories under our names.

    Args:
        path: `dataset.json` of the use case facility-support-analyzer in Meta's prompt-ops (MIT).

    Raises:
        ValueError: If a record has a category that `PUBLIC` does not know.
    """
    found = []
    for record in json.loads(Path(path).read_text(encoding="utf-8")):
        answer = json.loads(record["answer"])
        if strange := set(answer["categories"]) - set(PUBLIC):
            raise ValueError(f"Unknown categories {sorted(strange)}; known are {sorted(PUBLIC)}.")
        named = [PUBLIC[name] for name, applies in answer["categories"].items() if applies]
        labels = {"urgency": answer["urgency"], "sentiment": answer["sentiment"], "categories": named}
        found.append(dspy.Example(message=record["fields"]["input"], **labels).with_inputs("message"))
    return found
