"""A typed record from a clinical note, with DSPy."""

import dspy
from dspy.lm15 import AccessPolicy, ModelSupport, OpenAIChatCompat, ProviderDefinition, register_provider

from comparison.record import PatientRecord


class ExtractRecord(dspy.Signature):
    """Extract the patient's record from a clinical note."""

    note: str = dspy.InputField()
    record: PatientRecord = dspy.OutputField()


program = dspy.Predict(ExtractRecord)


def connect(base_url: str, key: str, model: str) -> dspy.LM:
    access = AccessPolicy("my-server", base_url=base_url)
    server = ProviderDefinition.chat(access, compat=OpenAIChatCompat())
    register_provider(server, supports=ModelSupport(response_schema=True), replace=True)
    return dspy.LM(f"my-server/{model}", api_key=key, temperature=0.0, max_tokens=1000, cache=False)


def extract(note: str, lm: dspy.LM, program: dspy.Module = program) -> PatientRecord:
    return program(note=note, lm=lm).record
